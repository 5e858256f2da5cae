"""The gate: the one place through which every act of storage or linkage goes.

`Gate.act` redeems the permit, asks the guards, does the work, appends the act and its provision records to the log as
the last statement, commits, and only then returns; all of it in one transaction, so a crash leaves nothing or
everything. A refusal is recorded in a transaction of its own. `Gate.operate` is the same for operations of
`linkage.acts`, which need an administrator's order instead of a permit.

Stores are reached with the ticket that the work is given (`linkage.ticket.admit`); nothing else makes one:

    def work(ticket: Ticket) -> str:
        return addressee.number(ticket, request)

    acted = gate.act(token, "juki", Act("addressee.number", "addressee", (request.handle,)), work, subject=None)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from api import failpoints, ids
from api.canonical import canonical
from api.decision_log import Entry, Receipt, append
from api.permits import Act, Permit, PermitRefused, redeem
from dsl.masking import mask, twelve_digits
from linkage import records
from linkage.acts import ACTS, Kind, Recording
from linkage.records import ProvisionFacts
from linkage.refusal import GateRefused, Refusal
from linkage.ticket import Admission, Ticket, claim, inside_act

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from api.clock import Clock
    from api.keys import KeyStore
    from api.storage.database import Database
    from linkage.acts import ActEntry

__all__ = ["Acted", "Gate", "GateRefused", "Guard", "Occasion", "ProvisionFacts", "Ticket"]

T = TypeVar("T")
#: What is to be recorded of an inquiry or provision: known beforehand, or told by the result of the work.
Provisions = ProvisionFacts | Sequence[ProvisionFacts] | Callable[[Any], ProvisionFacts | Sequence[ProvisionFacts]]

_mint, _void = claim()


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a guard is asked about. `permit` is None for an operation; `handler` is the officer, where the caller says."""

    entry: ActEntry
    act: Act
    caller: str
    at: datetime
    permit: Permit | None
    subject: str | None
    handler: str | None


class Guard(Protocol):
    """A further requirement of an act, asked inside its transaction (PIA in force, handler trained …).

    To refuse, raise `linkage.refusal.Refusal`. Any other exception refuses too: a guard that fails guards nothing.
    """

    name: str

    def check(self, connection: Connection, occasion: Occasion) -> None:
        """Return when the act may go on."""
        ...


@dataclass(frozen=True, slots=True)
class Acted(Generic[T]):
    """An act that is committed: its result, its place in the log, and the provision records it made."""

    id: str
    result: T
    receipt: Receipt
    records: tuple[Receipt, ...]


class Authority(Protocol):
    """Says whether an operator may order an operation; raises `Refusal` (or anything) when not."""

    def __call__(self, operator: str, operation: str) -> None:
        """Return when the operator may."""
        ...


def nobody(operator: str, operation: str) -> None:
    """The authority of a gate that was given none: nobody may order anything."""
    raise GateRefused("G0615", "この操作を命じる権限がない。", "管理者の資格情報で行ってください。", 403)


