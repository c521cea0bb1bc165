"""Signed webhooks: who sent this body, and when. The Standard Webhooks specification, version 1.

The signature is HMAC-SHA256 over ``id.timestamp.body``, in base64 after ``v1,``. The secret is
``whsec_`` and 24 to 64 random bytes in base64. A receiver keeps the ids that it has seen: a message
that was not acknowledged comes again with the same one.
Source: https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from arriero.core.errors import SettingsError, Unauthenticated

PREFIX = "whsec_"
VERSION = "v1"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
FEWEST, MOST = 24, 64  # bytes of a secret, as the specification recommends
TOLERANCE_S = 300.0  # how old or how early a message may be: the reference libraries' five minutes
MOST_SIGNATURES = 16  # in one header, while secrets are rotated; more is no sender of ours


def new_secret() -> str:
    """A secret of 256 random bits, as `read_secret` takes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def read_secret(text: str, where: str) -> bytes:
    """The key in `text`; `where` names its place in the `SettingsError` when it is none."""
    try:
        key = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not FEWEST <= len(key) <= MOST:
        raise SettingsError(
            f"{where} holds no webhook secret; it is {PREFIX} and {FEWEST} to {MOST} random bytes "
            "in base64, as `arriero alerts secret` prints one"
        )
    return key


def sign(key: bytes, id: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """The three headers under which `body` is sent at the moment `at` (kept to the second)."""
    seconds = str(int(at.timestamp()))
    return {ID: id, TIMESTAMP: seconds, SIGNATURE: _signature(key, id, seconds, body)}


def verify(
    keys: Sequence[bytes],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    *,
    tolerance_s: float = TOLERANCE_S,
) -> str:
    """The id of a message that the holder of one of `keys` sent within `tolerance_s` of `now`.

    `headers` are looked up in any case of letters. Several keys let a secret be rotated.

    Raises:
        Unauthenticated: a header is missing, the message is too old or too early, or no signature
            in it is right. Whoever asks twice with one id is for the caller to find.
    """
    told = {name.lower(): value for name, value in headers.items()}
    if missing := [name for name in (ID, TIMESTAMP, SIGNATURE) if not told.get(name)]:
        raise Unauthenticated(f"the message is not signed: the header {missing[0]!r} is missing")
    id, seconds = told[ID], told[TIMESTAMP]
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        raise Unauthenticated(f"{TIMESTAMP} is not a number of seconds since 1970")
    if "." in id:  # it ends the id in what is signed, so `1.2` could pass for id `1` at second `2`
        raise Unauthenticated(f"{ID} holds a full stop, which no id may")
    away = now.timestamp() - int(seconds)
    if abs(away) > tolerance_s:
        raise Unauthenticated(
            f"the message was signed {abs(away):.0f} s {'ago' if away > 0 else 'ahead'}, more than "
            f"{tolerance_s:.0f} s; send it anew, and see that both clocks are right"
        )
    given = told[SIGNATURE].split()[:MOST_SIGNATURES]
    expected = [_signature(key, id, seconds, body).encode() for key in keys]
    # Every pair is compared, so that the time says nothing about which one was near.
    right = [hmac.compare_digest(one.encode(), mine) for one in given for mine in expected]
    if not any(right):
        raise Unauthenticated("no signature of the message is right; both sides need one secret")
    return id


def _signature(key: bytes, id: str, seconds: str, body: bytes) -> str:
    content = b".".join((id.encode(), seconds.encode(), body))
    return f"{VERSION},{base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()}"
