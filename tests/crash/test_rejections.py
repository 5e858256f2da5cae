"""Keys unknown, revoked or unreadable, and a published rule set that is broken: over HTTP, never a yes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from api.keys import KeyRefused, Purpose
from api.project import Project
from api.service.opening import Opened
from api.service.settings import Settings
from tests.crash.load import ACT, REDEEM
from tests.rulesets.conftest import CHIE
from tests.service.conftest import REQUEST, Running, project, running, system_log, today
from tests.stateful.house import Template

__all__ = ["project", "system_log"]


@pytest.fixture
def service(tmp_path: Path, project: Project) -> Iterator[Running]:
    with running(Settings(home=tmp_path / "home", files=True), project) as found:
        yield found


def permit(service: Running) -> httpx.Response:
    return service.post("/v1/permits", {"request": REQUEST | {"on": today()}, "act": ACT})


def token(service: Running) -> str:
    found: str = permit(service).json()["permit"]["token"]
    return found


def redeem(service: Running, shown: str, act_id: str) -> httpx.Response:
    return service.post(REDEEM, {"permit": shown, "act": ACT, "act_id": act_id})


def kid(shown: str) -> str:
    head = shown.split(".")[0]
    found: str = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    return found


def refused(answer: httpx.Response, *codes: str) -> None:
    assert answer.status_code in (403, 409, 503), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert any(code in answer.text for code in codes), answer.text
    assert "redeemed_at" not in answer.text


def test_a_permit_of_a_revoked_key(service: Running) -> None:
    shown, other = token(service), token(service)
    assert redeem(service, other, "act-before-it").status_code == 200
    service.context.keys.revoke(kid(shown))
    refused(redeem(service, shown, "act-after-it"), "P0312")
    fresh = token(service)
    assert kid(fresh) != kid(shown)
    assert redeem(service, fresh, "act-with-another").status_code == 200


def test_a_permit_of_a_key_that_is_gone(service: Running, project: Project) -> None:
    """The folder of the keys removed: what was signed by them opens nothing, and is not signed again."""
    shown = token(service)
    for path in sorted((service.home / "keys" / Purpose.PERMIT.value).iterdir()):
        path.unlink()
    service.stop()
    with running(service.context.settings, project) as again:
        refused(redeem(again, shown, "act-without-key"), "P0312")


def test_a_permit_of_another_installation(service: Running, tmp_path: Path, project: Project) -> None:
    with running(Settings(home=tmp_path / "other", files=True), project) as other:
        shown = token(other)
    refused(redeem(service, shown, "act-of-another"), "P0312")


@pytest.mark.parametrize("broken", [b"", b"{", b'{"kty":"OKP"}'], ids=["empty", "cut off", "no key"])
def test_a_key_that_cannot_be_read_gives_no_permit(tmp_path: Path, project: Project, broken: bytes) -> None:
    """The decision stands and is recorded; there is no permit, and the service is not ready."""
    settings = _damaged(tmp_path, project, broken, lambda name: name != "ring.json")
    with running(settings, project) as service:
        answer = permit(service)
        assert answer.status_code == 200, answer.text
        assert answer.json()["permit"] is None
        assert answer.json()["refusal"]["code"] == "P0308"
        assert answer.json()["decision"]["log"]["index"] >= 0
        assert service.client.get("/readyz").status_code == 503


@pytest.mark.parametrize("broken", [b"", b"{", b'{"kty":"OKP"}'], ids=["empty", "cut off", "something else"])
def test_a_damaged_list_of_keys_stops_the_start(tmp_path: Path, project: Project, broken: bytes) -> None:
    """Nor is it taken for an empty one: which keys were revoked would be forgotten."""
    settings = _damaged(tmp_path, project, broken, lambda name: name == "ring.json")
    with pytest.raises(KeyRefused, match="P0331"):
        Opened(settings, files=project)


def _damaged(folder: Path, project: Project, broken: bytes, chosen: Callable[[str], bool]) -> Settings:
    """An installation with files of its permit key overwritten."""
    settings = Settings(home=folder / "home", files=True)
    with running(settings, project) as service:
        assert permit(service).json()["permit"] is not None
    paths = [path for path in (settings.keys / Purpose.PERMIT.value).iterdir() if chosen(path.name)]
    assert paths
    for path in paths:
        path.write_bytes(broken)
    return settings


def test_a_rule_set_broken_in_the_store_decides_nothing(tmp_path: Path) -> None:
    """Its texts changed behind its seal: at the next start no decision, no permit, and the reason."""
    home = tmp_path / "template"
    Template(tmp_path, f"sqlite:///{home / 'jorei.db'}")
    for path in sorted((home / "publications").rglob("*")):
        if path.is_file() and "条例" in path.read_bytes().decode("utf-8", "replace"):
            path.chmod(0o600)
            path.write_bytes(path.read_bytes().replace("4月1日".encode(), "1月1日".encode()))
    asked = {"action": "use", "municipality": "石巻市", "agency": "市長", "affair": "infant-medical", "on": today()}
    with running(Settings(home=home, plug_ins=False), None) as service:  # type: ignore[arg-type]
        for path, body in (("/v1/decisions", asked), ("/v1/permits", {"request": asked, "act": ACT})):
            answer = service.post(path, body)
            assert answer.status_code == 503, answer.text
            assert answer.json()["type"] == "urn:jorei:problem:rules-unavailable"
            assert "B05" in answer.json()["detail"]
        assert service.client.get("/readyz").status_code == 503
        assert CHIE.id not in answer.text