class Gate:
    """Lets acts in by permit, and operations by order. Safe for use from several threads at once.

    `body` is the municipality whose stores stand behind the gate (None: a national agency); permits for another one do
    not open it, except that who provides is let in by the request of who asks, where the holder is of this body.
    `active_digest` tells the rule set that decides now, as the transaction sees it; a permit of another one is stale.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keys: KeyStore,
        active_digest: Callable[[Connection], str],
        *,
        body: str | None,
        guards: Iterable[Guard] = (),
        authority: Authority = nobody,
    ) -> None:
        self._database, self._clock, self._keys = database, clock, keys
        self._active_digest, self._body = active_digest, body
        self._guards: tuple[Guard, ...] = tuple(guards)
        self._authority = authority
        self._registering = threading.Lock()

    @property
    def dialect(self) -> str:
        """The kind of database behind it."""
        return self._database.dialect

    def register(self, guard: Guard) -> None:
        """Ask this guard too, from now on. There is no way to take one away."""
        with self._registering:
            self._guards = (*self._guards, guard)

    def act(
        self,
        token: str,
        caller: str,
        act: Act,
        work: Callable[[Ticket], T],
        *,
        subject: str | None = None,
        provision: Provisions | None = None,
        handler: str | None = None,
        thumbprint: str | None = None,
    ) -> Acted[T]:
        """Redeem the permit, do the work and record it, in one transaction. See the module docstring.

        `subject` is the addressee handle (ad_…) of the person concerned, `handler` the officer where the caller says,
        `thumbprint` of the caller's certificate. Whatever `work` raises undoes everything.

        Raises:
            Refusal: The act is refused (`GateRefused` by the gate itself); the refusal is recorded, nothing else is.
        """
        with self._recorded(act, caller, handler):
            entry = _entry_of(act, Kind.ACT)
            _without_numbers(act, caller, subject, handler)
            with self._database.begin() as connection:
                permit = self._redeemed(connection, token, act, caller, entry, thumbprint)
                occasion = Occasion(entry, act, caller, self._clock.now(), permit, subject, handler)
                acted = self._carry_out(connection, occasion, ids.new("ac"), work, provision)
        failpoints.reach("gate.after-commit")
        return acted

    def operate(
        self, operation: str, operator: str, work: Callable[[Ticket], T], *, handles: tuple[str, ...] = ()
    ) -> Acted[T]:
        """Carry out an operation of `linkage.acts` on an administrator's order, recorded like an act.

        Raises:
            Refusal: The operator may not, or a guard or the work refused; the refusal is recorded.
        """
        target = ACTS[operation].target if operation in ACTS else ""
        act = Act(name=operation, target=target, handles=handles)
        with self._recorded(act, operator, None):
            entry = _entry_of(act, Kind.OPERATION)
            _without_numbers(act, operator)
            self._authorised(operator, operation)
            with self._database.begin() as connection:
                occasion = Occasion(entry, act, operator, self._clock.now(), None, None, None)
                return self._carry_out(connection, occasion, ids.new("op"), work, None)

    def _redeemed(
        self, connection: Connection, token: str, act: Act, caller: str, entry: ActEntry, thumbprint: str | None
    ) -> Permit:
        try:
            permit = redeem(
                connection,
                token,
                act,
                caller,
                self._keys,
                self._clock,
                thumbprint=thumbprint,
                active_digest=self._active_digest(connection),
            )
        except PermitRefused as refused:
            text = f"許可証を引き換えられない（{refused.code}）。{refused.text}"
            raise GateRefused("G0601", text, refused.help, refused.status) from None
        except Exception as failure:
            text = "許可証の引換えができるか確かめられない。"
            raise GateRefused("G0601", text, "時間をおいて、もう一度行ってください。", 503) from failure
        failpoints.reach("gate.after-redeem")
        if not self._is_of_here(permit, entry):
            raise GateRefused("G0617", "ほかの団体についての許可証である。", "その団体の関門で引き換えてください。")
        if permit.request.get("action") not in entry.actions:
            raise GateRefused(
                "G0604",
                f"判定で認められた行為は、「{entry.japanese}」に当たらない。",
                "行う操作に合った行為（利用・保管・庁内連携・情報連携）で判定を受けてください。",
                403,
            )
        return permit

    def _is_of_here(self, permit: Permit, entry: ActEntry) -> bool:
        """What a provider answers by is the requester's request; it is the holder that has to be of this body."""
        if entry.name != "provision.answer":
            return permit.body == self._body
        holder = permit.request.get("holder")
        if not isinstance(holder, str):
            return False
        head, slash, _ = holder.partition("/")
        return (head if slash else None) == self._body

    def _authorised(self, operator: str, operation: str) -> None:
        try:
            self._authority(operator, operation)
        except Refusal:
            raise
        except Exception:
            raise GateRefused("G0615", "操作を命じる権限を確かめられない。", "管理者に連絡してください。") from None

    def _guarded(self, connection: Connection, occasion: Occasion) -> None:
        for guard in self._guards:
            try:
                guard.check(connection, occasion)
            except Refusal:
                raise
            except Exception:
                raise GateRefused(
                    "G0607", f"要件「{guard.name}」を確かめられない。", "時間をおいて、もう一度行ってください。"
                ) from None

    def _carry_out(
        self,
        connection: Connection,
        occasion: Occasion,
        id_: str,
        work: Callable[[Ticket], T],
        provision: Provisions | None,
    ) -> Acted[T]:
        """Everything inside the transaction after the permit: guards, work, records, and the log last."""
        self._guarded(connection, occasion)
        permit = occasion.permit
        evaluation = permit.evaluation_id if permit else id_
        ticket = _mint(
            Admission(connection, occasion.entry, occasion.act, occasion.caller, occasion.at, permit, evaluation)
        )
        try:
            result = work(ticket)
            made = [
                records.write(ticket, facts, act=id_, subject=occasion.subject, handler=occasion.handler)
                for facts in _facts(occasion, provision, result)
            ]
        finally:
            _void(ticket)
        receipts = append(connection, [_act_entry(occasion, id_, [e.id for e in made]), *made], self._clock)
        failpoints.reach("gate.before-commit")
        return Acted(id_, result, receipts[0], tuple(receipts[1:]))

    @contextmanager
    def _recorded(self, act: Act, caller: str, handler: str | None) -> Iterator[None]:
        """Record what refuses or fails inside, after its transaction is undone, and let it go on."""
        if inside_act():
            raise GateRefused("G0614", "関門の中から、もう一度関門を通ろうとした。", "一つずつ行ってください。")
        try:
            yield
        except Refusal as refusal:
            self._record_refusal(act, caller, handler, refusal.code, refusal.text)
            raise
        except Exception:
            self._record_refusal(act, caller, handler, "G0616", "作業の途中で失敗したため、すべて取り消した。")
            raise

    def _record_refusal(self, act: Act, caller: str, handler: str | None, code: str, text: str) -> None:
        id_ = ids.new("rf")
        at = self._clock.now()
        body = {
            "v": 1,
            "id": id_,
            "at": at.isoformat(timespec="milliseconds"),
            "act": {"name": mask(act.name), "target": mask(act.target), "handles": [mask(h) for h in act.handles]},
            "caller": mask(caller),
            "handler": mask(handler) if handler else None,
            "code": code,
            "reason": mask(text),
        }
        leaf = {"act": _known(act.name), "outcome": "refused", "code": code}
        entry = Entry(id_, "refused-act", leaf, canonical(body), records.seven_years_after(at.date()))
        try:
            with self._database.begin() as connection:
                append(connection, [entry], self._clock)
        except Exception as failure:  # the act stays refused; what could not be recorded is told to the operator
            raise GateRefused(
                "G0613",
                f"拒んだことを記録できない。拒んだ理由は次のとおり（{code}）。{text}",
                "データベースの状態と時計を確かめてください。",
                503,
            ) from failure


