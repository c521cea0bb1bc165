"""The door to the network is closed in tests."""

from __future__ import annotations

import asyncio
import socket
import urllib.request

import pytest

from tests.reach import ReachedOut, is_local


def test_a_connection_beyond_loopback_is_an_error_with_a_sentence() -> None:
    with socket.socket() as client, pytest.raises(ReachedOut, match="beyond this machine"):
        client.connect(("192.0.2.1", 80))  # TEST-NET-1, RFC 5737: nobody answers there


def test_a_name_look_up_is_an_error() -> None:
    with pytest.raises(ReachedOut, match="look up"):
        urllib.request.urlopen("http://example.invalid/")


async def test_an_asyncio_connection_is_an_error_too() -> None:
    with pytest.raises(ReachedOut):
        await asyncio.open_connection("192.0.2.1", 80)


def test_a_connection_on_loopback_goes_through() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        assert client.getpeername() == server.getsockname()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", b"localhost", "0.0.0.0", None])
def test_this_machine_is_local(host: object) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "192.0.2.1", "example.org", "127.0.0.1.example.org"])
def test_any_other_host_is_not_local(host: str) -> None:
    assert not is_local(host)
