"""GET /.well-known/authzen-configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.canonical import canonical
from api.service.calls import Reply

if TYPE_CHECKING:
    from api.service.context import ServiceContext


def configuration(context: ServiceContext) -> Reply:
    """Where the endpoints are. There is no search for subjects: it is left out and not offered."""
    base = context.settings.public_url
    said = {
        "policy_decision_point": base,
        "access_evaluation_endpoint": f"{base}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{base}/access/v1/evaluations",
        "search_resource_endpoint": f"{base}/access/v1/search/resource",
        "search_action_endpoint": f"{base}/access/v1/search/action",
        "capabilities": [],
        "jwks_uri": f"{base}/.well-known/jwks.json",
    }
    return Reply(canonical(said), headers=((b"cache-control", b"max-age=300"),))
