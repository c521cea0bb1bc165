"""Signed webhooks: the specification's own numbers, and everything that must not pass."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.core.errors import SettingsError, Unauthenticated
from arriero.security.webhooks import (
    ID,
    SIGNATURE,
    TIMESTAMP,
    new_secret,
    read_secret,
    sign,
    verify,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
BODY = b'{"type":"alert.raised"}'


def test_the_worked_example_of_the_reference_libraries_comes_out_the_same() -> None:
    key = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "here")
    at = datetime.fromtimestamp(1_614_265_330, UTC)
    headers = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert headers[TIMESTAMP] == "1614265330"
    assert headers[SIGNATURE] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(), st.binary(min_size=24, max_size=64))
def test_what_was_signed_is_verified_and_gives_its_id(body: bytes, key: bytes) -> None:
    assert verify([key], sign(key, "msg_1", NOW, body), body, NOW) == "msg_1"


def test_header_names_may_be_in_any_case() -> None:
    headers = {name.title(): value for name, value in sign(KEY, "m", NOW, BODY).items()}
    assert verify([KEY], headers, BODY, NOW) == "m"


def test_while_a_secret_is_rotated_either_is_right() -> None:
    old, new = sign(KEY, "m", NOW, BODY), sign(OTHER, "m", NOW, BODY)
    both = {**old, SIGNATURE: f"{old[SIGNATURE]} {new[SIGNATURE]}"}
    assert verify([OTHER], both, BODY, NOW) == "m"
    assert verify([OTHER, KEY], old, BODY, NOW) == "m"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({ID: "msg_2"}, "no signature of the message is right"),
        ({TIMESTAMP: str(int(NOW.timestamp()) + 1)}, "no signature of the message is right"),
        ({SIGNATURE: "v1,AAAA"}, "no signature of the message is right"),
        ({SIGNATURE: "v1a,é"}, "no signature of the message is right"),
        ({SIGNATURE: ""}, "'webhook-signature' is missing"),
        ({ID: ""}, "'webhook-id' is missing"),
        ({TIMESTAMP: "soon"}, "not a number of seconds"),
        ({TIMESTAMP: "-1"}, "not a number of seconds"),
        ({TIMESTAMP: "9" * 5_000}, "not a number of seconds"),
        ({ID: "msg.1"}, "full stop"),
    ],
)
def test_a_changed_header_is_refused(changed: dict[str, str], sentence: str) -> None:
    headers = {**sign(KEY, "msg_1", NOW, BODY), **changed}
    with pytest.raises(Unauthenticated, match=sentence):
        verify([KEY], headers, BODY, NOW)


def test_a_changed_body_and_a_strangers_key_are_refused() -> None:
    headers = sign(KEY, "m", NOW, BODY)
    for keys, body in (([KEY], BODY + b" "), ([OTHER], BODY), ([], BODY)):
        with pytest.raises(Unauthenticated, match="no signature"):
            verify(keys, headers, body, NOW)


def test_the_right_signature_is_found_among_sixteen_and_no_further() -> None:
    headers = sign(KEY, "m", NOW, BODY)
    wrong = "v1,AAAA "
    assert verify([KEY], {**headers, SIGNATURE: wrong * 15 + headers[SIGNATURE]}, BODY, NOW)
    with pytest.raises(Unauthenticated):
        verify([KEY], {**headers, SIGNATURE: wrong * 16 + headers[SIGNATURE]}, BODY, NOW)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_message_outside_the_window_is_refused(seconds: int) -> None:
    headers = sign(KEY, "m", NOW, BODY)
    assert verify([KEY], headers, BODY, NOW + timedelta(seconds=seconds - seconds // 301)) == "m"
    with pytest.raises(Unauthenticated, match=f"301 s {'ago' if seconds > 0 else 'ahead'}"):
        verify([KEY], headers, BODY, NOW + timedelta(seconds=seconds))


def test_a_new_secret_is_read_back_and_is_never_the_same() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert len(read_secret(f" {first}\n", "here")) == 32


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_short", "whsec_" + base64.b64encode(bytes(23)).decode(), "ü" * 40]
)
def test_what_is_no_secret_is_one_sentence_that_does_not_repeat_it(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^here holds no webhook secret") as refused:
        read_secret(text, "here")
    assert len(text) < 10 or text not in refused.value.message
