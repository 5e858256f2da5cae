#!/usr/bin/env python3
"""記録の控え（*.tlog-proof）を確かめる。Python だけで動き、通信もしません。

使い方: python offline.py 控え.tlog-proof 公開鍵
    公開鍵は「名前+符号+鍵」の形の1行で、市役所が公表しているもの。
正しければ記録を示して0で、正しくなければ理由を示して1で終わります。
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys

# Ed25519 (RFC 8032), written out so that nobody has to trust a library; verifying needs no secrets.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


class Wrong(Exception):
    """The receipt does not prove what it says."""


def point(raw: bytes) -> Point:
    """Decode a point."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if y >= P or (x * x - x2) % P or (x == 0 and sign):
        raise Wrong("署名の形が正しくありません")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def add(p: Point, q: Point) -> Point:
    """Add two points."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(k: int, p: Point) -> Point:
    """Multiply a point."""
    q = (0, 1, 1, 0)
    while k:
        q, p, k = add(q, p) if k & 1 else q, add(p, p), k >> 1
    return q


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a key signed a message."""
    base_y = 4 * pow(5, P - 2, P) % P
    base = point(base_y.to_bytes(32, "little"))
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or len(public) != 32 or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = times(s, base), add(point(signature[:32]), times(k, point(public)))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def root_of(index: int, size: int, found: bytes, proof: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162)."""
    at, last = index, size - 1
    for one in proof:
        if last == 0 or len(one) != 32:
            raise Wrong("証明の長さが合いません")
        if at & 1 or at == last:
            found = hashlib.sha256(b"\x01" + one + found).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + one).digest()
        at, last = at >> 1, last >> 1
    if last:
        raise Wrong("証明の長さが合いません")
    return found


def checkpoint(note: str, vkey: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the key signed."""
    name, key_id, key = vkey.strip().split("+", 2)
    public = base64.b64decode(key, validate=True)
    if public[:1] != b"\x01" or hashlib.sha256(f"{name}\n".encode() + public).hexdigest()[:8] != key_id:
        raise Wrong("公開鍵の形が正しくありません")
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    for line in signatures.splitlines():
        signer, _, raw = line.removeprefix("— ").partition(" ")
        signature = base64.b64decode(raw, validate=True)
        if signer == name and signature[:4].hex() == key_id:
            if not signed(public[1:], text.encode(), signature[4:]):
                raise Wrong("検査点の署名が正しくありません")
            origin, size, root = text.split("\n")[:3]
            if origin != name:
                raise Wrong("ほかの記録の検査点です")
            return int(size), base64.b64decode(root, validate=True)
    raise Wrong("検査点に、この公開鍵の署名がありません")


def check(receipt: str, vkey: str) -> dict[str, object]:
    """What a receipt proves: its leaf, and its body where it is kept."""
    proof, _, note = receipt.partition("\n\n")
    form, extra, index, *hashes = proof.split("\n")
    if form != "c2sp.org/tlog-proof@v1" or not extra.startswith("extra ") or not index.startswith("index "):
        raise Wrong("控えの形が正しくありません")
    size, root = checkpoint(note, vkey)
    data = json.loads(base64.b64decode(extra[6:], validate=True))
    at, leaf = int(index[6:]), data["leaf"].encode()
    if not 0 <= at < size:
        raise Wrong("検査点より後の記録です")
    hashed = hashlib.sha256(b"\x00" + leaf).digest()
    if root_of(at, size, hashed, [base64.b64decode(one, validate=True) for one in hashes]) != root:
        raise Wrong("この記録は、検査点の記録に含まれていません")
    result: dict[str, object] = {"index": at, "size": size, "leaf": json.loads(leaf), "body": None}
    if "body" in data:
        bound = hashlib.sha256(base64.b64decode(data["salt"], validate=True) + data["body"].encode()).digest()
        if base64.urlsafe_b64encode(bound).decode().rstrip("=") != json.loads(leaf)["commit"]:
            raise Wrong("本文が、記録の約束と合いません")
        result["body"] = json.loads(data["body"])
    return result


def main(arguments: list[str]) -> int:
    """Check the receipt of the command line."""
    if len(arguments) != 2:
        print(__doc__)
        return 2
    try:
        with open(arguments[0], encoding="utf-8", newline="") as file:
            found = check(file.read(), arguments[1])
    except (Wrong, OSError, ValueError, KeyError, TypeError) as error:
        print(f"正しくありません: {error if isinstance(error, Wrong) else '控えを読めません'}")
        return 1
    print(json.dumps(found, ensure_ascii=False, indent=2))
    print(f"この記録は、署名された検査点（{found['size']}件）の{found['index']}番にあります。", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
