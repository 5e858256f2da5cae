"""One municipality made into many: the same ordinance under new names and codes."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.rule_set import Body, Part, RuleSet

_KANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれ"


def multiply(rule_set: RuleSet, code: str, count: int) -> RuleSet:
    """A rule set of `count` municipalities: the one with `code`, and copies of it.

    In a copy every key, id, label and text that names the body or its code is rewritten. Values that
    do not name it are shared, as a loader that interns would share them.
    """
    part = rule_set.bodies[code]
    body = part.body
    if body is None:
        raise ValueError(f"{code} is no municipality")
    template = _Template(part, body)
    bodies, names = {code: part}, {body.name: code}
    for number in range(count - 1):
        copy = template.copy(_code(number), _name(number))
        bodies[_code(number)] = copy
        names[_name(number)] = _code(number)
    return RuleSet(rule_set.digest, rule_set.valid, rule_set.national, bodies, names)


def _code(number: int) -> str:
    return f"{500_000 + number}"


def _name(number: int) -> str:
    """Three kana and 市: never a prefix of another."""
    base = len(_KANA)
    return f"{_KANA[number // base**2 % base]}{_KANA[number // base % base]}{_KANA[number % base]}市"


class _Template:
    """A part, with the knowledge of which of its values name the body."""

    def __init__(self, part: Part, body: Body) -> None:
        self._part = part
        self._code, self._name = body.code, body.name
        self._naming: dict[int, bool] = {}
        self._look(part)

    def _look(self, value: Any) -> bool:
        known = self._naming.get(id(value))
        if known is not None:
            return known
        if isinstance(value, str):
            found = self._code in value or self._name in value
        else:
            naming = [self._look(inner) for inner in _inside(value)]  # all of them, not up to the first
            found = True in naming
        self._naming[id(value)] = found
        return found

    def copy(self, code: str, name: str) -> Part:
        """The part of another municipality."""
        copied = _Copying(self._naming, (self._code, code), (self._name, name)).of(self._part)
        assert isinstance(copied, Part)
        return copied


class _Copying:
    def __init__(self, naming: dict[int, bool], code: tuple[str, str], name: tuple[str, str]) -> None:
        self._naming, self._code, self._name = naming, code, name
        self._made: dict[int, Any] = {}
        self._texts: dict[str, str] = {}

    def of(self, value: Any) -> Any:
        """The value in the new body's words; itself where it does not name the old one."""
        if not self._naming.get(id(value)):
            return value
        made = self._made.get(id(value))
        if made is None:
            made = self._made[id(value)] = self._make(value)
        return made

    def _make(self, value: Any) -> Any:
        if isinstance(value, str):
            text = self._texts.get(value)
            if text is None:
                text = self._texts[value] = value.replace(*self._code).replace(*self._name)
            return text
        if isinstance(value, dict):
            return {self.of(key): self.of(inner) for key, inner in value.items()}
        if isinstance(value, tuple | frozenset):
            return type(value)(self.of(inner) for inner in value)
        return type(value)(*(self.of(getattr(value, field)) for field in value.__struct_fields__))


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, tuple | frozenset):
        return list(value)
    if isinstance(value, msgspec.Struct):
        return [getattr(value, field) for field in value.__struct_fields__]
    return []
