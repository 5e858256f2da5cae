"""Certificates handed on by a proxy, several credentials at once, limits, and what authenticating costs."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import thread_time
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.callers import Caller, NotAuthenticated, TooManyRequests
from api.callers.certificates import thumbprint
from api.callers.limiting import Limits
from api.clock import FixedClock
from tests.callers.conftest import START, House, a_caller

PROXY = "10.1.2.3"
HEADER = "X-Client-Cert"


def _certificate(name: str = "child-medical") -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(START).not_valid_after(START + timedelta(days=30))
    return builder.sign(key, hashes.SHA256())


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    return _certificate()


@pytest.fixture
def sha256(certificate: x509.Certificate) -> str:
    digest = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture
def behind(build: Callable[..., House], clock: FixedClock) -> House:
    house = build(certificate_header=HEADER, proxies=("10.1.2.0/24", "2001:db8::1"))
    clock.advance(timedelta(seconds=1))
    return house


def _handed_on(certificate: x509.Certificate) -> dict[str, bytes]:
    """One certificate in the ways that proxies hand it on."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    digest = hashlib.sha256(der).digest()
    return {
        "hexadecimal": digest.hex().encode(),
        "colons": ":".join(f"{b:02X}" for b in digest).encode(),
        "base64url": base64.urlsafe_b64encode(digest).rstrip(b"="),
        "RFC 9440": b":" + base64.b64encode(der) + b":",
        "escaped PEM": quote(pem.decode()).encode(),
    }


def _header(value: bytes) -> tuple[bytes, bytes]:
    return HEADER.lower().encode(), value


@pytest.mark.parametrize("way", ["hexadecimal", "colons", "base64url", "RFC 9440", "escaped PEM"])
def test_a_certificate_says_who_calls(behind: House, certificate: x509.Certificate, sha256: str, way: str) -> None:
    made = behind.add(thumbprint=sha256)
    value = _handed_on(certificate)[way]
    assert thumbprint(value) == sha256
    assert behind.who(None, _header(value), peer=PROXY) == made
    assert behind.who(None, _header(value), peer="2001:db8::1") == made


