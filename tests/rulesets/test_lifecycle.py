"""A draft from its first text into force: the steps, who may take them, what may never be published."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from api.clock import today
from api.decision_log import JournalRefused, head
from api.decision_log.refused import READ_ONLY
from api.decision_log.refused import refused as log_refused
from api.known_at import load_known
from api.permits import epoch
from api.publication import TEXTS
from api.rulesets import RuleSetRefused
from api.rulesets.drafts import State
from api.rulesets.people import Person
from api.rulesets.shelf import bundles, verified
from api.rulesets.tables import ruleset_draft
from api.storage.tables import log_entry, log_payload
from tests.rulesets.conftest import ANNA, BEN, BOTH, BROKEN, CHIE, DAI, REQUEST, TOWN, Office, nation, refused, town

SCENARIO = f"{TOWN}/scenarios/事例.yaml"


def logged(office: Office) -> list[dict[str, object]]:
    """The bodies of the entries of kind "ruleset", in order."""
    asked = (
        select(log_payload.c.body)
        .join(log_entry, log_entry.c.idx == log_payload.c.idx)
        .where(log_entry.c.kind == "ruleset")
        .order_by(log_entry.c.idx)
    )
    with office.database.read() as connection:
        return [json.loads(bytes(row.body)) for row in connection.execute(asked)]


def test_whole_life(office: Office) -> None:
    draft = office.life.create(ANNA, [*nation(), *town()], note="初めの公開")
    assert (draft.state, draft.revision, draft.editors) == (State.DRAFT, 1, ("editor-anna",))
    draft, checked = office.life.check(draft.id, ANNA)
    assert (draft.state, checked.errors, checked.bodies[0].code) == (State.CHECKED, 0, "990088")
    draft, replayed = office.life.replay(draft.id, BEN)
    assert (draft.state, replayed.scenarios, replayed.failed) == (State.REPLAYED, 3, 0)
    assert {"compiled", "naive"} <= set(replayed.interpreters)
    draft = office.life.approve(draft.id, CHIE, draft.content)
    bundle = office.release.publish(draft.id, CHIE)
    assert (bundle.sequence, bundle.digest, bundle.effective_from) == (1, draft.digest, today(office.clock))
    assert office.life.draft(draft.id).state is State.PUBLISHED
    with office.database.read() as connection:
        manifest = verified(connection, bundle, office.keys)
    assert (manifest.content, manifest.editors, manifest.previous) == (draft.content, ("editor-anna",), None)
    assert [approval.person for approval in manifest.approvals] == ["approver-chie"]
    rules = office.rules()
    rules.start()
    assert rules.current().name == bundle.name
    assert rules.current().desk.decide(REQUEST).lawful
    steps = [(s.act, s.person, s.role) for s in office.life.draft(draft.id).steps]
    assert steps == [
        ("create", "editor-anna", "editor"),
        ("check", "editor-anna", "editor"),
        ("replay", "editor-ben", "editor"),
        ("approve", "approver-chie", "approver"),
        ("publish", "approver-chie", "approver"),
    ]
    entries = logged(office)
    assert [(e["act"], e["by"]["id"]) for e in entries] == [(act, who) for act, who, _ in steps]  # type: ignore[index]
    assert all(e["ruleset"] == draft.digest and e["content"] == draft.content for e in entries)


def test_second_bundle_follows_from_the_first_and_says_what_changes(office: Office) -> None:
    first = office.published()
    second = office.published(mended=True, base=first.name)
    with office.database.read() as connection:
        manifest = verified(connection, second, office.keys)
    assert manifest.sequence == 2
    assert manifest.difference is not None
    assert manifest.difference["from"] == first.name
    assert manifest.difference["counts"]["unlawful"] > 0
    changed = {one["path"] for one in manifest.difference["texts"]}
    assert changed == {f"{TOWN}/条例.jorei", f"{TOWN}/規則.jorei", SCENARIO}
    assert {f.path for f in manifest.files if f.role == "national"} == {path for path, _ in nation()}


def test_published_texts_can_be_asked_for_as_they_were_known(office: Office) -> None:
    first = office.published()
    name = office.release.record_in_force()
    assert office.release.record_in_force() is None
    office.clock.advance(timedelta(days=1))
    office.published(mended=True, base=first.name)
    office.release.record_in_force()
    for number, digest in ((1, first.digest), (2, None)):
        known = load_known(office.store, str(number), office.clock.now())
        assert known.publication is not None
        assert (known.rule_set.digest == digest) is (number == 1)
    assert name is not None
    assert load_known(office.store, name, office.clock.now()).rule_set.digest == first.digest


# ---- who may do what ------------------------------------------------------------------------------


def test_two_person_rule(office: Office) -> None:
    draft = office.life.create(BOTH, [*nation(), *town()])
    office.life.check(draft.id, BOTH)
    office.life.replay(draft.id, BOTH)
    refused("B0503", lambda: office.life.approve(draft.id, BOTH))
    assert office.life.draft(draft.id).state is State.REPLAYED
    assert office.life.approve(draft.id, CHIE).state is State.APPROVED


def test_who_edited_an_earlier_revision_cannot_approve(office: Office) -> None:
    draft = office.life.create(BOTH, [*nation(), *town()])
    office.life.edit(draft.id, BEN, town(mended=True))
    office.life.check(draft.id, BEN)
    office.life.replay(draft.id, BEN)
    refused("B0503", lambda: office.life.approve(draft.id, BOTH))


@pytest.mark.parametrize("act", ["create", "approve", "reject", "publish"])
def test_roles(office: Office, act: str) -> None:
    name = office.approved()
    nobody = Person("system-x", frozenset(("system", "auditor")))
    calls: dict[str, Callable[[Person], object]] = {
        "create": lambda who: office.life.create(who, town()),
        "approve": lambda who: office.life.approve(name, who),
        "reject": lambda who: office.life.reject(name, who),
        "publish": lambda who: office.release.publish(name, who),
    }
    refused("B0513", lambda: calls[act](nobody))
    refused("B0513", lambda: calls[act](CHIE if act == "create" else ANNA))


def test_an_edit_voids_check_replay_and_approval(office: Office) -> None:
    name = office.approved()
    edited = office.life.edit(name, BEN, town(mended=True))
    assert (edited.state, edited.revision, edited.approvals) == (State.DRAFT, 2, ())
    refused("B0502", lambda: office.release.publish(name, CHIE))
    refused("B0502", lambda: office.life.approve(name, CHIE))


def test_approval_of_something_else_than_was_seen(office: Office) -> None:
    draft = office.life.create(ANNA, [*nation(), *town()])
    seen = draft.content
    office.life.edit(draft.id, ANNA, town(mended=True))
    office.life.check(draft.id, ANNA)
    office.life.replay(draft.id, ANNA)
    refused("B0506", lambda: office.life.approve(draft.id, CHIE, seen))
    refused("B0506", lambda: office.life.edit(draft.id, ANNA, town(), seen=1))


def test_steps_in_another_order(office: Office) -> None:
    draft = office.life.create(ANNA, [*nation(), *town()])
    for call in (
        lambda: office.life.replay(draft.id, ANNA),
        lambda: office.life.approve(draft.id, CHIE),
        lambda: office.release.publish(draft.id, CHIE),
    ):
        refused("B0502", call)
    assert office.life.reject(draft.id, CHIE, "期日の誤り").state is State.REJECTED
    refused("B0502", lambda: office.life.check(draft.id, ANNA))
    assert office.life.edit(draft.id, ANNA, town()).state is State.DRAFT
    assert office.life.withdraw(draft.id, ANNA).state is State.WITHDRAWN
    refused("B0502", lambda: office.life.edit(draft.id, ANNA, town()))
    refused("B0501", lambda: office.life.draft("rd_none"))


# ---- races ----------------------------------------------------------------------------------------


def at_once(*calls: Callable[[], object]) -> list[str]:
    """The calls at the same moment, each in its thread: the codes of their refusals, "" for none."""
    barrier = threading.Barrier(len(calls))
    said = ["?"] * len(calls)

    def run(number: int) -> None:
        barrier.wait()
        try:
            calls[number]()
            said[number] = ""
        except RuleSetRefused as error:
            said[number] = error.code

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_two_approvals_and_an_edit_at_once(office: Office) -> None:
    for _ in range(6):
        draft = office.life.create(ANNA, [*nation(), *town()])
        office.life.check(draft.id, ANNA)
        office.life.replay(draft.id, ANNA)
        said = at_once(
            lambda d=draft: office.life.approve(d.id, CHIE),  # type: ignore[misc]
            lambda d=draft: office.life.approve(d.id, BOTH),  # type: ignore[misc]
            lambda d=draft: office.life.edit(d.id, BOTH, town(mended=True)),  # type: ignore[misc]
        )
        after = office.life.draft(draft.id)
        if said[2] == "":
            assert after.state is State.DRAFT
            assert after.approvals == ()
            refused("B0502", lambda d=draft: office.release.publish(d.id, CHIE))  # type: ignore[misc]
        else:
            assert said[2] == "B0506", said
        assert "?" not in said
        acts = [(s.number, s.act, s.revision) for s in after.steps]
        assert [n for n, _, _ in acts] == list(range(1, len(acts) + 1))
        assert sum(act == "approve" for _, act, _ in acts) <= 1, acts


def test_publications_at_once_are_one_after_the_other(office: Office) -> None:
    first = office.published()
    drafts = [office.approved(mended=bool(n % 2), base=first.name) for n in range(3)]
    said = at_once(*(lambda d=d: office.release.publish(d, CHIE) for d in drafts))  # type: ignore[misc]
    assert set(said) <= {"", "B0514"}
    with office.database.read() as connection:
        found = bundles(connection)
        assert [one.sequence for one in found] == list(range(1, len(found) + 1))
        assert len(found) == 1 + said.count("")
        for one in found:
            verified(connection, one, office.keys)


def test_one_draft_published_twice_at_once(office: Office) -> None:
    name = office.approved()
    said = at_once(*(lambda: office.release.publish(name, CHIE) for _ in range(3)))
    assert sorted(said)[:1] == [""]
    assert said.count("") == 1
    with office.database.read() as connection:
        assert len(bundles(connection)) == 1


# ---- what is never published ----------------------------------------------------------------------


def test_errors_stop_a_draft(office: Office) -> None:
    draft = office.life.create(ANNA, [*nation(), *town()])
    office.life.edit(draft.id, ANNA, BROKEN)
    draft, found = office.life.check(draft.id, ANNA)
    assert draft.state is State.DRAFT
    assert found.errors > 0
    assert {"J0060"} <= {finding["code"] for finding in found.findings}
    place = next(f for f in found.findings if f["code"] == "J0060")
    assert place["path"] == f"{TOWN}/規則.jorei"


def test_red_scenarios_stop_a_draft(office: Office) -> None:
    files = [(p, t.replace("lawful: true", "lawful: false")) if p == SCENARIO else (p, t) for p, t in town()]
    draft = office.life.create(ANNA, [*nation(), *files])
    office.life.check(draft.id, ANNA)
    draft, found = office.life.replay(draft.id, ANNA)
    assert (draft.state, found.failed) == (State.CHECKED, 2)
    assert found.differences[0]["differences"][0]["what"] == "結論"
    refused("B0502", lambda: office.life.approve(draft.id, CHIE))


def test_a_body_without_scenarios_is_not_green(office: Office) -> None:
    draft = office.life.create(ANNA, [*nation(), *town()[:2]])
    office.life.check(draft.id, ANNA)
    draft, found = office.life.replay(draft.id, ANNA)
    assert draft.state is State.CHECKED
    assert found.without == (TOWN,)


def spoil(office: Office, path: str, draft: str) -> None:
    """Change a kept text of a draft behind its back."""
    file = next(f for f in office.life.draft(draft).files if f.path == path)
    kept = office.store / TEXTS / file.sha256
    kept.write_text(kept.read_text("utf-8").replace("平成28年", "平成27年"), "utf-8")


def test_a_text_changed_between_check_and_publication(office: Office) -> None:
    name = office.approved()
    spoil(office, f"{TOWN}/規則.jorei", name)
    told = refused("B0507", lambda: office.release.publish(name, CHIE))
    assert f"{TOWN}/規則.jorei" in told.text
    with office.database.read() as connection:
        assert bundles(connection) == ()


def test_a_rule_set_broken_between_check_and_publication(office: Office) -> None:
    """Whoever gets the broken texts past the check, by whatever way, does not get them published."""
    name = office.approved()
    broken = office.life.create(ANNA, [*nation(), *town()[:1], *BROKEN, town()[2]])
    with office.database.begin() as connection:
        values = {"files": _column(office, broken.id), "content": broken.content, "digest": broken.digest}
        connection.execute(ruleset_draft.update().where(ruleset_draft.c.id == name).values(**values))
    refused("B0504", lambda: office.release.publish(name, CHIE))
    assert office.life.draft(name).state is State.DRAFT
    assert office.life.draft(name).steps[-1].act == "broken"
    with office.database.read() as connection:
        assert bundles(connection) == ()


def test_other_texts_than_those_approved(office: Office) -> None:
    """Sound texts put into an approved draft behind its back were approved by nobody."""
    name = office.approved()
    other = office.life.create(ANNA, [*nation(), *town(mended=True)])
    with office.database.begin() as connection:
        values = {"files": _column(office, other.id), "content": other.content, "digest": other.digest}
        connection.execute(ruleset_draft.update().where(ruleset_draft.c.id == name).values(**values))
    refused("B0503", lambda: office.release.publish(name, CHIE))
    with office.database.read() as connection:
        assert bundles(connection) == ()


def _column(office: Office, draft: str) -> str:
    with office.database.read() as connection:
        return str(connection.execute(select(ruleset_draft.c.files).where(ruleset_draft.c.id == draft)).scalar_one())


def test_a_log_that_may_not_be_written_stops_every_step(office: Office) -> None:
    draft = office.life.create(ANNA, [*nation(), *town()])
    office.journal.refuse(log_refused(READ_ONLY))
    with pytest.raises(JournalRefused):
        office.life.check(draft.id, ANNA)
    assert office.life.draft(draft.id).state is State.DRAFT


def test_steps_and_bundles_cannot_be_rewritten(office: Office) -> None:
    office.published()
    for table in ("ruleset_step", "ruleset_bundle"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET draft = 'x'"):
            with pytest.raises(DBAPIError, match="append-only"), office.database.begin() as connection:
                connection.execute(text(statement))


# ---- uploads --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "../rules/a.jorei",
        "/rules/a.jorei",
        "rules/../a.jorei",
        "rules//a.jorei",
        "rules/.a.jorei",
        "rules/a.py",
        "ordinances/a.jorei",
        "ordinances/町/scenarios/a.jorei",
        "ordinances/町/x/scenarios/a.yaml",
        "other/町/a.jorei",
        "rules/a\n.jorei",
        "rules/a\\b.jorei",
        "rules/" + "あ" * 300 + ".jorei",
        "",
    ],
)
def test_paths_that_are_not_taken(office: Office, path: str) -> None:
    refused("B0510", lambda: office.life.create(ANNA, [*nation(), (path, "文")]))


def test_what_may_be_an_individual_number_is_not_taken(office: Office) -> None:
    number = "1234-5678-9012"
    for files in ([(f"{TOWN}/a.yaml", f"# {number}")], [(f"{TOWN}/{number}.yaml", "")]):
        told = refused("B0509", lambda f=files: office.life.create(ANNA, [*nation(), *f]))  # type: ignore[misc]
        assert "5678" not in told.text
    assert "5678" not in refused("B0509", lambda: office.life.create(ANNA, nation(), note=number)).text
    assert not (office.store / TEXTS).exists()


def test_uploads_that_do_not_fit(office: Office) -> None:
    refused("B0510", lambda: office.life.create(ANNA, town()))  # no national text, no base
    refused("B0510", lambda: office.life.create(ANNA, [*nation(), *town(), *town()]))
    refused("B0510", lambda: office.life.create(ANNA, [*nation(), (f"{TOWN}/a.jorei", "\ud800")]))
    refused("B0510", lambda: office.life.create(ANNA, nation(), remove=["rules/ない.jorei"]))
    refused("B0501", lambda: office.life.create(ANNA, town(), base="000001r0123456789"))
    refused("B0510", lambda: office.life.create(ANNA, [*nation(), *town()], note="一行目\n二行目"))


# ---- days, withdrawal, the way back ---------------------------------------------------------------


def test_days_of_publication(office: Office) -> None:
    first = office.published()
    now = today(office.clock)
    name = office.approved(mended=True, base=first.name)
    refused("B0511", lambda: office.release.publish(name, CHIE, now - timedelta(days=1)))
    later = office.release.publish(name, CHIE, now + timedelta(days=5))
    assert later.effective_from == now + timedelta(days=5)
    urgent = office.approved(base=first.name)
    refused("B0511", lambda: office.release.publish(urgent, CHIE))  # would be undone in five days, unseen
    withdrawn = office.release.withdraw(later.name, DAI, "施行期日の変更")
    assert withdrawn.withdrawn_ms is not None
    assert office.life.draft(name).state is State.WITHDRAWN
    assert office.release.publish(urgent, CHIE).sequence == 3
    refused("B0502", lambda: office.release.withdraw(first.name, DAI))


def test_rollback_needs_another_person_and_is_a_bundle_of_its_own(office: Office) -> None:
    first = office.published()
    second = office.published(mended=True, base=first.name)
    rules = office.rules()
    rules.start()
    assert not rules.current().desk.decide(REQUEST).lawful
    proposal = office.release.propose_rollback(first.name, BOTH, "誤りがあった")
    refused("B0503", lambda: office.release.confirm_rollback(proposal.id, BOTH))
    refused("B0510", lambda: office.life.edit(proposal.id, ANNA, town()))
    back = office.release.confirm_rollback(proposal.id, CHIE)
    assert (back.sequence, back.digest) == (3, first.digest)
    with office.database.read() as connection:
        assert verified(connection, back, office.keys).back_to == first.name
    rules.refresh()
    assert rules.current().name == back.name
    assert rules.current().desk.decide(REQUEST).lawful
    assert office.life.draft(second.draft).state is State.ROLLED_BACK
    assert office.life.draft(first.draft).state is State.PUBLISHED
    refused("B0501", lambda: office.release.propose_rollback("000009r0000000000", BOTH))
    refused("B0502", lambda: office.release.confirm_rollback(second.draft, CHIE))


def epochs(office: Office, *bodies: str | None) -> list[int]:
    with office.database.read() as connection:
        return [epoch.current(connection, body) for body in bodies]


def test_epochs_of_the_bodies_concerned_advance(office: Office) -> None:
    assert epochs(office, "990088", "042021", None) == [0, 0, 0]
    first = office.published()
    assert epochs(office, "990088", "042021", None) == [1, 1, 1]
    office.published(mended=True, base=first.name)
    assert epochs(office, "990088", "042021", None) == [2, 1, 1]
    act, text_ = nation()[0]
    draft = office.life.create(ANNA, [(act, text_ + "\n")], base=first.name)
    office.life.check(draft.id, ANNA)
    office.life.replay(draft.id, ANNA)
    office.life.approve(draft.id, CHIE)
    office.release.publish(draft.id, CHIE, date(2027, 1, 1))
    assert epochs(office, "990088", "042021", None) == [3, 2, 2]


def test_a_publication_that_is_not_logged_did_not_happen(office: Office) -> None:
    name = office.approved()
    with office.database.read() as connection:
        size = head(connection).size
    office.clock.advance(timedelta(seconds=-60))  # the log refuses a clock that went back
    with pytest.raises(JournalRefused):
        office.release.publish(name, CHIE)
    with office.database.read() as connection:
        assert head(connection).size == size
        assert bundles(connection) == ()
    assert office.life.draft(name).state is State.APPROVED
    assert epochs(office, "990088") == [0]
