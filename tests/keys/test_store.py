"""The key folder: who can open it, which key does what, and what other processes see of it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from joserfc import jws

from api.clock import FixedClock, SystemClock
from api.keys import KeyRefused, KeyStore, Purpose, State
from api.keys.files import make_folder
from api.publication import JAPAN

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=JAPAN)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> KeyStore:
    return KeyStore(tmp_path / "keys", clock)


def kids(store: KeyStore, purpose: Purpose) -> list[str]:
    return [str(key.kid) for key in store.public_keys(purpose).keys]


def states(store: KeyStore) -> list[State]:
    return [state for _, _, state in store.listed()]


def refused(code: str) -> object:
    return pytest.raises(KeyRefused, match=code)


# ---- folders ----------------------------------------------------------------------------------------


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The umask under which files are made for everybody to read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_a_secret_drawn_first_leaves_the_purpose_to_its_owner_alone(tmp_path: Path, clock: FixedClock) -> None:
    store = KeyStore(tmp_path / "home" / "keys", clock)
    store.secret(Purpose.TOKEN, "pepper")
    store.put_secret(Purpose.VAULT, "share", b"x")
    for purpose in (Purpose.TOKEN, Purpose.VAULT):
        assert store.signing_key(purpose).is_private
    folders = [path for path in (tmp_path / "home").rglob("*") if path.is_dir()]
    assert len(folders) > 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


@pytest.mark.usefixtures("open_umask")
def test_folders_above_are_made_as_closed_as_the_one_asked_for(tmp_path: Path) -> None:
    make_folder(tmp_path / "keys" / "token" / "secrets")
    for path in (tmp_path / "keys", tmp_path / "keys" / "token", tmp_path / "keys" / "token" / "secrets"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    (tmp_path / "keys").chmod(0o750)  # of somebody else's making: what is above is not looked at, or changed
    make_folder(tmp_path / "keys" / "permit")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o750


# ---- keys -------------------------------------------------------------------------------------------


def test_a_key_is_made_on_first_use_and_stays(store: KeyStore, tmp_path: Path, clock: FixedClock) -> None:
    key = store.signing_key(Purpose.PERMIT)
    assert key.is_private
    assert key.kid == key.thumbprint()
    assert store.signing_key(Purpose.PERMIT).kid == key.kid
    assert KeyStore(tmp_path / "keys", clock).signing_key(Purpose.PERMIT).as_dict() == key.as_dict()
    assert store.signing_key(Purpose.TOKEN).kid != key.kid


def test_what_one_signs_the_other_verifies(store: KeyStore) -> None:
    key = store.signing_key(Purpose.BUNDLE)
    token = jws.serialize_compact({"alg": "Ed25519", "kid": str(key.kid)}, b"text", key, algorithms=["Ed25519"])
    assert jws.deserialize_compact(token, store.public_keys(Purpose.BUNDLE), algorithms=["Ed25519"]).payload == b"text"
    public = store.verifying_key(Purpose.BUNDLE, str(key.kid))
    assert public is not None
    assert not public.is_private
    assert store.verifying_key(Purpose.PERMIT, str(key.kid)) is None


def test_the_jwk_set_holds_public_parts_only(store: KeyStore) -> None:
    for purpose in Purpose:
        store.signing_key(purpose)
    found = store.jwks()["keys"]
    assert {key["purpose"] for key in found} == {"permit", "checkpoint", "token", "bundle"}
    for key in found:
        assert set(key) == {"kty", "crv", "x", "kid", "use", "alg", "purpose"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("OKP", "Ed25519", "sig", "Ed25519")


def test_rotation_overlaps_then_ends(store: KeyStore, clock: FixedClock) -> None:
    old = str(store.signing_key(Purpose.PERMIT).kid)
    new = store.rotate(Purpose.PERMIT)
    assert store.signing_key(Purpose.PERMIT).kid == new
    assert kids(store, Purpose.PERMIT) == [old, new]
    assert store.signing_key(Purpose.PERMIT, old).kid == old
    assert states(store) == [State.OVERLAP, State.ACTIVE]
    clock.advance(timedelta(seconds=299))
    assert store.verifying_key(Purpose.PERMIT, old) is not None, "longer than any permit lives"
    clock.advance(timedelta(seconds=1))
    assert store.verifying_key(Purpose.PERMIT, old) is None
    assert kids(store, Purpose.PERMIT) == [new]
    assert states(store) == [State.RETIRED, State.ACTIVE]
    with refused("P0332"):
        store.signing_key(Purpose.PERMIT, old)


@pytest.mark.parametrize("purpose", [Purpose.CHECKPOINT, Purpose.BUNDLE])
def test_evidence_verifies_for_years(store: KeyStore, clock: FixedClock, purpose: Purpose) -> None:
    old = str(store.signing_key(purpose).kid)
    new = store.rotate(purpose)
    clock.advance(timedelta(days=4000))
    assert kids(store, purpose) == [old, new]
    assert store.verifying_key(purpose, old) is not None
    with refused("P0332"):
        store.signing_key(purpose, old)
    store.revoke(old)
    assert kids(store, purpose) == [new]


def test_a_revoked_key_is_gone_at_once_and_another_signs(store: KeyStore, tmp_path: Path) -> None:
    old = str(store.signing_key(Purpose.TOKEN).kid)
    assert store.revoke(old) is Purpose.TOKEN
    assert store.verifying_key(Purpose.TOKEN, old) is None
    assert old not in json.dumps(store.jwks())
    assert store.signing_key(Purpose.TOKEN).kid != old
    assert not (tmp_path / "keys" / "token" / f"{old}.jwk").exists()
    assert states(store) == [State.REVOKED, State.ACTIVE]
    store.revoke(old)
    assert states(store) == [State.REVOKED, State.ACTIVE]


def test_a_key_in_overlap_revoked_leaves_the_active_one(store: KeyStore) -> None:
    old = str(store.signing_key(Purpose.PERMIT).kid)
    new = store.rotate(Purpose.PERMIT)
    store.revoke(old)
    assert kids(store, Purpose.PERMIT) == [new]
    assert store.signing_key(Purpose.PERMIT).kid == new


def test_a_name_no_key_has(store: KeyStore) -> None:
    store.signing_key(Purpose.PERMIT)
    for kid in ("", "x", "../permit/ring", "123456789012"):
        assert store.verifying_key(Purpose.PERMIT, kid) is None
        with refused("P0332") as caught:
            store.revoke(kid)
        assert "123456789012" not in str(caught.value)


# ---- files ------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_only_the_owner_opens_it(store: KeyStore, tmp_path: Path) -> None:
    store.signing_key(Purpose.PERMIT)
    store.rotate(Purpose.PERMIT)
    store.secret(Purpose.VAULT, "kek-1")
    for path in [tmp_path / "keys", *(tmp_path / "keys").rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_what_others_can_open_is_refused(store: KeyStore, tmp_path: Path, clock: FixedClock) -> None:
    kid = str(store.signing_key(Purpose.PERMIT).kid)
    store.secret(Purpose.VAULT, "kek-1")
    folder = tmp_path / "keys"
    for path, mode, back in (
        (folder / "permit" / f"{kid}.jwk", 0o640, 0o600),
        (folder / "permit" / "ring.json", 0o604, 0o600),
        (folder / "vault" / "secrets" / "kek-1", 0o644, 0o600),
        (folder, 0o750, 0o700),
    ):
        path.chmod(mode)
        with refused("P0330"):
            other = KeyStore(folder, clock)
            other.signing_key(Purpose.PERMIT)
            other.secret(Purpose.VAULT, "kek-1")
        path.chmod(back)
    KeyStore(folder, clock).signing_key(Purpose.PERMIT)


@pytest.mark.parametrize(
    "damage",
    [b"", b"{}", b"null", b"\xff", b'{"v":1,"keys":[{"kid":"a","x":"!"}]}'],
    ids=["empty", "no keys", "null", "not UTF-8", "a key half there"],
)
def test_a_damaged_ring(store: KeyStore, tmp_path: Path, clock: FixedClock, damage: bytes) -> None:
    store.signing_key(Purpose.PERMIT)
    path = tmp_path / "keys" / "permit" / "ring.json"
    path.write_bytes(damage)
    other = KeyStore(tmp_path / "keys", clock)
    for use in (other.signing_key, other.public_keys, other.rotate):
        with refused("P0331"):
            use(Purpose.PERMIT)


def test_a_private_key_exchanged(store: KeyStore, tmp_path: Path, clock: FixedClock) -> None:
    mine = store.signing_key(Purpose.PERMIT)
    theirs = store.signing_key(Purpose.TOKEN)
    folder = tmp_path / "keys"
    path = folder / "permit" / f"{mine.kid}.jwk"
    for data in (
        (folder / "token" / f"{theirs.kid}.jwk").read_bytes(),
        json.dumps({**theirs.as_dict(private=True), "kid": mine.kid}).encode(),
        json.dumps(mine.as_dict(private=False)).encode(),
        b"",
    ):
        path.write_bytes(data)
        with refused("P0331"):
            KeyStore(folder, clock).signing_key(Purpose.PERMIT)
    path.unlink()
    with refused("P0331"):
        KeyStore(folder, clock).signing_key(Purpose.PERMIT)


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_a_link_in_place_of_a_key(store: KeyStore, tmp_path: Path, clock: FixedClock) -> None:
    kid = str(store.signing_key(Purpose.PERMIT).kid)
    path = tmp_path / "keys" / "permit" / f"{kid}.jwk"
    path.rename(tmp_path / "elsewhere.jwk")
    path.symlink_to(tmp_path / "elsewhere.jwk")
    with refused("P0331"):
        KeyStore(tmp_path / "keys", clock).signing_key(Purpose.PERMIT)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path, clock: FixedClock) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o500)
    with refused("P0333"):
        KeyStore(folder, clock).signing_key(Purpose.PERMIT)


def test_a_file_where_the_folder_belongs(tmp_path: Path, clock: FixedClock) -> None:
    (tmp_path / "keys").write_bytes(b"")
    with refused("P0333"):
        KeyStore(tmp_path / "keys", clock)


# ---- secrets ----------------------------------------------------------------------------------------


def test_secrets(store: KeyStore, tmp_path: Path, clock: FixedClock) -> None:
    kept = store.secret(Purpose.VAULT, "kek-1", 32)
    assert len(kept) == 32
    other = KeyStore(tmp_path / "keys", clock)
    assert other.secret(Purpose.VAULT, "kek-1", 32) == kept
    assert other.secret(Purpose.VAULT, "kek-2", 32) != kept
    assert store.read_secret(Purpose.VAULT, "kek-3") is None
    store.put_secret(Purpose.VAULT, "kek-3", b"given")
    store.put_secret(Purpose.VAULT, "kek-3", b"given")
    assert other.read_secret(Purpose.VAULT, "kek-3") == b"given"
    with refused("P0331"):
        store.put_secret(Purpose.VAULT, "kek-3", b"other")
    with refused("P0331"):
        store.secret(Purpose.VAULT, "kek-1", 64)
    assert store.secret_names(Purpose.VAULT) == ("kek-1", "kek-2", "kek-3")
    assert store.secret_names(Purpose.TOKEN) == ()
    store.drop_secret(Purpose.VAULT, "kek-3")
    assert store.read_secret(Purpose.VAULT, "kek-3") is None


@pytest.mark.parametrize("name", ["", "..", "a/b", "../a", "A", ".lock", "a" * 65, "鍵"])
def test_names_of_secrets(store: KeyStore, name: str) -> None:
    for use in (store.secret, store.read_secret, store.drop_secret):
        with pytest.raises(ValueError, match="a name is of"):
            use(Purpose.VAULT, name)


# ---- threads and processes ----------------------------------------------------------------------------


def test_threads_agree_on_the_first_key(store: KeyStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: store.signing_key(Purpose.PERMIT).kid, range(40)))) == 1
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: store.secret(Purpose.VAULT, "kek"), range(40)))) == 1


def run(code: str, *arguments: str) -> subprocess.Popen[str]:
    start = "import sys; from pathlib import Path; from api.clock import SystemClock; from api.keys import *\n"
    start += "store = KeyStore(Path(sys.argv[1]), SystemClock())\n"
    return subprocess.Popen(
        [sys.executable, "-c", start + code, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return out.strip()


def test_processes_agree_on_the_first_key(tmp_path: Path) -> None:
    code = "print(store.signing_key(Purpose.PERMIT).kid, store.secret(Purpose.VAULT, 'kek').hex())"
    started = [run(code, str(tmp_path / "keys")) for _ in range(4)]
    assert len({said(one) for one in started}) == 1


def test_another_process_sees_a_rotation_within_a_second(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys", SystemClock())
    store.signing_key(Purpose.PERMIT)
    code = (
        "import time\n"
        "first = store.signing_key(Purpose.PERMIT).kid\n"
        "print(first, flush=True)\n"
        "while store.signing_key(Purpose.PERMIT).kid == first: time.sleep(0.01)\n"
        "print(store.signing_key(Purpose.PERMIT).kid, len(store.public_keys(Purpose.PERMIT).keys), time.time())"
    )
    process = run(code, str(tmp_path / "keys"))
    assert process.stdout is not None
    first = process.stdout.readline().strip()
    began = time.time()
    new = store.rotate(Purpose.PERMIT)
    kid, count, seen = said(process).split()
    assert (kid, count) == (new, "2")
    assert first != new
    assert float(seen) - began < 1.0


def test_rotations_in_many_processes_lose_no_key(tmp_path: Path, clock: FixedClock) -> None:
    started = [run("for _ in range(5): store.rotate(Purpose.PERMIT)", str(tmp_path / "keys")) for _ in range(4)]
    for one in started:
        said(one)
    store = KeyStore(tmp_path / "keys", clock)
    found = list(store.listed())
    assert len(found) == 20
    assert sum(key.until_ms is None for _, key, _ in found) == 1


# ---- against a model ----------------------------------------------------------------------------------


class Rings(RuleBasedStateMachine):
    """Rotations, revocations and time, as two stores on one folder see them."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.clock = FixedClock(NOW)
        path = Path(self.folder.name) / "keys"
        self.stores = [KeyStore(path, self.clock), KeyStore(path, self.clock)]
        self.active: str = str(self.stores[0].signing_key(Purpose.PERMIT).kid)
        self.until: dict[str, datetime] = {}
        self.revoked: set[str] = set()

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(which=st.integers(0, 1))
    def rotate(self, which: int) -> None:
        self.until[self.active] = self.clock.now() + timedelta(minutes=5)
        self.active = self.stores[which].rotate(Purpose.PERMIT)

    @rule(which=st.integers(0, 1), data=st.data())
    def revoke(self, which: int, data: st.DataObject) -> None:
        kid = data.draw(st.sampled_from([self.active, *sorted(self.until)]))
        self.stores[which].revoke(kid)
        self.revoked.add(kid)
        if kid == self.active:
            self.active = str(self.stores[which].signing_key(Purpose.PERMIT).kid)

    @rule(seconds=st.integers(1, 400))
    def wait(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @invariant()
    def both_see_the_same(self) -> None:
        overlapping = {kid for kid, until in self.until.items() if self.clock.now() < until}
        expected = (overlapping | {self.active}) - self.revoked
        for store in self.stores:
            assert set(kids(store, Purpose.PERMIT)) == expected
            assert store.signing_key(Purpose.PERMIT).kid == self.active
            assert {key["kid"] for key in store.jwks()["keys"]} == expected


Rings.TestCase.settings = settings(
    max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRings = Rings.TestCase