def test_openssl_agrees_on_the_thumbprint(certificate: x509.Certificate, sha256: str, tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    said = subprocess.run(
        ["openssl", "x509", "-in", "c.pem", "-noout", "-fingerprint", "-sha256"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert thumbprint(said.strip().partition("=")[2].encode()) == sha256


@pytest.mark.parametrize("peer", ["192.0.2.7", "10.1.3.3", "127.0.0.1", "nonsense", "", None])
def test_the_header_is_believed_from_the_proxy_only(behind: House, sha256: str, peer: Any) -> None:
    key = _with_key(behind, sha256)
    for credential in (None, f"Bearer {key}"):
        with pytest.raises(NotAuthenticated) as refused:
            behind.who(credential, _header(sha256.encode()), peer=peer)
        assert refused.value.code == "C0504"
    behind.who(None, _header(sha256.encode()), peer=PROXY)
    with pytest.raises(NotAuthenticated):
        behind.who(None, _header(sha256.encode()), peer=peer)


def _with_key(behind: House, sha256: str) -> str:
    behind.add(thumbprint=sha256)
    return behind.register.rotate_key("child-medical")


def test_without_mtls_the_header_means_nothing(here: House, sha256: str) -> None:
    here.add(thumbprint=sha256)
    with pytest.raises(NotAuthenticated):
        here.who(None, _header(sha256.encode()), peer=PROXY)


def test_an_unknown_certificate_says_nobody(behind: House, sha256: str) -> None:
    behind.add()
    for value in (sha256.encode(), b"nonsense", b"", b"\xff" * 43, b":AAAA:", b"%2D%2D", b"x" * 20_000):
        with pytest.raises(NotAuthenticated):
            behind.who(None, _header(value), peer=PROXY)


def test_a_certificate_and_a_key_of_two_callers(behind: House, sha256: str) -> None:
    behind.add("cert-caller", thumbprint=sha256)
    behind.add()
    key = behind.register.rotate_key("child-medical")
    behind.who(f"Bearer {key}", peer=PROXY)
    with pytest.raises(NotAuthenticated) as refused:
        behind.who(f"Bearer {key}", _header(sha256.encode()), peer=PROXY)
    assert refused.value.code == "C0505"


def test_a_bound_token_is_worth_nothing_without_its_certificate(behind: House, sha256: str, clock: FixedClock) -> None:
    behind.add(thumbprint=sha256)
    secret = behind.register.rotate_secret("child-medical")
    clock.advance(timedelta(seconds=1))
    own, other = _header(sha256.encode()), _header(thumbprint(b"ab" * 32).encode())  # type: ignore[union-attr]
    proof = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }

    def ask(header: tuple[bytes, bytes], peer: str = PROXY) -> Any:
        from urllib.parse import urlencode

        from tests.callers.conftest import FORM

        body = urlencode({**proof, "client_assertion": behind.assertion(secret)}).encode()
        return behind.callers.endpoint.token([FORM, header], body, peer)

    token = ask(own).body["access_token"]
    assert behind.who(f"Bearer {token}", own, peer=PROXY).client_id == "child-medical"
    for headers in ((), (other,)):
        with pytest.raises(NotAuthenticated):
            behind.who(f"Bearer {token}", *headers, peer=PROXY)
    assert ask(other).status == 401, "another certificate gets no token"
    assert ask(own, "192.0.2.7").status == 401, "nor does one from elsewhere than the proxy"


def test_a_credential_is_sent_once(here: House) -> None:
    here.add()
    key = here.register.rotate_key("child-medical").encode()
    twice = [(b"authorization", b"Bearer " + key)] * 2
    with pytest.raises(NotAuthenticated):
        here.authenticator.authenticate(twice, None)


@pytest.mark.parametrize(
    "credential", ["", " ", "Bearer", "Bearer ", "Basic eDp5", "jk_", "Bearer jk_" + "a" * 52, "ApiKey x"]
)
def test_credentials_that_are_none(here: House, credential: str) -> None:
    here.add()
    here.register.rotate_key("child-medical")
    with pytest.raises(NotAuthenticated) as refused:
        here.who(credential)
    assert refused.value.status == 401
    assert dict(refused.value.headers)["WWW-Authenticate"].startswith("Bearer")


def test_without_a_credential_the_challenge_names_no_error(here: House) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        here.who(None)
    assert refused.value.headers == (("WWW-Authenticate", 'Bearer realm="jorei"'),), "RFC 6750, section 3"


def test_a_caller_that_calls_too_often(build: Callable[..., House]) -> None:
    house = build(per_minute=1_000)
    house.add(per_minute=5)
    house.add("other-one")
    key, other = (house.register.rotate_key(c) for c in ("child-medical", "other-one"))
    headers = [(b"authorization", b"Bearer " + key.encode())]
    for _ in range(5):
        house.authenticator.admit(headers, None)
    with pytest.raises(TooManyRequests) as refused:
        house.authenticator.admit(headers, None)
    assert refused.value.status == 429
    assert 1 <= refused.value.retry_after <= 60
    assert refused.value.headers == (("Retry-After", str(refused.value.retry_after)),)
    house.authenticator.admit([(b"authorization", b"Bearer " + other.encode())], None)


def test_strangers_are_limited_by_where_they_come_from(build: Callable[..., House]) -> None:
    house = build(stranger_per_minute=3)
    house.add()
    key = house.register.rotate_key("child-medical")
    for _ in range(3):
        with pytest.raises(NotAuthenticated):
            house.authenticator.admit([], "192.0.2.1")
    with pytest.raises(TooManyRequests):
        house.authenticator.admit([], "192.0.2.1")
    with pytest.raises(NotAuthenticated):
        house.authenticator.admit([], "192.0.2.2")
    good = [(b"authorization", b"Bearer " + key.encode())]
    assert house.authenticator.admit(good, "192.0.2.1").client_id == "child-medical", "who is known is not shut out"


def test_guesses_at_the_token_endpoint_are_limited(build: Callable[..., House]) -> None:
    house = build(stranger_per_minute=3)
    statuses = [house.ask_with(house.assertion("x" * 32, "nobody-here")).status for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]


@pytest.mark.parametrize(("limit", "workers", "share"), [(6_000, 1, 6_000), (6_000, 4, 1_500), (2, 4, 1)])
def test_a_limit_is_shared_out_and_kept(limit: int, workers: int, share: int) -> None:
    limits, caller = Limits(limit, workers=workers), a_caller()
    taken = sum(_passes(limits, caller) for _ in range(share * 2 + 10))
    assert share * 0.9 - 1 <= taken <= share


def _passes(limits: Limits, caller: Caller) -> bool:
    try:
        limits.caller(caller)
    except TooManyRequests:
        return False
    return True


def test_no_limit_is_no_limit() -> None:
    limits = Limits(None, None)
    for _ in range(1_000):
        limits.caller(a_caller())
        limits.stranger("192.0.2.1")


def test_authenticating_a_remembered_credential_takes_three_microseconds_at_most(
    build: Callable[..., House], clock: FixedClock
) -> None:
    """The best of many rounds: what the work itself costs, not what else the machine does."""
    house = build(per_minute=100_000_000)
    house.authenticator._every = 1.0
    house.add()
    key, secret = house.register.rotate_key("child-medical"), house.register.rotate_secret("child-medical")
    clock.advance(timedelta(seconds=1))
    token = house.token(secret)
    for credential in (key, token):
        headers = [
            (b"host", b"pdp"),
            (b"accept", b"*/*"),
            (b"content-type", b"application/json"),
            (b"content-length", b"200"),
            (b"authorization", f"Bearer {credential}".encode()),
            (b"x-request-id", b"r1"),
        ]
        best = min(_round(house, headers) for _ in range(50))
        assert best < 3e-6, f"{best * 1e6:.2f} µs"


def _round(house: House, headers: list[tuple[bytes, bytes]]) -> float:
    start = thread_time()
    for _ in range(200):
        house.authenticator.admit(headers, "192.0.2.7")
    return (thread_time() - start) / 200


def test_a_moment_without_its_zone_is_no_clock() -> None:
    with pytest.raises(ValueError, match="offset"):
        FixedClock(datetime(2026, 11, 26, 9))  # noqa: DTZ001
