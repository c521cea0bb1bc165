"""Keeps the tests on this machine: a connection or a name look-up beyond loopback is an error.

It covers Python's own sockets in the test process (httpx, redis, urllib, asyncio). Child processes and
C libraries are not covered; they are only ever given loopback addresses.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

LOCAL_NAMES = frozenset({"", "localhost", "ip6-localhost", "testserver"})


class ReachedOut(BaseException):  # not an Exception: no retry or fallback may swallow it
    """A test tried to leave the machine."""


def is_local(host: object) -> bool:
    """Whether `host` (a name, an address, or None for this machine) never leaves the machine."""
    if host is None:
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name.lower() in LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def stay_on_this_machine() -> None:
    """Patch `socket` for the rest of the process. Calling it again changes nothing."""
    if getattr(socket.socket.connect, "guarded", False):
        return
    socket.socket.connect = _guard_connect(socket.socket.connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = _guard_connect(socket.socket.connect_ex)  # type: ignore[method-assign]
    socket.getaddrinfo = _guard_lookup(socket.getaddrinfo)


def _guard_connect(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:  # its shape depends on the family
        if self.family in {socket.AF_INET, socket.AF_INET6} and not is_local(address[0]):
            raise ReachedOut(_sentence(f"connect to {address[0]}:{address[1]}"))
        return connect(self, address)

    guarded.guarded = True  # type: ignore[attr-defined]
    return guarded


def _guard_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: bytes | str | None, *rest: Any, **named: Any) -> Any:
        if not is_local(host) and not _is_address(host):
            raise ReachedOut(_sentence(f"look up {host!r}"))
        return lookup(host, *rest, **named)

    return guarded


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


def _sentence(what: str) -> str:
    return f"the test tried to {what}, which is beyond this machine; give it a fake or a server on 127.0.0.1"
