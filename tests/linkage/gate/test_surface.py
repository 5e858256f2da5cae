"""No way around the gate: the whole public surface of the package is walked and tried without a ticket.

`linkage.network` stands outside: it is the simulator of the national system, which runs apart with a database of its
own. What is asked of everything else:

* whoever takes a ticket refuses each false one before anything else, and the database stays as it is;
* whoever writes takes a ticket;
* nobody but the gate opens a transaction that writes.

`linkage.intermediate` is held to the first of these, and not to the others: it keeps the state of messages under way
(sent, to be sent again, answered) between the acts, which is no act on anybody's information.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, select

import linkage
from api.publication import JAPAN
from api.storage.database import Database
from linkage.gate import GateRefused, Ticket
from linkage.ticket import Admission, claim
from tests.linkage.office import CALLER
from tests.linkage.world import World

OUTSIDE = ("linkage.network", "linkage.demo")
MESSAGES = "linkage.intermediate"
#: Open transactions: the gate itself, and the bringing forward of schemas.
OPENERS = {"linkage.gate", "linkage.storage"}
ROOT = Path(linkage.__file__).parent


def modules() -> list[str]:
    found = [m.name for m in pkgutil.walk_packages(linkage.__path__, "linkage.") if not m.name.endswith("__main__")]
    return [name for name in found if not name.startswith(OUTSIDE) and ".migrations" not in name]


def public(module: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions, and methods of classes, that the module defines and does not hide."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            yield f"{module.__name__}.{name}", value
        elif inspect.isclass(value):
            for method, function in vars(value).items():
                function = function.__func__ if isinstance(function, classmethod | staticmethod) else function
                if not method.startswith("_") and inspect.isfunction(function):
                    yield f"{module.__name__}.{name}.{method}", function


TAKING = [
    pytest.param(function, id=name)
    for module in modules()
    for name, function in public(importlib.import_module(module))
    if "ticket" in inspect.signature(function).parameters
]


class Anything:
    """Stands for any value; gives itself for whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: object, **__: object) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def argument(annotation: str) -> Any:
    """A value that a parameter annotated so can be given."""
    kind = annotation.split("|")[0].split("[")[0].strip()
    plain: dict[str, Any] = {
        "str": "x",
        "bytes": b"x",
        "int": 1,
        "bool": False,
        "date": date(2026, 11, 26),
        "datetime": datetime(2026, 11, 26, tzinfo=JAPAN),
        "Mapping": {},
        "dict": {},
        "Sequence": (),
        "Iterable": (),
        "tuple": (),
        "list": [],
    }
    return plain.get(kind, Anything())


def call(function: Callable[..., Any], ticket: object) -> Any:
    given: dict[str, Any] = {}
    places: list[Any] = []
    for name, parameter in inspect.signature(function).parameters.items():
        value = ticket if name == "ticket" else Anything() if name == "self" else argument(str(parameter.annotation))
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            continue
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            given[name] = value
        elif parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            places.append(value)
    result = function(*places, **given)
    if inspect.isgenerator(result):
        result = next(result)
    return asyncio.run(result) if inspect.iscoroutine(result) else result


def void_ticket(world: World) -> Ticket:
    """A true ticket, after its transaction."""
    kept: list[Ticket] = []
    act = world.act("addressee.show", "ad_a")
    world.gate.act(world.permit(act), CALLER, act, kept.append)
    return kept[0]


def contents(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    seen = MetaData()
    seen.reflect(database.engine)
    with database.read() as connection:
        return {t.name: sorted(map(tuple, connection.execute(select(t))), key=repr) for t in seen.tables.values()}


def test_something_is_walked() -> None:
    names = {str(param.id) for param in TAKING}
    assert {
        "linkage.records.write",
        "linkage.addressee.numbering.number",
        "linkage.addressee.looking.search",
        "linkage.addressee.looking.show",
        "linkage.addressee.vault.Vault.put",
        "linkage.addressee.rotation.rotate",
        "linkage.addressee.number.IndividualNumber.reveal",
        "linkage.files.opening.create",
        "linkage.files.opening.close",
        "linkage.files.reading.search",
        "linkage.files.writing.write",
    } <= names


def test_nobody_acts_without_a_ticket(sqlite_database: Database, tmp_path: Path) -> None:
    world = World(sqlite_database, tmp_path)
    false = [None, object(), "ticket", Anything(), object.__new__(Ticket), void_ticket(world)]
    before = contents(sqlite_database)
    for param in TAKING:
        for ticket in false:
            with pytest.raises(GateRefused) as refused:
                call(param.values[0], ticket)
            assert refused.value.code == "G0609", param.id
    assert contents(sqlite_database) == before


def test_tickets_are_not_made() -> None:
    for make in (
        lambda: Ticket(),
        lambda: Ticket.__new__(Ticket),
        lambda: type("Mine", (Ticket,), {}),
        claim,
    ):
        with pytest.raises(GateRefused) as refused:
            make()
        assert refused.value.code == "G0609"


def test_an_admission_made_by_hand_is_no_ticket() -> None:
    admission = Admission(*[Anything()] * len(Admission.__dataclass_fields__))  # type: ignore[arg-type]
    for param in TAKING[:5]:
        with pytest.raises(GateRefused):
            call(param.values[0], admission)


def sources() -> Iterator[tuple[str, ast.Module]]:
    for name in modules():
        file = inspect.getsourcefile(importlib.import_module(name))
        yield name, ast.parse(Path(file or "").read_text("utf-8"))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def called(node: ast.AST) -> set[str]:
    """Names of what is called within, without the objects they are called on."""
    found = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            target = inner.func
            found.add(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
    return found


def writers(tree: ast.Module) -> list[Function]:
    """Functions that write, or call one of the module's hidden functions that does."""
    writing = {"insert", "update", "delete", "inserting"}
    found: dict[str, Function] = {}
    while True:
        hidden = {name for name in found if name.startswith("_")}
        more = {f.name: f for f in functions(tree) if called(f) & (writing | hidden)}
        if more.keys() == found.keys():
            return list(found.values())
        found = more


def test_whoever_writes_takes_a_ticket() -> None:
    wrong, seen = [], 0
    for name, tree in sources():
        if name == "linkage.gate" or name.startswith(MESSAGES):
            continue
        for function in writers(tree):
            seen += 1
            takes = {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}
            if not function.name.startswith("_") and "ticket" not in takes:
                wrong.append(f"{name}.{function.name}")
    assert seen >= 15
    assert not wrong


def test_only_the_gate_opens_a_transaction_that_writes() -> None:
    opening = {
        f"{name}.{function.name}"
        for name, tree in sources()
        if name not in OPENERS and not name.startswith(MESSAGES)
        for function in functions(tree)
        if called(function) & {"begin", "begin_nested", "connect", "raw_connection"}
    }
    assert not opening


def test_whoever_takes_a_ticket_asks_for_it_to_be_admitted() -> None:
    """Each public function with a ticket admits it, or hands it to a function that does."""
    for name, tree in sources():
        for function in functions(tree):
            takes = [a.arg for a in function.args.args]
            if "ticket" not in takes or name == "linkage.ticket":
                continue
            hands = any(
                isinstance(inner, ast.Call) and any(isinstance(a, ast.Name) and a.id == "ticket" for a in inner.args)
                for inner in ast.walk(function)
            )
            assert hands, f"{name}.{function.name}"


def test_annotations_of_tickets_are_tickets() -> None:
    for param in TAKING:
        annotation = typing.cast("Any", inspect.signature(param.values[0]).parameters["ticket"].annotation)
        assert annotation in ("Ticket", "object"), param.id
