"""General engines on the same rows: each holds the whole table and answers with the ids of the grants.

Each encoding is the fastest of those tried for its engine. What an adapter must do per request
(key, day as a number) is inside the timing. An engine that is not installed is reported, not skipped.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

from api.bench.rows import Case, Group, Needs, Row, compact


class Peer(Protocol):
    """An engine loaded with rows."""

    def decide(self, case: Case) -> list[str]:
        """The ids of the satisfied grants, in any order."""
        ...


@dataclass(frozen=True, slots=True)
class Contender:
    """An engine and one way to put the rows into it."""

    name: str
    package: str  # distribution
    module: str
    encoding: str  # 日本語: what the encoding is
    load: Callable[[list[Row]], Peer]
    published: float  # times slower than the floor in ../shared/perf/peers.md, on 680 rows

    @property
    def version(self) -> str | None:
        """The installed version; None when it is not installed or cannot be imported."""
        try:
            importlib.import_module(self.module)
            return version(self.package)
        except (ImportError, PackageNotFoundError, OSError):
            return None


def day_number(day: str) -> int:
    """An ISO day as a number that sorts alike."""
    return int(day[:4] + day[5:7] + day[8:])


def joined(case: Case) -> str:
    """The key of a request as one text."""
    information = case.get("information")
    return (
        f"{case['action']}|{case['municipality']}|{case['agency']}|{case['affair']}|{case.get('procedure', '')}|"
        f"{information[0] if information else ''}|{case.get('holder', '')}"
    )


def joined_key(row: Row) -> str:
    """The key of a row as one text."""
    return "|".join(part or "" for part in row.key)


def plain_names(rows: Iterable[Row]) -> list[Row]:
    """The rows with every fact named by an identifier, as expression languages want it.

    Only specific facts (`specific:法第19条の…`) are renamed; the workload states none, so requests pass as they are.
    """
    strange = sorted({fact for row in rows for fact, _ in row.needs if not (fact.isascii() and fact.isidentifier())})
    names = {fact: f"specific_{number}" for number, fact in enumerate(strange)}
    return [row._replace(needs=frozenset((names.get(fact, fact), value) for fact, value in row.needs)) for row in rows]


# ---- zen-engine -----------------------------------------------------------------------------------


class ZenTable:
    """A decision table, hit policy collect, compiled by the static loader.

    A column that is no expression of zen's, or a cell it cannot parse, costs the whole table its index
    (measured: one such row makes 8 µs 148 µs at 1,000 rows, and 62 ms at 77,000): see `plain_names`.

    Args:
        rows: the table.
        lists: procedures and holders as lists in cells, so that there are few rows; otherwise a row for each
            combination, with the whole key in one column.
    """

    def __init__(self, rows: list[Row], *, lists: bool) -> None:
        zen: Any = importlib.import_module("zen")
        self._lists = lists
        rows = plain_names(rows)
        facts = sorted({fact for row in rows for fact, _ in row.needs})
        lines: list[tuple[list[str], Row | Group]]
        if lists:
            fields = ["key", "procedure", "holder"]
            lines = [([_one(group.key), _any(group.procedures), _any(group.holders)], group) for group in compact(rows)]
        else:
            fields = ["key"]
            lines = [([_text(joined_key(row))], row) for row in rows]
        fields += ["on", *(f"facts.{fact}" for fact in facts)]
        place = {"x": 0, "y": 0}
        table = {
            "hitPolicy": "collect",
            "inputs": [{"id": f"c{n}", "name": name, "field": name} for n, name in enumerate(fields)],
            "outputs": [{"id": "o", "name": "grant", "field": "grant"}],
            "rules": [_rule(number, cells, row, facts) for number, (cells, row) in enumerate(lines)],
        }
        graph = {
            "contentType": "application/vnd.gorules.decision",
            "nodes": [
                {"id": "i", "type": "inputNode", "name": "i", "position": place},
                {"id": "t", "type": "decisionTableNode", "name": "t", "position": place, "content": table},
                {"id": "o", "type": "outputNode", "name": "o", "position": place},
            ],
            "edges": [
                {"id": "a", "type": "edge", "sourceId": "i", "targetId": "t"},
                {"id": "b", "type": "edge", "sourceId": "t", "targetId": "o"},
            ],
        }
        self._engine = zen.ZenEngine({"loader": {"type": "static", "content": {"law": graph}}})
        self._evaluate = self._engine.evaluate

    def decide(self, case: Case) -> list[str]:
        """The ids of the rows that match."""
        given: dict[str, Any] = {"on": day_number(case["on"]), "facts": case["facts"]}
        if self._lists:
            information = case.get("information")
            given["key"] = (
                f"{case['action']}|{case['municipality']}|{case['agency']}|{case['affair']}|"
                f"{information[0] if information else ''}"
            )
            given["procedure"], given["holder"] = case.get("procedure", ""), case.get("holder", "")
        else:
            given["key"] = joined(case)
        found = self._evaluate("law", given)["result"]
        return [row["grant"] for row in found] if found else []


def _rule(number: int, cells: list[str], row: Row | Group, facts: list[str]) -> dict[str, str]:
    needs = dict(row.needs)
    every = [*cells, f"[{day_number(row.first)}..{day_number(row.last)}]"]
    every += [str(needs[fact]).lower() if fact in needs else "" for fact in facts]
    return {"_id": f"r{number}", "o": _text(row.grant)} | {f"c{n}": cell for n, cell in enumerate(every)}


def _text(value: str | None) -> str:
    return json.dumps(value or "", ensure_ascii=False)


def _one(key: tuple[str | None, ...]) -> str:
    return _text("|".join(part or "" for part in key))


def _any(values: frozenset[str | None]) -> str:
    return ", ".join(sorted(map(_text, values)))


# ---- durable_rules --------------------------------------------------------------------------------


class DurableJoin:
    """Row facts joined with the request by key; one rule for each set of needed facts.

    The request is asserted and retracted, so that memory stays flat. Days and needed facts are
    conditions of the rules.
    """

    def __init__(self, rows: list[Row]) -> None:
        engine: Any = importlib.import_module("durable.engine")
        self._unhandled: type[Exception] = engine.MessageNotHandledException
        self._hits: list[str] = []
        rows = plain_names(rows)
        patterns = list(dict.fromkeys(row.needs for row in rows))
        numbers = {needs: number for number, needs in enumerate(patterns)}
        self._host = engine.Host()
        self._host.register_rulesets({"law": {f"r{n}": self._rule(n, needs) for n, needs in enumerate(patterns)}})
        self._serial = 0
        for number, row in enumerate(rows):
            fact = {
                "id": f"row{number}",
                "sid": "1",
                "kind": numbers[row.needs],
                "key": joined_key(row),
                "first": day_number(row.first),
                "last": day_number(row.last),
                "grant": row.grant,
            }
            self._assert(fact)

    def _rule(self, number: int, needs: Needs) -> dict[str, Any]:
        asked = [{"asks": True}, *({fact: value} for fact, value in sorted(needs))]
        same = {"key": {"a": "key"}}
        days = [{"$lte": {"first": {"a": "on"}}}, {"$gte": {"last": {"a": "on"}}}]
        request = {"a": {"$and": asked} if len(asked) > 1 else asked[0]}
        return {"all": [request, {"b": {"$and": [{"kind": number}, same, *days]}}], "run": self._fired}

    def _fired(self, closure: Any) -> None:
        self._hits.append(closure.b.grant)

    def _assert(self, fact: dict[str, Any]) -> bool:
        try:
            self._host.assert_fact("law", fact)
        except self._unhandled:
            return False
        return True

    def decide(self, case: Case) -> list[str]:
        """The grants of the row facts that joined."""
        self._serial += 1
        fact = {"id": self._serial, "sid": "1", "asks": True, "key": joined(case), "on": day_number(case["on"])}
        fact.update(case["facts"])
        self._hits.clear()
        if self._assert(fact):
            self._host.retract_fact("law", fact)
        return list(self._hits)


# ---- cedarpy --------------------------------------------------------------------------------------


class CedarEntities:
    """Rows as attributes of an entity for each key, and one policy for each place in an entity.

    Cedar names the policies that held; the adapter maps a place in an entity back to the grant.
    """

    def __init__(self, rows: list[Row]) -> None:
        cedarpy: Any = importlib.import_module("cedarpy")
        self._authorize = cedarpy.is_authorized
        self._places: dict[str, list[Row]] = {}
        for row in plain_names(rows):
            self._places.setdefault(joined_key(row), []).append(row)
        most = max(len(held) for held in self._places.values())
        self._policies = cedarpy.PolicySet.from_str("\n".join(map(self._policy, range(most))))
        entities = [self._entity(key, held) for key, held in self._places.items()]
        self._entities = cedarpy.Entities.from_json_str(json.dumps(entities))

    @classmethod
    def _entity(cls, key: str, rows: list[Row]) -> dict[str, Any]:
        attributes = {f"v{place}": cls._attribute(row) for place, row in enumerate(rows)}
        return {"uid": {"type": "Key", "id": key}, "parents": [], "attrs": attributes}

    @staticmethod
    def _policy(place: int) -> str:
        row = f"resource.v{place}"
        return (
            f'@id("{place}")\npermit(principal, action, resource) when {{ resource has v{place} && '
            f"context.on >= {row}.first && context.on <= {row}.last && context.facts.containsAll({row}.needs) }};"
        )

    @staticmethod
    def _attribute(row: Row) -> dict[str, Any]:
        needs = [f"{fact}={value}" for fact, value in sorted(row.needs)]
        return {"first": day_number(row.first), "last": day_number(row.last), "needs": needs}

    def decide(self, case: Case) -> list[str]:
        """The grants whose places held."""
        key = joined(case)
        asked = {
            "principal": {"type": "Agency", "id": case["agency"]},
            "action": {"type": "Action", "id": case["action"]},
            "resource": {"type": "Key", "id": key},
            "context": {"on": day_number(case["on"]), "facts": [f"{f}={v}" for f, v in case["facts"].items()]},
        }
        answer = self._authorize(asked, self._policies, self._entities)
        if not answer.allowed:
            return []
        held, names = self._places[key], answer.diagnostics.id_annotations_by_reason
        return [held[int(names[reason])].grant for reason in answer.diagnostics.reasons]


class CedarSlices:
    """A policy for each row; the adapter picks the policies of the request's key before Cedar sees it."""

    def __init__(self, rows: list[Row]) -> None:
        cedarpy: Any = importlib.import_module("cedarpy")
        self._authorize = cedarpy.is_authorized
        slices: dict[str, list[Row]] = {}
        for row in plain_names(rows):
            slices.setdefault(joined_key(row), []).append(row)
        self._slices = {
            key: cedarpy.PolicySet.from_str("\n".join(map(self._policy, held))) for key, held in slices.items()
        }
        self._nothing = cedarpy.PolicySet.from_str("")
        self._entities = cedarpy.Entities.from_json_str("[]")

    @staticmethod
    def _policy(row: Row) -> str:
        needs = "".join(
            f" && context.facts has {fact} && context.facts.{fact} == {str(value).lower()}"
            for fact, value in sorted(row.needs)
        )
        name = _text(row.grant)
        days = f"context.on >= {day_number(row.first)} && context.on <= {day_number(row.last)}"
        return f"@id({name})\npermit(principal, action, resource) when {{ {days}{needs} }};"

    def decide(self, case: Case) -> list[str]:
        """The ids of the policies that held."""
        asked = {
            "principal": {"type": "Agency", "id": case["agency"]},
            "action": {"type": "Action", "id": case["action"]},
            "resource": {"type": "Affair", "id": case["affair"]},
            "context": {"on": day_number(case["on"]), "facts": case["facts"]},
        }
        answer = self._authorize(asked, self._slices.get(joined(case), self._nothing), self._entities)
        names = answer.diagnostics.id_annotations_by_reason
        return [names[reason] for reason in answer.diagnostics.reasons] if answer.allowed else []


CONTENDERS = (
    Contender("zen-engine", "zen-engine", "zen", "判定表・手続と保有者は列挙", partial(ZenTable, lists=True), 15),
    Contender("zen-engine（展開）", "zen-engine", "zen", "判定表・鍵を1列に展開", partial(ZenTable, lists=False), 15),
    Contender("durable_rules", "durable-rules", "durable.engine", "行を事実とし、鍵で結合", DurableJoin, 48),
    Contender("cedarpy", "cedarpy", "cedarpy", "鍵ごとの実体の属性に行", CedarEntities, 62),
    Contender("cedarpy（切り出し）", "cedarpy", "cedarpy", "行ごとの方針を鍵で切り出し", CedarSlices, 85),
)
