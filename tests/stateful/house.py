"""A small installation in this process: two published rule sets, three callers, and a clock that is set by hand."""

from __future__ import annotations

import asyncio
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from api.callers import Role
from api.callers.model import DECISION_READ, EVALUATE, LOG_READ, PERMIT_ISSUE
from api.clock import FixedClock
from api.publication import JAPAN
from api.rulesets import Lifecycle, Release
from api.service.app import assembled
from api.service.opening import Opened
from api.service.settings import Settings
from tests.rulesets.conftest import ANNA, CHIE, DAI, nation, town
from tests.service.conftest import caller

START = datetime(2016, 6, 15, 12, 0, tzinfo=JAPAN)  # within the time of the Act alone, which ends in 2024
TOWN, CITY = "990088", "042021"
SYSTEMS = ("kosodate", "zeimu")


class House:
    """The service over a home and a database."""

    def __init__(self, home: Path, url: str, clock: FixedClock) -> None:
        self.home, self.url, self.clock = home, url, clock
        self.loop = asyncio.new_event_loop()
        self.keys: dict[str, str] = {}
        self._open()

    def _open(self) -> None:
        settings = Settings(home=self.home, database_url=self.url, retention_years=1, plug_ins=False)
        self.opened = Opened(settings, self.clock)
        self.context = self.opened.context
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(assembled(self.opened)), base_url="http://127.0.0.1:8000"
        )

    def close(self) -> None:
        """In order, as after SIGTERM."""
        self.loop.run_until_complete(self.client.aclose())
        self.opened.close()

    def end(self) -> None:
        """Close, for good."""
        self.close()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def restart(self) -> None:
        """Close and open again."""
        self.close()
        self._open()

    def send(self, who: str, method: str, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        """One call of a caller."""
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.loop.run_until_complete(self.client.request(method, path, json=body, headers=headers))

    def people(self) -> None:
        """The callers, each with a key of its own."""
        register = self.context.callers.register
        for name in SYSTEMS:
            scopes = frozenset({EVALUATE, DECISION_READ, PERMIT_ISSUE})
            register.create(caller(name, scopes=scopes, body=TOWN, municipality="みなと町", agency="町長"))
        register.create(caller("kansa", Role.AUDITOR, scopes=frozenset({LOG_READ}), body=TOWN, municipality="みなと町"))
        for name in (*SYSTEMS, "kansa"):
            self.keys[name] = register.rotate_key(name)

    def release(self) -> Release:
        """The steps of rule sets."""
        context = self.context
        life = Lifecycle(
            context.database, context.settings.publications, context.keys, self.clock, journal=context.journal
        )
        return Release(life)

    def publish(self, *, mended: bool, base: str | None) -> str:
        """A rule set of the town through all steps; the name of its bundle."""
        release = self.release()
        life = release.lifecycle
        draft = life.create(ANNA, town(mended=mended) if base else [*nation(), *town(mended=mended)], base=base)
        life.check(draft.id, ANNA)
        life.replay(draft.id, ANNA)
        life.approve(draft.id, CHIE)
        made = release.publish(draft.id, CHIE)
        assert self.context.rules.refresh().ready
        return made.name

    def back_to(self, bundle: str) -> None:
        """Another rule set, by a proposal of one and the word of another."""
        release = self.release()
        proposed = release.propose_rollback(bundle, CHIE)
        release.confirm_rollback(proposed.id, DAI)
        assert self.context.rules.refresh().ready


class Template:
    """An installation with its rule sets published, to be copied for each run of the machine."""

    def __init__(self, folder: Path, url: str) -> None:
        self.home, self.url = folder / "template", url
        house = House(self.home, url, FixedClock(START))
        house.people()
        self.keys = dict(house.keys)
        self.first = house.publish(mended=False, base=None)
        self.mended = house.publish(mended=True, base=self.first)
        house.end()

    def copy(self, home: Path, url: str) -> House:
        """A house of its own; the database at `url` is a copy already."""
        shutil.copytree(self.home, home, ignore=shutil.ignore_patterns("jorei.db*"))
        house = House(home, url, FixedClock(START))
        house.keys = dict(self.keys)
        return house
