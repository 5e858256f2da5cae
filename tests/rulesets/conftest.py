"""One installation with drafts of a small town: databases, store, keys, people, and a clock that can be set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from api.clock import FixedClock
from api.decision_log import Journal
from api.keys import KeyStore
from api.project import HOME
from api.publication import JAPAN
from api.rulesets import ActiveRules, Lifecycle, Release, RuleSetRefused
from api.rulesets.people import Person
from api.rulesets.shelf import Shelved
from api.storage.database import Database
from dsl import compile as compile_module
from dsl.compile import Compiled, Nation, SourceFile
from tests.api.conftest import ORDINANCE, REGULATION, SCENARIOS
from tests.databases import (  # noqa: F401  # fixtures
    _sqlite_template,
    database,
    database_url,
    postgresql_database,
    postgresql_server,
    sqlite_database,
)

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=JAPAN)
ANNA = Person("editor-anna", frozenset(("editor",)))
BEN = Person("editor-ben", frozenset(("editor",)))
CHIE = Person("approver-chie", frozenset(("approver",)))
DAI = Person("approver-dai", frozenset(("approver",)))
BOTH = Person("both-eri", frozenset(("editor", "approver")))
TOWN = "ordinances/みなと町"
ON = "2016-02-01"  # lawful by the first texts, not yet by the mended ones
REQUEST = {
    "action": "use",
    "municipality": "みなと町",
    "agency": "町長",
    "affair": "infant-medical",
    "procedure": "1",
    "on": ON,
}


def nation() -> list[tuple[str, str]]:
    """The Act alone with its registers: enough for a town, and quick."""
    names = ("番号法.jorei", "assumptions.yaml", "designations.yaml", "duties.yaml", "gates.yaml")
    return [(f"rules/{name}", (HOME / "rules" / name).read_text(encoding="utf-8")) for name in names]


def town(*, mended: bool = False) -> list[tuple[str, str]]:
    """The texts of the town; mended ones begin three months later."""

    def text(said: str) -> str:
        return said.replace("平成28年1月1日", "平成28年4月1日") if mended else said

    scenarios = SCENARIOS.replace("2016-01-01", "2016-04-01") if mended else SCENARIOS
    return [
        (f"{TOWN}/条例.jorei", text(ORDINANCE)),
        (f"{TOWN}/規則.jorei", text(REGULATION)),
        (f"{TOWN}/scenarios/事例.yaml", scenarios),
    ]


BROKEN = [(f"{TOWN}/規則.jorei", "規則 あ\n第1条 これは定型文ではない。\n")]


@dataclass
class Office:
    """An installation, and shortcuts through the life of a draft."""

    database: Database
    home: Path
    clock: FixedClock
    keys: KeyStore
    journal: Journal
    life: Lifecycle
    release: Release
    opened: list[ActiveRules] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.home / "publications"

    def rules(self, **more: object) -> ActiveRules:
        """The rules of one worker, not yet started."""
        made = ActiveRules(self.database, self.store, self.keys, self.clock, **more)  # type: ignore[arg-type]
        self.opened.append(made)
        return made

    def approved(self, *, mended: bool = False, base: str | None = None) -> str:
        """A draft through to its approval: its id."""
        files = town(mended=mended) if base else [*nation(), *town(mended=mended)]
        draft = self.life.create(ANNA, files, base=base)
        self.life.check(draft.id, ANNA)
        self.life.replay(draft.id, ANNA)
        self.life.approve(draft.id, CHIE)
        return draft.id

    def published(self, *, mended: bool = False, base: str | None = None, on: object = None) -> Shelved:
        """A draft through to its publication."""
        return self.release.publish(self.approved(mended=mended, base=base), CHIE, on)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def nation_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal texts of the nation are compiled once in this process; other processes, and bodies, compile as always."""

    def compiled(files: Sequence[SourceFile]) -> tuple[Compiled, Nation]:
        key = tuple(files)
        if key not in _NATIONS:
            _NATIONS[key] = _compile_nation(files)
        return _NATIONS[key]

    monkeypatch.setattr(compile_module, "compile_nation", compiled)


_NATIONS: dict[tuple[SourceFile, ...], tuple[Compiled, Nation]] = {}
_compile_nation = compile_module.compile_nation


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:  # noqa: F811
    clock = FixedClock(NOW)
    home = tmp_path / "home"
    home.mkdir()
    keys = KeyStore(home / "keys", clock)
    journal = Journal(database, clock)
    life = Lifecycle(database, home / "publications", keys, clock, journal=journal)
    made = Office(database, home, clock, keys, journal, life, Release(life))
    yield made
    for rules in made.opened:
        rules.close()
    journal.close()


def refused(code: str, call: Callable[[], object]) -> RuleSetRefused:
    """The refusal that a call ends in; its page exists."""
    with pytest.raises(RuleSetRefused) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert (HOME / "docs" / "ja" / "codes" / f"{code}.md").is_file()
    return caught.value


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOREI_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
