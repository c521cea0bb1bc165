"""The signed webhook channel of a running server, as a company's system uses it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx

from arriero.security.webhooks import new_secret, read_secret, sign
from tests.cli.conftest import FAKES, Place, up
from tests.security.conftest import receiving


def test_a_message_goes_round_through_a_running_server(place: Place) -> None:
    secret = new_secret()
    (place.folder / "secret").write_text(secret)
    with receiving() as receiver:
        place.configure(
            FAKES + f'[apps.support.webhook]\nurl = "{receiver.url}"\nsecret_file = "secret"\n'
        )
        with up(place) as server:
            body = json.dumps(
                {"conversation": "c1", "customer": "c-0042", "message": "Where is my order 10234?"}
            ).encode()
            key = read_secret(secret, "the test")
            signed = sign(key, "m1", datetime.now(UTC), body)
            headers = {"content-type": "application/json", **signed}
            url = f"{server.url}/v1/support/webhook"
            assert httpx.post(url, content=body, headers=headers).status_code == 202
            told = json.loads(receiver.wait()[1])
    assert told["type"] == "support.answer"
    assert "10234" in told["data"]["response"]
