"""Reading a request's body: all of it, bounded, UTF-8, without control characters.

Control characters other than tab, line feed and carriage return are removed from the JSON text, raw
or escaped: they come from terminals and copied PDFs, mean nothing to a model, and PostgreSQL refuses
NUL. A customer's question is not lost for them.
"""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from arriero.core.errors import InputError, TooLarge
from arriero.server.errors import ClientGone, EdgeError

BODY_WITHIN_S = 10.0  # a body that drips slower than this holds a slot for nothing
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)

# One escape at a time, so that the backslash of `\\u0000` (text, not a control character) is passed
# over. Escaped and raw: U+0000-001F but for tab, line feed and carriage return, U+007F-009F.
# Half a surrogate pair is no character; every other `\uXXXX`, a whole pair too, is passed over. An escape
# that is cut short is refused: with what is taken out behind it, it could become a whole one.
_ESCAPE = re.compile(
    rb"\\(?:(?P<control>[bf]|u00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF]|[89][0-9a-fA-F]))"
    rb"|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|(?P<short>u(?![0-9a-fA-F]{4}))|.)",
    re.DOTALL,
)
_RAW = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")


async def read(headers: Headers, receive: Receive, most: int) -> bytes:
    """The whole body as it was sent, or the error that says why not."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(f"{int(declared):,} bytes", most)
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            raw = await _whole(receive, most)
    except TimeoutError:
        raise EdgeError(
            408,
            "body_too_slow",
            f"the body did not arrive within {BODY_WITHIN_S:.0f} s; send again",
        ) from None
    if raw and not _JSON.fullmatch(headers.get("content-type", "")):
        given = headers.get("content-type", "nothing")
        raise EdgeError(
            415,
            "unsupported_media_type",
            f"the body's content-type is {given[:100]!r}; send application/json",
        )
    return raw


def clean(raw: bytes) -> bytes:
    """`raw` without control characters; `InputError` when it is not UTF-8, or its escapes are not."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"the body is not UTF-8: byte 0x{raw[error.start]:02x} at position {error.start}; "
            "encode it as UTF-8"
        ) from None
    raw = _RAW.sub(b"", raw)  # first: it may stand within an escape
    return _ESCAPE.sub(_kept, raw) if b"\\" in raw else raw


def _kept(escape: re.Match[bytes]) -> bytes:
    if escape["half"]:
        raise InputError(
            f"the body has half a surrogate pair, {escape[0].decode()!r}, which is no character; "
            "send whole characters"
        )
    if escape["short"]:
        raise InputError(
            "the body is not JSON: an escape \\u has fewer than four hexadecimal digits"
        )
    return b"" if escape["control"] else escape[0]


def again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` once, then whatever the connection has to say."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def gone(receive: Receive) -> None:
    """Returns when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _whole(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise _too_large(f"more than {most:,} bytes", most)
        more = message.get("more_body", False)
    return b"".join(parts)


def _too_large(size: str, most: int) -> TooLarge:
    return TooLarge(
        f"the body has {size}, allowed are {most:,}; shorten it or raise [server] max_body_bytes"
    )
