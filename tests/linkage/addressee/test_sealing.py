"""Sealed texts open only for whom they were sealed, and say nothing by themselves."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey, OKPKey

from linkage.addressee.sealing import LARGEST, Ephemeral, SealRefused, seal, sealed_handle, unseal, unseal_for_vault
from linkage.addressee.secrets import Secret
from tests.linkage.addressee.numbers import number


class Kept:
    """Secrets in memory."""

    def __init__(self, *kids: str) -> None:
        self._secrets = {kid: Secret(kid, bytes([i]) * 32) for i, kid in enumerate(kids, 1)}

    def active(self) -> Secret:
        return list(self._secrets.values())[-1]

    def of(self, kid: str) -> Secret | None:
        return self._secrets.get(kid)

    def rotate(self) -> Secret:
        raise NotImplementedError


def test_there_and_back() -> None:
    secrets = Kept("kek-000001", "kek-000002")
    for kid in ("kek-000001", "kek-000002"):
        secret = secrets.of(kid)
        assert secret is not None
        sealed = seal(number(1), secret.sealing.as_dict(private=False))
        assert unseal_for_vault(sealed, secrets) == number(1)
    mine = Ephemeral()
    assert mine.open(seal("答え", mine.public)) == "答え"
    assert "d" not in mine.public


def test_sealed_text_holds_no_digit_of_it_and_never_repeats() -> None:
    mine = Ephemeral()
    one, two = seal(number(2), mine.public), seal(number(2), mine.public)
    assert one != two
    assert sealed_handle(one) != sealed_handle(two)
    for part in one.split("."):
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        assert number(2).encode() not in decoded
    assert number(2) not in one


def test_a_batch_has_room_and_more_has_not() -> None:
    mine = Ephemeral()
    assert len(mine.open(seal("市" * 500_000, mine.public))) == 500_000
    with pytest.raises(SealRefused):
        mine.open(seal("x" * (LARGEST + 1), mine.public))


def test_only_its_own_key_opens_it() -> None:
    with pytest.raises(SealRefused) as refused:
        Ephemeral().open(seal(number(3), Ephemeral().public))
    assert refused.value.code == "G0634"
    other = seal(number(3), Secret("kek-000001", b"x" * 32).sealing.as_dict(private=False))
    with pytest.raises(SealRefused):
        unseal_for_vault(other, Kept("kek-000001"))
    with pytest.raises(SealRefused):
        unseal_for_vault(other, Kept("kek-000009"))


@given(st.data())
def test_a_changed_character_opens_nothing(data: st.DataObject) -> None:
    secrets = Kept("kek-000001")
    sealed = seal(number(4), secrets.active().sealing.as_dict(private=False))
    place = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != sealed[place]))
    changed = sealed[:place] + other + sealed[place + 1 :]
    if sealed[place + 1 : place + 2] in ("", "."):
        return  # the last character of a part may carry bits that base64 leaves out
    with pytest.raises(SealRefused) as refused:
        unseal_for_vault(changed, secrets)
    assert refused.value.code == "G0634"


@given(st.text())
def test_no_text_whatever_opens(text: str) -> None:
    with pytest.raises(SealRefused):
        unseal_for_vault(text, Kept("kek-000001"))


def test_other_algorithms_and_kinds_are_refused() -> None:
    secrets = Kept("kek-000001")
    key = secrets.active().sealing
    public = OKPKey.import_key(key.as_dict(private=False))
    good = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "typ": "jorei-sealed+jwe", "kid": "kek-000001"}
    for change in ({"alg": "ECDH-ES"}, {"enc": "A128GCM"}, {"enc": "A256CBC-HS512"}, {"typ": "JWT"}, {"zip": "DEF"}):
        wanted = {**good, **change}
        from joserfc.jwe import JWERegistry

        registry = JWERegistry(algorithms=[str(wanted["alg"]), str(wanted["enc"]), "DEF"])
        sealed = jwe.encrypt_compact(wanted, b"x", public, registry=registry)
        with pytest.raises(SealRefused):
            unseal(sealed, key)
    direct = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, b"x", OctKey.generate_key(256))
    with pytest.raises(SealRefused):
        unseal(direct, key)


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"kty": "OKP", "crv": "X25519"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": "oct", "k": "AAAA", "crv": "X25519", "x": "AA"},
        OKPKey.generate_key("Ed25519").as_dict(private=False),
        ECKey.generate_key("P-256").as_dict(private=False),
    ],
    ids=["empty", "no x", "short", "oct", "Ed25519", "P-256"],
)
def test_no_other_key_is_sealed_to(key: dict[str, str]) -> None:
    with pytest.raises(SealRefused) as refused:
        seal("x", key)
    assert refused.value.code == "G0635"


def test_a_root_secret_shows_nothing() -> None:
    secret = Secret("kek-000001", b"\x07" * 32)
    assert "\\x07" not in repr(secret)
    drawn = secret.sealing.as_dict(private=True)
    assert json.dumps(drawn["d"]) not in repr(secret)
    assert secret.sealing.as_dict(private=False) == Secret("kek-000001", b"\x07" * 32).sealing.as_dict(private=False)
    assert secret.sealing.as_dict(private=False) != Secret("kek-000001", b"\x08" * 32).sealing.as_dict(private=False)
