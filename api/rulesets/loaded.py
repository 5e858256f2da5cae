"""A rule set ready to decide: its texts verified, compiled, and every interpreter warmed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from api.judge import Judge
from api.rulesets.contents import TextFile, project_of
from api.rulesets.refusal import BROKEN, BROKEN_TEXT, RuleSetRefused
from api.rulesets.shelf import Shelved, texts_of, verified
from engine.desk import Desk
from engine.request import RequestRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.keys import KeyStore
    from api.permits import SecondOpinion
    from api.project import Project
    from api.rulesets.bundles import Manifest
    from api.storage.database import Database

#: The name of the rule set of a project's own files, which nobody published.
FILES = "files"
_WARM = 64  # requests decided before a rule set is used


@dataclass(frozen=True, slots=True)
class Loaded:
    """What decides.

    Attributes:
        name: of the bundle, which every decision names; "files" for a project's own files.
        digest: of the rule set.
        bundle: the signed manifest; None for files.
        manifest: the same, opened.
        project: texts and compiled rules.
        desk: decides raw requests.
        judge: answers in full.
        second: the other interpreter, for permits.
        effective_from: the day from which it decides; None for files.
    """

    name: str
    digest: str
    bundle: str | None
    manifest: Manifest | None
    project: Project
    desk: Desk
    judge: Judge
    second: SecondOpinion
    effective_from: date | None = None


def of_project(project: Project, warm: Iterable[Mapping[str, object]] = ()) -> Loaded:
    """A project's own files.

    Raises:
        RuleSetRefused: B0504 when they have errors.
    """
    _fit(project)
    return _ready(FILES, None, None, project, None, warm)


def of_bundle(database: Database, one: Shelved, store: Path, keys: KeyStore) -> Loaded:
    """A published bundle.

    Raises:
        RuleSetRefused: when the bundle, a text or what they compile to is not what was signed.
    """
    with database.read() as connection:
        manifest = verified(connection, one, keys)
    files = texts_of(store, manifest)
    project = project_of(files)
    _fit(project)
    if project.rule_set.digest != manifest.digest:
        raise RuleSetRefused(
            BROKEN_TEXT,
            f"公開 {one.name} の文書から、公開のときと違う規則集ができました",
            "公開のフォルダの控えから元に戻してください。",
        )
    return _ready(one.name, one.jws, manifest, project, manifest.effective_from, _requests(files))


def _fit(project: Project) -> None:
    if not project.ok:
        raise RuleSetRefused(
            BROKEN, f"文書に誤りが {len(project.errors)}件あります", "jorei check で誤りを見て、直してください。"
        )


def _ready(
    name: str,
    token: str | None,
    manifest: Manifest | None,
    project: Project,
    day: date | None,
    warm: Iterable[Mapping[str, object]],
) -> Loaded:
    from api.permits import SecondOpinion

    rule_set = project.rule_set
    loaded = Loaded(
        name, rule_set.digest, token, manifest, project, Desk(rule_set), Judge(rule_set), SecondOpinion(rule_set), day
    )
    for request in islice(warm, _WARM):
        with suppress(RequestRefused):
            decision = loaded.desk.decide(request)
            if decision.lawful:
                loaded.second.agrees(loaded.judge.resolve(request), decision)
    return loaded


def _requests(files: Iterable[TextFile]) -> Iterable[Mapping[str, object]]:
    """Requests of the bundle's own scenarios."""
    from api.scenario_file import parse_scenarios

    for file in files:
        if file.role == "scenario":
            yield from (scenario.request for scenario in parse_scenarios(file.path, file.text).scenarios)
