"""`jorei replay --log`: recorded decisions come out again bit for bit, and what was tampered with does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from api.canonical import canonical
from api.cli.app import app
from api.decision_log import Entry, Receipt
from api.decision_log.commitment import committed
from api.ids import new
from api.rulesets import ActiveRules, Loaded
from api.rulesets.recorded import Again, answer_again, replay
from api.service.deciding import replayed
from tests.rulesets.conftest import REQUEST, Office

DAYS = ("2016-01-01", "2016-02-01", "2016-04-01", "2024-05-26")


def body(loaded: Loaded, request: dict[str, Any], name: str) -> bytes:
    """A level-4 record in the form of the service."""
    answer = json.loads(answer_again(loaded.desk.decide(request)))
    return canonical(
        {
            "v": 1,
            "id": name,
            "at": "2026-11-26T09:00:00.000+09:00",
            "caller": {"client_id": "fukushi"},
            "api": "native",
            "request": request,
            "ruleset": {"digest": loaded.digest, "bundle": loaded.name},
            "engine": {"version": "0.1.0", "interpreter": "compiled"},
            "answer": answer,
        }
    )


def record(office: Office, loaded: Loaded, days: tuple[str, ...] = DAYS) -> list[Receipt]:
    entries = []
    for day in days:
        name = new("ev")
        made = body(loaded, {**REQUEST, "on": day}, name)
        entries.append(Entry(name, "decision", {"ruleset": loaded.digest, "outcome": "x"}, made, date(2033, 1, 1)))
    return office.journal.record_many_now(entries)


@pytest.fixture
def decided(office: Office) -> tuple[Office, ActiveRules, list[Receipt]]:
    """Decisions under two rule sets that answer one of the days differently."""
    first = office.published()
    rules = office.rules()
    rules.start()
    receipts = record(office, rules.current())
    office.published(mended=True, base=first.name)
    rules.refresh()
    receipts += record(office, rules.current())
    return office, rules, receipts


Decided = tuple[Office, ActiveRules, list[Receipt]]


def test_every_decision_comes_out_again_under_its_own_rule_set(decided: Decided) -> None:
    office, _, receipts = decided
    fresh = office.rules()  # of another process, with nothing loaded
    told: list[tuple[int, int]] = []
    again = replay(office.database, fresh.of, progress=lambda done, total: told.append((done, total)))
    assert (again.same, again.different, again.erased, again.not_kept) == (len(receipts), 0, 0, 0)
    assert again.ok
    assert told[-1][0] == told[-1][1] > len(receipts)  # the steps of the rule sets stand in the log, too
    part = replay(office.database, fresh.of, receipts[1].index, receipts[2].index)
    assert part.decisions == 2


def tamper(office: Office, index: int, change: Callable[[bytes], bytes], *, recommit: bool) -> None:
    """Change a kept record, with its commitment in the leaf (as one who owns the database could) or without."""
    with office.database.begin() as connection:
        row = connection.execute(text("SELECT body, salt FROM log_payload WHERE idx = :n"), {"n": index}).one()
        made = change(bytes(row.body))
        assert made != bytes(row.body)
        salt, commit = committed(made)
        values = {"n": index, "body": made, "salt": salt if recommit else bytes(row.salt)}
        connection.execute(text("UPDATE log_payload SET body = :body, salt = :salt WHERE idx = :n"), values)
        if recommit:
            leaf = connection.execute(text("SELECT leaf FROM log_entry WHERE idx = :n"), {"n": index}).scalar_one()
            said = {**json.loads(bytes(leaf)), "commit": commit}
            if office.database.dialect == "sqlite":
                connection.execute(text("DROP TRIGGER log_entry_no_update"))
            else:
                connection.execute(text("ALTER TABLE log_entry DISABLE TRIGGER log_entry_no_update"))
            connection.execute(
                text("UPDATE log_entry SET leaf = :leaf WHERE idx = :n"), {"n": index, "leaf": canonical(said)}
            )


def first_difference(again: Again) -> tuple[int, str]:
    assert not again.ok
    assert again.found is not None
    return again.found.index, again.found.why


def test_an_answer_turned_round_is_found_even_with_its_commitment_made_new(decided: Decided) -> None:
    office, _, receipts = decided
    index = receipts[5].index  # the second rule set on a day before it begins

    def lawful(made: bytes) -> bytes:
        return made.replace(b'"lawful":false', b'"lawful":true').replace(
            b'"outcome":"no_basis"', b'"outcome":"permitted"'
        )

    tamper(office, index, lawful, recommit=True)
    again = replay(office.database, office.rules().of)
    assert first_difference(again) == (index, "答えが、記録と違います")
    assert (again.different, again.same) == (1, len(receipts) - 1)
    assert again.found is not None
    assert again.found.at is not None
    assert again.found.at >= 0


@pytest.mark.parametrize(
    ("change", "recommit", "why"),
    [
        (
            lambda made: made.replace(b'"on":"2016-02-01"', b'"on":"2016-03-01"'),
            False,
            "記録の本文が、記録されたときと違います",
        ),
        (lambda made: made.replace(b"infant-medical", b"infant-medicine"), True, "要求が拒否されました（R0103）"),
        (lambda made: made[:-20], True, "記録の形が壊れています"),
        (lambda made: made.replace(b'"id":"ev_', b'"id":"ev_x'), True, "記録の本文が、別の判定のものです"),
    ],
)
def test_what_was_tampered_with(decided: Decided, change: Callable[[bytes], bytes], recommit: bool, why: str) -> None:
    office, _, receipts = decided
    index = receipts[1].index
    tamper(office, index, change, recommit=recommit)
    assert first_difference(replay(office.database, office.rules().of)) == (index, why)


def test_a_record_moved_to_the_other_rule_set(decided: Decided) -> None:
    """A decision of the old rules said to be of the new ones does not come out again."""
    office, rules, receipts = decided
    old, new_ = (
        rules.of(json.loads(body_of(office, r.index))["ruleset"]["digest"]) for r in (receipts[1], receipts[5])
    )
    change = (old.digest.encode(), new_.digest.encode())
    tamper(office, receipts[1].index, lambda made: made.replace(*change), recommit=True)
    assert first_difference(replay(office.database, office.rules().of))[0] == receipts[1].index


def body_of(office: Office, index: int) -> bytes:
    with office.database.read() as connection:
        return bytes(connection.execute(text("SELECT body FROM log_payload WHERE idx = :n"), {"n": index}).scalar_one())


def test_erased_records_and_rule_sets_not_kept_are_counted_and_are_no_difference(decided: Decided) -> None:
    office, _, receipts = decided
    with office.database.begin() as connection:
        connection.execute(text("DELETE FROM log_payload WHERE idx = :n"), {"n": receipts[0].index})
    alien = json.loads(body_of(office, receipts[1].index))
    alien["ruleset"]["digest"] = "ab" * 32
    alien["id"] = new("ev")
    office.journal.record_now(Entry(alien["id"], "decision", {"ruleset": "ab" * 32}, canonical(alien)))
    again = replay(office.database, office.rules().of)
    assert (again.same, again.erased, again.not_kept, again.different) == (len(receipts) - 1, 1, 1, 0)
    assert again.ok
    assert "B0501" in again.missing["ab" * 32]


def test_a_denial_of_what_could_not_be_read_comes_out_again(decided: Decided) -> None:
    """AuthZEN denies and records what the resolver refuses; so must it be refused again, for the same reasons."""
    office, rules, receipts = decided
    loaded = rules.current()
    words = {**REQUEST, "affair": "知らない事務", "subject": "user"}
    name = new("ev")
    made = json.loads(body(loaded, {**REQUEST}, name)) | {"api": "authzen", "request": words}
    made["answer"] = json.loads(replayed(loaded.desk, loaded.digest, words))
    assert made["answer"]["outcome"] == "refused"
    receipt = office.journal.record_now(
        Entry(name, "decision", {"ruleset": loaded.digest, "outcome": "refused"}, canonical(made), date(2033, 1, 1))
    )
    again = replay(office.database, office.rules().of)
    assert (again.same, again.different) == (len(receipts) + 1, 0)
    reason = made["answer"]["problems"][0]["code"].encode()
    tamper(office, receipt.index, lambda kept: kept.replace(b'"code":"%s"' % reason, b'"code":"R0199"'), recommit=True)
    index, why = first_difference(replay(office.database, office.rules().of))
    assert index == receipt.index
    assert why.startswith("要求が拒否されました（R01")


def jorei(office: Office, *more: object) -> Result:
    url = office.database.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(
        app, ["replay", "--log", "--home", str(office.home), "--database", url, *(str(m) for m in more)]
    )


def test_command(decided: Decided) -> None:
    office, _, receipts = decided
    good = jorei(office)
    assert good.exit_code == 0, good.output
    assert "記録された判定 8件: 記録のとおり 8件、違うもの 0件" in good.stdout
    part = json.loads(jorei(office, "--json", "--from", receipts[1].index, "--to", receipts[3].index).stdout)
    assert (part["ok"], part["decisions"], part["same"]) == (True, 3, 3)
    tamper(office, receipts[2].index, lambda made: made.replace(b'"lawful":true', b'"lawful":false'), recommit=True)
    bad = jorei(office)
    assert bad.exit_code == 1
    assert f"最初に違うもの: 記録の番号 {receipts[2].index}（{receipts[2].id}）" in bad.stdout


def test_wrong_calls(office: Office) -> None:
    assert jorei(office, "--show").exit_code == 2
    assert CliRunner().invoke(app, ["replay", "--home", str(office.home)]).exit_code == 2
    missing = CliRunner().invoke(app, ["replay", "--log", "--home", str(office.home / "ない")])
    assert missing.exit_code == 2
    assert "jorei.db" in missing.stderr


def test_rule_set_withheld_by_tampering_is_said(decided: Decided) -> None:
    office, rules, _ = decided
    manifest = rules.current().manifest
    assert manifest is not None
    changed = next(f for f in manifest.files if f.path.endswith("条例.jorei") and f.role == "municipality")
    (office.store / "texts" / changed.sha256).write_text("別の文", "utf-8")
    office.clock.advance(timedelta(minutes=1))
    again = replay(office.database, office.rules().of)
    assert again.not_kept == 4
    assert "B0507" in again.missing[manifest.digest]
