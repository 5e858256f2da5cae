"""Permits for automatic answers, decided and issued by the service in whose process the layer runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from api.callers import Caller, Role
from api.permits import Act, Asked, Issuer
from api.service.native.decisions import API
from api.service.native.permits import decided, standing
from engine.request import RequestRefused
from linkage.intermediate.permits import ProvisionDenied
from linkage.refusal import Refusal

if TYPE_CHECKING:
    from api.service.context import ServiceContext

_SYSTEM: Final = "intermediate"


class PermitsHere:
    """Decides by the rule set in force, records the decision like any other, and issues the permit beside it."""

    def __init__(self, context: ServiceContext, body: str, municipality: str) -> None:
        self._context, self._body, self._municipality = context, body, municipality
        self._issuer = Issuer(context.keys, context.clock)

    def permit(self, request: Mapping[str, object], act: Act, caller: str) -> str:
        """The token of a permit.

        Raises:
            ProvisionDenied: The decision is not lawful, or the request cannot be read.
            Refusal: No permit was issued for another reason.
        """
        context, words = self._context, dict(request)
        deciding, loaded = context.deciding(), context.rules.current()
        try:
            resolved = deciding.desk.resolver.resolve(words)
        except RequestRefused as refused:
            raise ProvisionDenied("N0123", refused.problems[0].text, "要求の内容を確かめてください。") from None
        at, in_force = standing(context, resolved)
        prepared = decided(deciding, words, resolved)
        evaluation = context.recorder.new_id()
        entry = context.recorder.entry(
            prepared, deciding, self._caller(caller), API, context.recorder.now(), evaluation
        )
        asked = Asked(
            resolved, prepared.decision, evaluation, caller, act, at, deciding.bundle, None, entry.retain_until
        )
        issuance = self._issuer.issue_now(context.journal, entry, asked, loaded.second, in_force)
        if issuance.issued is not None:
            return issuance.issued.token
        if not prepared.decision.lawful:
            raise ProvisionDenied("N0124", "判定は、この行為を認めていない。", "判定の理由を確かめてください。")
        why = issuance.refusal
        code, text = (why.code, why.text) if why else ("N0124", "許可証が発行されなかった。")
        raise Refusal(code, text, "判定の記録を確かめてください。")

    def _caller(self, client_id: str) -> Caller:
        return Caller(
            client_id=client_id,
            name="中間サーバー（自動応答）",
            body=self._body,
            municipality=self._municipality,
            agency=None,
            section=None,
            roles=frozenset({Role.SYSTEM}),
            scopes=frozenset(),
            system=_SYSTEM,
        )
