"""What decides now: swapped under load without a dropped request, at midnight, and never for what was tampered with."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from api.clock import today
from api.keys import KeyStore, Purpose
from api.project import load
from api.publication import JAPAN, TEXTS
from api.rulesets import ActiveRules, Loaded
from api.rulesets.bundles import opened
from api.rulesets.loaded import FILES
from api.rulesets.release import Release
from api.rulesets.shelf import bundles, in_force, verified
from tests.rulesets.conftest import CHIE, DAI, REQUEST, TOWN, Office, refused


def until(met: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "did not come about"
        time.sleep(0.02)


def test_swaps_under_load_drop_nothing_and_every_answer_is_of_the_bundle_it_names(office: Office) -> None:
    first = office.published()
    rules = office.rules(poll=0.05)
    rules.start()
    lawful: dict[str, bool] = {first.name: True}
    digests: dict[str, str] = {first.name: first.digest}
    seen: list[Counter[tuple[str, str, bool]]] = []
    failures: list[BaseException] = []
    stop = threading.Event()

    def decide() -> None:
        mine: Counter[tuple[str, str, bool]] = Counter()
        seen.append(mine)
        try:
            while not stop.is_set():
                for _ in range(50):
                    loaded = rules.current()
                    decision = loaded.desk.decide(REQUEST)
                    mine[loaded.name, decision.ruleset, decision.lawful] += 1
                time.sleep(0.001)  # leaves the publisher its turn
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(3):
            bundle = office.published(mended=number % 2 == 0, base=first.name)
            lawful[bundle.name], digests[bundle.name] = number % 2 == 1, bundle.digest
            until(lambda name=bundle.name: rules.current().name == name)  # type: ignore[misc]
            time.sleep(0.05)
        proposal = office.release.propose_rollback(first.name, DAI)
        back = office.release.confirm_rollback(proposal.id, CHIE)
        lawful[back.name], digests[back.name] = True, back.digest
        until(lambda: rules.current().name == back.name)
        time.sleep(0.05)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    total = sum(seen, Counter())
    assert {name for name, _, _ in total} == set(lawful)  # each decided for a while
    for (name, digest, answer), count in total.items():
        assert count > 0
        assert (digest, answer) == (digests[name], lawful[name]), name


def test_effective_from_tomorrow_at_midnight_in_japan(office: Office) -> None:
    first = office.published()
    office.clock.set(datetime(2026, 11, 26, 23, 59, 0, tzinfo=JAPAN))
    second = office.published(mended=True, base=first.name, on=today(office.clock) + timedelta(days=1))
    rules = office.rules()
    rules.start()
    assert rules.current().name == first.name
    assert rules.status.ready
    office.clock.set(datetime(2026, 11, 26, 23, 59, 59, 999_000, tzinfo=JAPAN))
    rules.refresh()
    assert rules.current().name == first.name
    loading: list[float] = []
    original = rules._load

    def counted(one: object) -> Loaded:
        loading.append(time.monotonic())
        return original(one)  # type: ignore[arg-type]

    rules._load = counted  # type: ignore[method-assign]
    office.clock.set(datetime(2026, 11, 27, 0, 0, 0, tzinfo=JAPAN))
    rules.refresh()
    assert rules.current().name == second.name
    assert loading == []  # was made ready the day before
    assert not rules.current().desk.decide(REQUEST).lawful


def test_the_thread_wakes_at_midnight_and_not_a_poll_later(office: Office) -> None:
    rules = office.rules(poll=3600.0)
    office.clock.set(datetime(2026, 11, 26, 23, 59, 59, 750_000, tzinfo=JAPAN))
    assert rules._until_next() == pytest.approx(0.25)
    office.clock.set(datetime(2026, 11, 26, 14, 0, tzinfo=JAPAN))
    assert rules._until_next() == 3600.0


def test_withdrawn_before_its_day_never_decides(office: Office) -> None:
    first = office.published()
    later = office.published(mended=True, base=first.name, on=today(office.clock) + timedelta(days=1))
    rules = office.rules()
    rules.start()
    office.release.withdraw(later.name, DAI)
    office.clock.advance(timedelta(days=3))
    rules.refresh()
    assert rules.current().name == first.name
    assert rules.status.ready


def test_several_workers_follow_one_publication(office: Office) -> None:
    first = office.published()
    workers = [office.rules(poll=0.05) for _ in range(3)]
    for worker in workers:
        worker.start()
    assert {worker.current().name for worker in workers} == {first.name}
    second = office.published(mended=True, base=first.name)
    until(lambda: all(worker.current().name == second.name for worker in workers))


def test_older_rule_sets_are_had_by_digest(office: Office) -> None:
    first = office.published()
    second = office.published(mended=True, base=first.name)
    rules = office.rules()
    rules.start()
    assert rules.of(second.digest) is rules.current()
    old = rules.of(first.digest)
    assert old.desk.decide(REQUEST).lawful
    assert rules.of(first.digest) is old
    refused("B0501", lambda: rules.of("0" * 64))


def test_nothing_published(office: Office) -> None:
    rules = office.rules()
    rules.start()
    assert not rules.status.ready
    refused("B0512", rules.current)
    bundle = office.published()
    assert rules.refresh().ready
    assert rules.current().name == bundle.name


def test_files_until_something_is_published(office: Office) -> None:
    project = load()
    rules = office.rules(files=project)
    rules.start()
    assert rules.current().name == FILES
    assert (rules.current().digest, rules.current().bundle) == (project.rule_set.digest, None)
    assert rules.status.ready
    bundle = office.published()
    rules.refresh()
    assert rules.current().name == bundle.name
    assert rules.of(project.rule_set.digest).name == FILES
    alone = ActiveRules.from_project(project)
    alone.start()
    assert alone.current().name == FILES
    alone.close()


def test_the_swap_is_told_and_recorded(office: Office) -> None:
    told: list[str] = []
    release: Release = office.release
    rules = office.rules(swapped=lambda loaded: told.append(loaded.name), record=release.record_in_force)
    bundle = office.published()
    rules.start()
    assert told == [bundle.name]
    assert release.record_in_force() is None  # it stands in the chain of publications already


# ---- tampering ------------------------------------------------------------------------------------


def kept_text(office: Office, rules: ActiveRules, path: str) -> str:
    manifest = rules.current().manifest
    assert manifest is not None
    return next(file.sha256 for file in manifest.files if file.path == path)


def test_a_changed_text_keeps_the_rule_set_in_place(office: Office) -> None:
    first = office.published()
    rules = office.rules()
    rules.start()
    second = office.published(mended=True, base=first.name)
    with office.database.read() as connection:
        manifest = verified(connection, second, office.keys)
    changed = next(f for f in manifest.files if f.path == f"{TOWN}/規則.jorei")
    path = office.store / TEXTS / changed.sha256
    good = path.read_text("utf-8")
    path.write_text(good.replace("4月1日", "1月1日"), "utf-8")
    status = rules.refresh()
    assert (status.ready, status.code) == (False, "B0507")
    assert first.name in (status.reason or "")
    assert changed.path in (status.reason or "")
    assert rules.current().name == first.name
    assert rules.current().desk.decide(REQUEST).lawful
    path.write_text(good, "utf-8")
    assert rules.refresh(again=True).ready
    assert rules.current().name == second.name


def test_a_changed_text_at_the_start_decides_nothing(office: Office) -> None:
    bundle = office.published()
    with office.database.read() as connection:
        sha = verified(connection, bundle, office.keys).files[0].sha256
    (office.store / TEXTS / sha).unlink()
    rules = office.rules()
    rules.start()
    refused("B0507", rules.current)


def rewrite(office: Office, sequence: int, **columns: object) -> None:
    """Change the row of a bundle as one who owns the database could."""
    lite = office.database.dialect == "sqlite"
    with office.database.begin() as connection:
        if lite:
            connection.execute(text("DROP TRIGGER ruleset_bundle_no_update"))
        else:
            connection.execute(text("ALTER TABLE ruleset_bundle DISABLE TRIGGER ruleset_bundle_no_update"))
        for name, value in columns.items():
            connection.execute(
                text(f"UPDATE ruleset_bundle SET {name} = :value WHERE sequence = :n"), {"value": value, "n": sequence}
            )


def flipped(token: str, part: int) -> str:
    parts = token.split(".")
    one = parts[part]
    parts[part] = one[:40] + ("A" if one[40] != "A" else "B") + one[41:]
    return ".".join(parts)


@pytest.mark.parametrize("part", [1, 2])
def test_a_broken_seal_keeps_the_rule_set_in_place(office: Office, part: int) -> None:
    first = office.published()
    rules = office.rules()
    rules.start()
    second = office.published(mended=True, base=first.name)
    rewrite(office, 2, jws=flipped(second.jws, part))
    status = rules.refresh()
    assert (status.ready, status.code) == (False, "B0508")
    assert rules.current().name == first.name


def test_another_installations_key_is_not_known(office: Office) -> None:
    from api.rulesets.bundles import sign

    first = office.published()
    with office.database.read() as connection:
        manifest = verified(connection, first, office.keys)
    stranger = KeyStore(office.home / "other", office.clock)
    rewrite(office, 1, jws=sign(manifest, stranger))
    rules = office.rules()
    rules.start()
    told = refused("B0508", rules.current)
    assert "知らない鍵" in told.text


def test_keys_rotated_and_revoked(office: Office) -> None:
    first = office.published()
    old = office.keys.signing_key(Purpose.BUNDLE).kid
    office.keys.rotate(Purpose.BUNDLE)
    office.clock.advance(timedelta(days=400))
    assert opened(first.jws, office.keys, first.name).digest == first.digest  # evidence for years
    assert old is not None
    office.keys.revoke(old)
    refused("B0508", lambda: opened(first.jws, office.keys, first.name))


@pytest.mark.parametrize(
    "columns",
    [{"effective_from": "2026-11-20"}, {"digest": "0" * 64}, {"draft": "rd_other"}],
    ids=lambda c: next(iter(c)),
)
def test_a_row_that_says_something_else_than_what_was_signed(office: Office, columns: dict[str, object]) -> None:
    office.published()
    rewrite(office, 1, **columns)
    rules = office.rules()
    rules.start()
    refused("B0508", rules.current)


def test_a_day_moved_forward_in_the_row_is_seen(office: Office) -> None:
    """Whoever lets tomorrow's rules begin today only stops the service from being ready."""
    first = office.published()
    office.published(mended=True, base=first.name, on=today(office.clock) + timedelta(days=9))
    rules = office.rules()
    rules.start()
    rewrite(office, 2, effective_from=today(office.clock).isoformat())
    assert rules.refresh(again=True).code == "B0508"
    assert rules.current().name == first.name


def test_a_withdrawal_that_nobody_signed(office: Office) -> None:
    """Whoever marks the rule set in force as withdrawn cannot bring back the one before."""
    first = office.published()
    office.published(mended=True, base=first.name)
    with office.database.begin() as connection:
        connection.execute(text("INSERT INTO ruleset_withdrawal VALUES (2, 'a.b.c', 0)"))
    rules = office.rules()
    rules.start()
    refused("B0508", rules.current)


def test_bundles_in_force_by_day(office: Office) -> None:
    first = office.published()
    now = today(office.clock)
    second = office.published(mended=True, base=first.name, on=now + timedelta(days=2))
    with office.database.read() as connection:
        found = [in_force(connection, now + timedelta(days=n)) for n in (-1, 0, 1, 2, 9)]
        assert [one.name if one else None for one in found] == [None, first.name, first.name, second.name, second.name]
        assert len(bundles(connection)) == 2
