"""Webhooks over real HTTP to a real receiver, from an outbox in a real ledger that is opened again."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arriero.assembly import open_platform
from arriero.core.clock import HeldClock
from arriero.core.errors import SettingsError
from arriero.core.settings import Settings, Webhook, parse
from arriero.core.words import Alert, Mode
from arriero.security.delivery import PAUSES_S, Webhooks
from arriero.security.webhooks import new_secret, read_secret, verify
from arriero.store.base import AlertSaved, RunRecorded
from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from arriero.store.records import SqlRecords
from tests.security.conftest import Receiver
from tests.store.samples import a_run, a_trace

START = HeldClock().now()
ALERT = Alert("support:error_rate:1", "support", "error_rate", 0.25, 0.05, START)
CLEARED = replace(ALERT, value=0.01, cleared_at=START + timedelta(minutes=5))


@dataclass
class Place:
    """A data folder with a secret; `opened` is the outbox as a process would open it."""

    folder: Path
    url: str
    clock: HeldClock = field(default_factory=HeldClock)
    told: list[tuple[str, str]] = field(default_factory=list)

    @property
    def secret(self) -> bytes:
        return read_secret((self.folder / "secret").read_text(), "the test")

    def hook(self, **more: Any) -> Webhook:
        return Webhook(url=self.url, secret_file=self.folder / "secret", **more)

    @asynccontextmanager
    async def opened(
        self, *alerts: Alert, hooks: dict[str, Webhook] | None = None, **more: Any
    ) -> AsyncIterator[Webhooks]:
        ledger = open_ledger(sqlite_url(self.folder / "ledger.db"), clock=self.clock)
        try:
            if alerts:
                await ledger.commit(*(AlertSaved(alert) for alert in alerts))
            given = {"ops": self.hook()} if hooks is None else hooks
            told = lambda *end: self.told.append(end)  # noqa: E731
            records = SqlRecords(ledger, "webhooks")
            yield Webhooks(given, records, ledger, self.clock, told, **more)
        finally:
            await ledger.close()

    async def send(self, outbox: Webhooks, after_s: float = 0.0) -> None:
        self.clock.advance(after_s)
        await outbox.send(self.clock.now())


@pytest.fixture
def place(tmp_path: Path, receiver: Receiver) -> Place:
    (tmp_path / "secret").write_text(new_secret() + "\n")
    return Place(tmp_path, receiver.url)


async def test_an_alert_arrives_signed_and_says_what_is_wrong(
    place: Place, receiver: Receiver
) -> None:
    async with place.opened(ALERT) as outbox:
        await outbox.note([ALERT])
        await place.send(outbox)
    ((headers, body),) = receiver.got
    assert verify([place.secret], headers, body, place.clock.now()) == headers["webhook-id"]
    told = json.loads(body)
    assert told["type"] == "alert.raised"
    assert told["timestamp"] == START.isoformat()
    assert told["data"]["name"] == "error_rate"
    assert told["data"]["value"] == 0.25
    assert told["data"]["cleared_at"] is None
    assert place.told == [("ops", "delivered")]


async def test_after_a_500_it_comes_again_later_with_the_same_id_and_a_new_time(
    place: Place, receiver: Receiver
) -> None:
    receiver.statuses = [500, 204]
    async with place.opened(ALERT) as outbox:
        await outbox.note([ALERT])
        await place.send(outbox)
        await place.send(outbox, PAUSES_S[0] - 1)
        assert len(receiver.got) == 1
        await place.send(outbox, 1)
        await place.send(outbox, 3_600)
    first, second = receiver.got
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert int(second[0]["webhook-timestamp"]) - int(first[0]["webhook-timestamp"]) == PAUSES_S[0]
    assert verify([place.secret], second[0], second[1], place.clock.now() - timedelta(hours=1))
    assert place.told == [("ops", "failed"), ("ops", "delivered")]


async def test_what_was_not_sent_before_a_restart_is_sent_after_it_once(
    place: Place, receiver: Receiver
) -> None:
    async with place.opened(ALERT) as outbox:
        await outbox.note([ALERT])
    assert receiver.got == []
    for _ in range(3):  # and two restarts more
        async with place.opened() as outbox:
            await outbox.note([ALERT])
            await place.send(outbox, 60)
    assert receiver.events() == ["alert.raised"]


async def test_a_failed_try_before_a_restart_is_tried_again_after_it(
    place: Place, receiver: Receiver
) -> None:
    receiver.statuses = [503, 204]
    async with place.opened(ALERT) as outbox:
        await outbox.note([ALERT])
        await place.send(outbox)
    async with place.opened() as outbox:
        await place.send(outbox)
        assert len(receiver.got) == 1  # the pause holds over a restart
        await place.send(outbox, PAUSES_S[0])
    assert len(set(receiver.ids())) == 1
    assert len(receiver.got) == 2


async def test_clearing_is_told_after_raising_even_when_raising_failed_at_first(
    place: Place, receiver: Receiver
) -> None:
    receiver.statuses = [500, 204]
    other = replace(ALERT, id="support:quality:1", name="quality")
    async with place.opened(ALERT, CLEARED, other) as outbox:
        await outbox.note([ALERT])
        await place.send(outbox)
        await outbox.note([CLEARED, other])
        await place.send(outbox)
        assert receiver.events() == ["alert.raised", "alert.raised"]  # the other one is not held up
        await place.send(outbox, PAUSES_S[0])
    assert receiver.events()[2:] == ["alert.raised", "alert.cleared"]
    assert json.loads(receiver.got[3][1])["data"]["value"] == 0.01


async def test_a_clearing_that_a_crash_kept_from_being_noted_is_found(
    place: Place, receiver: Receiver
) -> None:
    async with place.opened(ALERT) as outbox:
        await outbox.note([ALERT])
        await place.send(outbox)
    async with place.opened(CLEARED) as outbox:  # committed, and then the process was gone
        await place.send(outbox)
        await place.send(outbox)
    assert receiver.events() == ["alert.raised", "alert.cleared"]


async def test_a_dead_receiver_is_given_up_with_a_line_in_the_log_and_a_count(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        place.url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    with caplog.at_level(logging.WARNING):
        async with place.opened(ALERT) as outbox:
            await outbox.note([ALERT])
            for pause in (0.0, *PAUSES_S, 86_000.0):
                await place.send(outbox, pause)
    assert place.told == [("ops", "failed")] * len(PAUSES_S) + [("ops", "given_up")]
    (line,) = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert "gave up alert.raised of support:error_rate:1 after 10 tries: not reached" in line


async def test_410_gone_is_given_up_at_once_and_a_redirect_is_not_followed(
    place: Place, receiver: Receiver
) -> None:
    receiver.statuses = [302, 410]
    async with place.opened(ALERT) as outbox:
        await outbox.note([ALERT])
        await place.send(outbox)
        assert len(receiver.got) == 1
        await place.send(outbox, PAUSES_S[0])
        await place.send(outbox, 86_000)
    assert place.told == [("ops", "failed"), ("ops", "given_up")]


async def test_a_receiver_that_hangs_is_given_a_time_and_holds_up_no_other(
    place: Place, receiver: Receiver
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hangs = replace(place, url=f"http://127.0.0.1:{silent.getsockname()[1]}/").hook()
        hooks = {"hangs": hangs, "ops": place.hook()}
        async with place.opened(ALERT, hooks=hooks, within_s=0.3) as outbox:
            await outbox.note([ALERT])
            sending = asyncio.create_task(place.send(outbox))
            while not receiver.got:  # noqa: ASYNC110  # another thread fills it
                await asyncio.sleep(0.01)
            assert not sending.done()
            async with asyncio.timeout(5):
                await sending
    assert sorted(place.told) == [("hangs", "failed"), ("ops", "delivered")]


async def test_only_the_events_that_are_wanted_are_sent(place: Place, receiver: Receiver) -> None:
    hooks = {"ops": place.hook(events=("alert.cleared",))}
    async with place.opened(ALERT, CLEARED, hooks=hooks) as outbox:
        await outbox.note([ALERT])
        await place.send(outbox)
        await place.send(outbox)
    assert receiver.events() == ["alert.cleared"]


async def test_a_told_alert_is_forgotten_a_day_after_it_was_over_and_not_before(
    place: Place, receiver: Receiver
) -> None:
    async with place.opened(ALERT) as outbox:
        await outbox.note([ALERT])
        await place.send(outbox)
        await place.send(outbox, 200_000)
        assert len(await outbox.records.list("", "message")) == 1  # still open
        await outbox.ledger.commit(AlertSaved(CLEARED))
        await place.send(outbox)
        assert len(await outbox.records.list("", "message")) == 2
        await place.send(outbox, 86_401)
        assert not await outbox.records.list("", "message")
    assert receiver.events() == ["alert.raised", "alert.cleared"]


async def test_messages_of_a_webhook_that_was_taken_out_are_dropped(
    place: Place, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    async with place.opened(ALERT) as outbox:
        await outbox.note([ALERT])
        await place.send(outbox)
    async with place.opened(hooks={}) as outbox:
        await place.send(outbox, 60)
        assert not await outbox.records.list("", "message")
    assert len(receiver.got) == 1


def test_a_secret_file_that_is_missing_or_no_secret_is_one_sentence(tmp_path: Path) -> None:
    hook = Webhook(url="https://ops.example/", secret_file=tmp_path / "none")
    with pytest.raises(SettingsError, match=r"\[webhooks.ops\] secret_file .* cannot be read"):
        Webhooks({"ops": hook}, None, None, HeldClock())  # type: ignore[arg-type]
    (tmp_path / "none").write_text("hunter2")
    with pytest.raises(SettingsError, match="holds no webhook secret") as refused:
        Webhooks({"ops": hook}, None, None, HeldClock())  # type: ignore[arg-type]
    assert "hunter2" not in refused.value.message


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://ops.example/hook", "http is for this machine only"),
        ("ftp://ops.example/hook", "write https://HOST/PATH"),
        ("https://me:secret@ops.example/", "without a name or password"),
        ("https://", "write https://HOST/PATH"),
        ("http://[::1", "this is no URL"),
        ("https://ops.example:99999/", "this is no URL"),
    ],
)
def test_an_address_that_is_not_safe_is_one_sentence(url: str, sentence: str) -> None:
    table = {"webhooks": {"ops": {"url": url, "secret_file": "s"}}}
    with pytest.raises(SettingsError, match=sentence):
        parse(Settings, table, "arriero.toml")


@pytest.mark.parametrize(
    "url", ["https://ops.example/hook", "http://localhost:9/", "http://[::1]:9/"]
)
def test_https_anywhere_and_http_on_this_machine_are_taken(url: str) -> None:
    assert Webhook(url=url, secret_file=Path("s")).url == url


def test_an_unknown_event_is_refused() -> None:
    table = {"webhooks": {"ops": {"url": "https://a.example", "secret_file": "s", "events": ["x"]}}}
    with pytest.raises(SettingsError, match=r"webhooks.ops.events.0"):
        parse(Settings, table, "arriero.toml")


async def test_the_platform_tells_of_a_breach_and_of_its_end(
    place: Place, receiver: Receiver
) -> None:
    """From runs in the ledger to the receiver, through the platform's own jobs."""
    fakes = {
        "intent_classifier": {"model": "fake:order_status"},
        "response_generator": {"model": "fake:echo"},
        "sentiment_analyzer": {"model": "fake:neutral"},
    }
    settings = Settings.model_validate(
        {
            "data": place.folder / "data",
            "models": {"encoder": "fake:hash"},
            "webhooks": {"ops": {"url": receiver.url, "secret_file": place.folder / "secret"}},
            "apps": {
                "support": {
                    "models": fakes,
                    "thresholds": {"minimum_runs": 1},
                }
            },
        }
    )
    clock = HeldClock()
    async with open_platform(settings, clock=clock) as platform:
        bad = replace(a_run(), app="support", mode=Mode.LIVE, started_at=START, score=0.4)
        await platform.ledger.commit(RunRecorded(bad, a_trace()))
        jobs = platform.jobs("test")
        jobs.jobs = [job for job in jobs.jobs if job.name in {"alerts", "webhooks"}]
        for seconds in (0, 16, 400, 16):
            clock.advance(seconds)
            await jobs.tick(clock.now())
        assert jobs.failures == {}
        assert b'arriero_webhooks_total{result="delivered",webhook="ops"} 2.0' in (
            platform.metrics.text()
        )
    assert receiver.events() == ["alert.raised", "alert.cleared"]
    raised: datetime = datetime.fromisoformat(json.loads(receiver.got[0][1])["data"]["raised_at"])
    assert raised >= START
