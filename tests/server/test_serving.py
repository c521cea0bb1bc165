from __future__ import annotations

import socket

import httpx
import pytest

from arriero.core.errors import SettingsError
from arriero.server import server
from tests.server.conftest import House, serving


async def test_a_socket_beyond_loopback_is_refused(house: House) -> None:
    platform = await house.open()
    listener = socket.create_server(("0.0.0.0", 0))
    with listener, pytest.raises(SettingsError, match=r"0\.0\.0\.0"):
        server(platform, listener)


def test_a_real_server_answers_and_ends(house: House) -> None:
    with serving(house) as url:
        assert httpx.get(f"{url}/health/live").json() == {"status": "ok"}
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health/live")
