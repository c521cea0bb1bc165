"""Checks the receipts beside this file: python3 verify.py [FOLDER]. Needs Python 3.8 and nothing else.

A receipt says: this event stood in the log at this place when the head was signed. Three things are
checked: the signature of the head (Ed25519, RFC 8032), the path from each event to the head's root
(RFC 9162), and, where an event's content is told, that the event commits to it. Compare the public key
that is printed with the one that you were given otherwise; it is the only thing to be trusted.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import sys
from typing import Any, Sequence, Tuple

Point = Tuple[int, int, int, int]

# Ed25519 by the formulas of RFC 8032, section 5.1: slow, short, for verifying only.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a: Point, b: Point) -> Point:
    """The sum of two points in extended coordinates."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    return (
        (f - e) * (h - g) % P,
        (h + g) * (f + e) % P,
        (h - g) * (h + g) % P,
        (f - e) * (f + e) % P,
    )


def times(n: int, base: Point) -> Point:
    """`n` times a point."""
    result = (0, 1, 1, 0)
    while n:
        if n & 1:
            result = add(result, base)
        base, n = add(base, base), n >> 1
    return result


def point(data: bytes) -> Point:
    """The point that 32 bytes stand for; ValueError when there is none."""
    y = int.from_bytes(data, "little")
    odd, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and odd):
        raise ValueError("no point of the curve")
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


BASE = point(((4 * pow(5, P - 2, P)) % P).to_bytes(32, "little"))


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) of `message` holds under the public `key` (32 bytes)."""
    try:
        theirs, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    except ValueError:
        return False
    if len(signature) != 64 or s >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    left, right = times(s, BASE), add(r, times(int.from_bytes(digest, "little") % ORDER, theirs))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


def canonical(value: Any) -> bytes:
    """RFC 8785 for what receipts hold: objects of strings and integers."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def sha256(data: bytes) -> bytes:
    """32 bytes."""
    return hashlib.sha256(data).digest()


def leads_to(leaf: bytes, index: int, size: int, path: Sequence[str], root: bytes) -> bool:
    """Whether the path proves that `leaf` is number `index` of `size` under `root` (RFC 9162)."""
    if not 0 <= index < size:
        return False
    node, last, here = index, size - 1, leaf
    for sibling in map(bytes.fromhex, path):
        if last == 0:
            return False
        if node & 1 or node == last:
            here = sha256(b"\x01" + sibling + here)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            here = sha256(b"\x01" + here + sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and here == root


def wrong(receipt: Any, head: Any) -> str:
    """What is wrong with a receipt; an empty string when it holds."""
    if receipt["event"]["content"] is None:
        return "is from before the proofs"
    leaf = sha256(b"\x00" + canonical(receipt["event"]))
    root = bytes.fromhex(head["root"])
    if not leads_to(leaf, receipt["seq"] - 1, head["size"], receipt["path"], root):
        return "does not lead to the signed root"
    if "content" in receipt:
        told = sha256(bytes.fromhex(receipt["salt"]) + receipt["content"].encode()).hex()
        if told != receipt["event"]["content"]:
            return "does not commit to the content that is told"
    return ""


def main(folder: pathlib.Path) -> int:
    """Check the folder, say what does not hold; the exit status."""
    head = json.loads((folder / "head.json").read_text(encoding="utf-8"))
    signed = {name: value for name, value in head.items() if name != "signature"}
    key, signature = bytes.fromhex(head["public_key"]), bytes.fromhex(head["signature"])
    if not is_signed(key, canonical(signed), signature):
        print("the signature of the head does not hold")
        return 1
    # Not `splitlines`: a name or a text may hold other ends of lines.
    text = (folder / "receipts.jsonl").read_text(encoding="utf-8")
    lines = [line for line in text.split("\n") if line]
    if not lines:
        print("receipts.jsonl holds no receipt: nothing was checked")
        return 1
    bad = 0
    for receipt in map(json.loads, lines):
        if problem := wrong(receipt, head):
            bad += 1
            print(f"event {receipt['seq']} ({receipt['event']['kind']}) {problem}")
    print(f"{len(lines) - bad} of {len(lines)} receipts hold, under the key {head['public_key']}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(
        main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent))
    )
