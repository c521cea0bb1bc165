"""The audit log as others can check it: signed heads, receipts, anchors.

Every entry of the ledger is a leaf of a Merkle tree (RFC 9162). A *head* signs the tree's size and root
with Ed25519; a *receipt* is an event with the path that leads from it to a head; an *anchor* is a head
kept elsewhere, which later shows whether the log was cut or rewritten. Whoever can write the database but
does not have the key cannot make a head.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from arriero.core.clock import Clock
from arriero.core.errors import StoreError
from arriero.core.words import JsonValue, canonical_json
from arriero.security.keyfile import KeyFile
from arriero.store.audit_log import AuditStore, Head, Placed
from arriero.store.base import Leaf
from arriero.store.rows import commitment
from arriero.store.schema import micros

FORMAT = "arriero-audit-1"  # what a signature is over; a change of the format needs another name
KEY = KeyFile("the audit key", "ARRIERO_AUDIT_KEY", "audit.key")
PUBLIC = "audit.pub"  # beside the key, for whoever verifies


class AuditChanged(StoreError):
    """What was signed is not what the database holds: somebody changed the log."""

    code = "audit_changed"


def audit_key(folder: Path, environment: Mapping[str, str] = os.environ) -> Ed25519PrivateKey:
    """The signing key (see `KeyFile.secret`); its public half is put beside it."""
    key = Ed25519PrivateKey.from_private_bytes(KEY.secret(folder, environment))
    public = folder / PUBLIC
    if not public.exists():
        public.write_text(public_key(key) + "\n", encoding="ascii")
    return key


def public_key(key: Ed25519PrivateKey) -> str:
    """64 hexadecimal digits."""
    return key.public_key().public_bytes_raw().hex()


def signed(head: Head) -> bytes:
    """What the signature of a head is over."""
    told = {
        "at": micros(head.at),
        "format": FORMAT,
        "public_key": head.public_key,
        "root": head.root,
        "size": head.size,
    }
    return canonical_json(told)


def is_signed(head: Head) -> bool:
    """Whether the head's own key signed it. Whether that key is to be trusted is another question."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head.public_key))
        key.verify(bytes.fromhex(head.signature), signed(head))
    except (InvalidSignature, ValueError):
        return False
    return True


def head_json(head: Head) -> dict[str, JsonValue]:
    """A head as anchors and receipts carry it; `at` in microseconds since 1970 UTC."""
    return {
        "format": FORMAT,
        "size": head.size,
        "root": head.root,
        "at": micros(head.at),
        "public_key": head.public_key,
        "signature": head.signature,
    }


def receipt_json(placed: Placed, content: bytes | None) -> dict[str, JsonValue]:
    """A receipt: the event, where it stands, and what it commits to if that is told and still known."""
    leaf = placed.leaf
    told: dict[str, JsonValue] = {
        "seq": leaf.seq,
        "event": {
            "actor": leaf.actor,
            "at": micros(leaf.at),
            "content": leaf.content,
            "kind": leaf.kind,
            "subject": leaf.subject,
            "tenant": leaf.tenant,
        },
        "path": [sibling.hex() for sibling in placed.path],
    }
    if content is not None and committed(leaf, content):
        told |= {"salt": leaf.salt, "content": content.decode()}
    return told


def committed(leaf: Leaf, content: bytes) -> bool:
    """Whether the leaf commits to exactly this content; False once its salt was erased."""
    try:
        return leaf.salt is not None and commitment(leaf.salt, content) == leaf.content
    except ValueError:  # somebody wrote something into the salt
        return False


@dataclass
class AuditLog:
    """Signs heads and gives receipts. One of each database may sign at a time; several do no harm."""

    store: AuditStore
    key: Ed25519PrivateKey
    clock: Clock

    def __post_init__(self) -> None:
        self._sealing = asyncio.Lock()

    async def seal(self, _now: datetime | None = None) -> Head | None:
        """A head over everything recorded so far: the newest one, or a new one. None: nothing yet.

        Raises:
            AuditChanged: the log is not a continuation of what was signed before.
        """
        async with self._sealing:
            last = await self.store.head()
            size = await self.store.size()
            if last is not None and last.size > size:
                raise AuditChanged(
                    f"the audit log had {last.size} leaves when it was signed, now it has {size}; "
                    "run `arriero audit verify`"
                )
            if size == 0 or (last is not None and last.size == size):
                return last
            await self.store.grow()
            if last is not None and (await self.store.root(last.size)).hex() != last.root:
                raise AuditChanged(
                    f"the first {last.size} leaves of the audit log are not those that were signed; "
                    "run `arriero audit verify`"
                )
            root = (await self.store.root(size)).hex()
            bare = Head(size, root, self.clock.now(), public_key(self.key), "")
            head = replace(bare, signature=self.key.sign(signed(bare)).hex())
            await self.store.keep(head)
            return head

    async def receipts(
        self, tenant: str, subject: str, contents: Sequence[bytes] = ()
    ) -> JsonValue | None:
        """Head and receipts of all that was recorded about `subject`; None when nothing was.

        A receipt carries that one of `contents` which its event commits to.
        """
        seqs = await self.store.about(tenant, subject)
        head = await self.seal() if seqs else None
        if head is None:
            return None
        return await self.bundle(head, seqs, contents)

    async def bundle(
        self, head: Head, seqs: Sequence[int], contents: Sequence[bytes] = ()
    ) -> JsonValue:
        """The head and the receipts of the leaves numbered `seqs` under it."""
        receipts = [
            receipt_json(placed, next((it for it in contents if committed(placed.leaf, it)), None))
            for placed in await self.store.place(seqs, head.size)
        ]
        return {"head": head_json(head), "receipts": receipts}
