"""Signed notes and checkpoints of C2SP."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.decision_log import note
from api.decision_log.note import Checkpoint, NoteRefused, Signer, Verifier
from tests.decision_log.helping import ORIGIN, signer

_ROOT = bytes(range(32))

#: From the tests of golang.org/x/mod/sumdb/note.
_PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
_SIGNED = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_of_another_implementation() -> None:
    key = Verifier.parse(_PETER)
    assert key.text == _PETER
    assert note.opened(_SIGNED, [key]).startswith("If you think")
    with pytest.raises(NoteRefused):
        note.opened(_SIGNED.replace("think", "thing"), [key])


def test_checkpoint() -> None:
    made = Checkpoint(ORIGIN, 1234, _ROOT)
    signed = note.sign(made, signer())
    lines = signed.split("\n")
    assert lines[:4] == [ORIGIN, "1234", base64.b64encode(_ROOT).decode(), ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert note.verify(signed, [signer().verifier]) == made
    assert note.verify(signed, [signer(2).verifier, signer().verifier]) == made


def test_a_witness_may_sign_too() -> None:
    signed = note.sign(Checkpoint(ORIGIN, 1, _ROOT), signer())
    witness = Signer("witness.example", signer(9).private)
    extra = witness.sign(note.opened(signed, [signer().verifier])).rpartition("\n\n")[2]
    assert note.verify(signed + extra, [signer().verifier]).size == 1
    with pytest.raises(NoteRefused):
        note.verify(signed + extra, [witness.verifier])  # its name is not the origin


def test_unknown_key() -> None:
    signed = note.sign(Checkpoint(ORIGIN, 1, _ROOT), signer())
    with pytest.raises(NoteRefused):
        note.verify(signed, [signer(2).verifier])
    with pytest.raises(NoteRefused):
        note.verify(signed, [])
    with pytest.raises(ValueError):
        note.sign(Checkpoint("other.example", 1, _ROOT), signer())


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_bit_can_change(at: int, bit: int) -> None:
    signed = note.sign(Checkpoint(ORIGIN, 1234, _ROOT), signer()).encode()
    at %= len(signed)
    changed = signed[:at] + bytes([signed[at] ^ 1 << bit]) + signed[at + 1 :]
    try:
        text = changed.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(NoteRefused):
        note.verify(text, [signer().verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a\n\n",
        "a\n\nb\n",
        f"{ORIGIN}\n1\n{base64.b64encode(_ROOT).decode()}\n",
    ],
)
def test_not_notes(text: str) -> None:
    with pytest.raises(NoteRefused):
        note.verify(text, [signer().verifier])


@pytest.mark.parametrize("size", ["01", "-1", "+1", "１", "1 ", "", "9" * 30])
def test_sizes_have_one_form(size: str) -> None:
    signed = signer().sign(f"{ORIGIN}\n{size}\n{base64.b64encode(_ROOT).decode()}\n")
    with pytest.raises(NoteRefused):
        note.verify(signed, [signer().verifier])


@pytest.mark.parametrize("text", ["", "a", "a+b", "a+00000000+AQ==", signer().verifier.text.replace("+", "+0", 1)])
def test_not_keys(text: str) -> None:
    with pytest.raises(NoteRefused):
        Verifier.parse(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b"])
def test_names(name: str) -> None:
    with pytest.raises(ValueError):
        Signer(name, signer().private)


@pytest.mark.parametrize("text", ["no newline", "tab\t\n", "\r\n"])
def test_texts(text: str) -> None:
    with pytest.raises(ValueError):
        signer().sign(text)
