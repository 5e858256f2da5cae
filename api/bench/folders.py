"""Folders of very many municipalities, written from a few: the same files under other names and codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.project import Listing, default_ordinances, municipality_listings, read_text
from dsl.organisation import read_organisation

_KANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれ"
#: prefectures end at 47; the numbers from here on are nobody's
_FIRST_PREFECTURE = 50
_PER_PREFECTURE = 900


@dataclass(frozen=True, slots=True)
class _Model:
    """A folder to be copied: its texts by their path within it, and what names the body in them."""

    name: str
    code: str
    texts: tuple[tuple[str, str], ...]


def write_folders(target: Path, count: int, models: Path | None = None) -> list[Path]:
    """Write `count` folders of municipalities, in turn after each of the models.

    Args:
        target: the folder they are written in.
        count: how many.
        models: a folder of municipality folders with registers; default: the project's own.

    Returns:
        The folders, in the order of their names.

    Raises:
        ValueError: when no model has a register that names its body.
        FileExistsError: when one of the folders is there already.
    """
    found = [m for one in municipality_listings(models or default_ordinances()) if (m := _model(one)) is not None]
    if not found:
        raise ValueError("手本になる市町村のフォルダ（organisation.yaml のあるもの）がありません")
    return [_write(target / code_of(n), found[n % len(found)], code_of(n), n) for n in range(count)]


def code_of(number: int) -> str:
    """A code of six digits that no body has, with its check digit.

    Examples:
        >>> code_of(0), code_of(1740), check_digit("04202"), check_digit("01100")
        ('501000', '519405', '1', '2')
    """
    five = f"{_FIRST_PREFECTURE + number // _PER_PREFECTURE}{100 + number % _PER_PREFECTURE}"
    return five + check_digit(five)


def check_digit(five: str) -> str:
    """The sixth digit of a body's code: eleven less the weighted sum modulo eleven, of that the last digit."""
    total = sum(int(digit) * weight for digit, weight in zip(five, (6, 5, 4, 3, 2), strict=True))
    return str((11 - total % 11) % 10)


def _name(number: int, kind: str) -> str:
    """Three kana and the kind, so that no name is the head of another."""
    base = len(_KANA)
    return f"{_KANA[number // base**2 % base]}{_KANA[number // base % base]}{_KANA[number % base]}{kind}"


def _model(one: Listing) -> _Model | None:
    texts = dict(_texts(one.folder, (*one.files, *one.scenarios)))
    register = next((name for name in texts if Path(name).name in ("organisation.yaml", "organisation.yml")), None)
    if register is None:
        return None
    body, _ = read_organisation(register, texts[register])
    return _Model(body.name, body.code, tuple(texts.items())) if body is not None else None


def _texts(folder: Path, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        text, problem = read_text(Path(name))
        if problem is not None:
            raise ValueError(f"{name}: {problem.message}")
        yield Path(name).relative_to(folder).as_posix(), text


def _write(folder: Path, model: _Model, code: str, number: int) -> Path:
    name = _name(number, model.name[-1])
    folder.mkdir(parents=True)
    for within, text in model.texts:
        path = folder / within
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(model.code, code).replace(model.name, name), encoding="utf-8")
    return folder