def _entry_of(act: Act, kind: Kind) -> ActEntry:
    entry = ACTS.get(act.name)
    if entry is None or entry.kind is not kind:
        raise GateRefused("G0602", "登録されていない操作である。", "linkage/acts.py にある操作の名前を示してください。")
    if entry.target != act.target:
        raise GateRefused("G0603", f"「{entry.japanese}」の対象が違う。", f"対象は {entry.target} としてください。")
    return entry


def _known(name: str) -> str:
    return name if name in ACTS else "unknown"


def _without_numbers(act: Act, *words: str | None) -> None:
    if any(word and twelve_digits(word) for word in (act.name, act.target, *act.handles, *words)):
        raise GateRefused(
            "G0608", "識別子に12桁の数字列がある。", "個人番号ではなく、宛名の識別子（ad_…）を示してください。"
        )


def _facts(occasion: Occasion, provision: Provisions | None, result: object) -> tuple[ProvisionFacts, ...]:
    given = provision
    if given is not None and not isinstance(given, ProvisionFacts | Sequence):
        given = given(result)
    facts = () if given is None else (given,) if isinstance(given, ProvisionFacts) else tuple(given)
    if occasion.entry.recording is Recording.REQUIRED and not facts:
        raise GateRefused(
            "G0612",
            f"「{occasion.entry.japanese}」に、情報提供等の記録がない。",
            "照会者・提供者・日時・項目を示してください（番号法23条）。",
        )
    return facts


def _act_entry(occasion: Occasion, id_: str, made: list[str]) -> Entry:
    """The log's entry of an act or operation."""
    permit, act = occasion.permit, occasion.act
    body: dict[str, Any] = {
        "v": 1,
        "id": id_,
        "at": occasion.at.isoformat(timespec="milliseconds"),
        "act": {"name": act.name, "target": act.target, "handles": list(act.handles)},
        "caller": occasion.caller,
        "handler": occasion.handler,
        "subject": occasion.subject,
        "records": made,
    }
    ruleset = ""
    if permit is not None:
        ruleset = permit.ruleset
        body |= {
            "permit": permit.jti,
            "evaluation": permit.evaluation_id,
            "ruleset": permit.ruleset,
            "epoch": permit.epoch,
            "grants": list(permit.grants),
            "citations": list(permit.citations),
        }
    leaf = {"act": act.name, "outcome": "done", "ruleset": ruleset}
    kind = "act" if permit is not None else "operation"
    return Entry(id_, kind, leaf, canonical(body), records.seven_years_after(occasion.at.date()))
