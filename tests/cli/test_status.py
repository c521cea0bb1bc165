"""`arriero status` and `arriero doctor`: what is wrong is said, and the exit status says so too."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError

import pytest

from arriero.cli import doctor
from arriero.core.settings import Settings
from arriero.core.words import Alert
from arriero.store.base import AlertSaved
from arriero.store.ledger import open_ledger
from tests.cli.conftest import FAKES, Ended, Place, Process, one_sentence


def test_status_without_a_server_says_how_to_start_one(asked: tuple[Place, Ended]) -> None:
    done = asked[0].run("status")
    assert done.status == 0
    assert "not running" in done.out
    assert "arriero up" in done.out


def test_status_counts_what_was_answered_lately(asked: tuple[Place, Ended]) -> None:
    place, _ = asked
    place.run(
        "ask", "Where is my order 10234?"
    )  # the fixture's question may be older than the window
    told = place.run("status").out
    assert re.search(r"app      support: [1-9]\d* runs in 300 s", told), told


def test_status_with_a_server_names_it_and_every_engine(served: Process) -> None:
    done = served.place.run("status")
    assert done.status == 0, done
    assert f"{served.url} (process {served.process.pid})" in done.out
    for engine in ("ledger", "cache", "app:support"):
        assert f"engine   {engine}: well" in done.out


def test_an_app_that_is_off_is_told_to_be_off(place: Place) -> None:
    place.data.mkdir()
    place.configure(FAKES + "[apps.chat]\nenabled = false\n")
    told = place.run("status").out
    assert "app      chat: off\n" in told
    assert "app      support: 0 runs" in told


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("runs", "list"),
        ("keys", "list"),
        ("audit", "verify"),
        ("support", "intent", "list"),
        ("rollout", "list"),
    ],
    ids=" ".join,
)
def test_what_only_reads_makes_no_folder_of_a_mistyped_name(
    place: Place, command: tuple[str, ...]
) -> None:
    told = one_sentence(place.run(*command, "--data", "ariero"))
    assert "'ariero'" in told
    assert not (place.folder / "ariero").exists()


def test_an_open_alert_is_a_line_and_an_exit_status(place: Place) -> None:
    place.data.mkdir()

    async def raise_one() -> None:
        ledger = open_ledger(f"sqlite:///{place.data / 'ledger.db'}")
        at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        await ledger.commit(AlertSaved(Alert("a1", "support", "error_rate", 0.5, 0.05, at)))
        await ledger.close()

    asyncio.run(raise_one())
    done = place.run("status")
    assert done.status == 1
    assert "ALERT    support error_rate: 0.5 (threshold 0.05) since 03:04:05 UTC" in done.out


def test_doctor_finds_nothing_missing_when_fakes_are_bound(place: Place) -> None:
    done = place.run("doctor")
    assert done.status == 0, done
    assert "MISS" not in done.out
    assert "model " not in done.out


def test_doctor_says_which_bound_model_to_pull(place: Place) -> None:
    place.configure(FAKES.replace("fake:echo", "llama:smollm2-135m"))
    done = place.run("doctor")
    assert done.status == 1
    (line,) = (line for line in done.out.splitlines() if line.startswith("MISS"))
    assert line.endswith("-> arriero models pull smollm2-135m")


def test_doctor_finds_a_corrupt_ledger(place: Place) -> None:
    place.data.mkdir()
    (place.data / "ledger.db").write_bytes(b"no ledger" * 1000)
    done = place.run("doctor")
    assert done.status == 1
    assert "is not a ledger" in done.out


def test_doctor_remarks_on_a_ledger_that_was_left_behind(place: Place) -> None:
    assert "ledger before" not in place.run("doctor").out
    place.configure(f'[store]\nledger = "sqlite:///{place.data}/ledger.db"\n{FAKES}')
    assert "ledger before" not in place.run("doctor").out
    place.configure(f'[store]\nledger = "sqlite:///{place.folder}/new.db"\n{FAKES}')
    done = place.run("doctor")
    assert done.status == 0, done
    (line,) = (line for line in done.out.splitlines() if "ledger before" in line)
    assert f"the runs in '{place.data / 'ledger.db'}' are not in sqlite:///" in line


@pytest.mark.parametrize("folder", ["arriero.toml/data", "/proc/arriero"])
def test_doctor_finds_a_data_folder_that_cannot_be_written(place: Place, folder: str) -> None:
    done = place.run("doctor", "--data", folder)
    assert done.status == 1
    assert "MISS data folder" in done.out
    assert "Traceback" not in done.err


def test_doctor_finds_a_cache_that_is_down_and_can_do_without(place: Place) -> None:
    place.configure('[store]\ncache = "redis://127.0.0.1:9"\n' + FAKES)
    done = place.run("doctor")
    assert done.status == 0, done
    assert any(line.startswith("opt  cache") for line in done.out.splitlines())


@pytest.mark.parametrize(
    "url", ["redis://h", "rediss://h", "valkey://h", "unix:///run/valkey.sock"]
)
def test_doctor_wants_the_package_of_the_cache_that_is_set(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the package `arriero up` does not start, whether or not the cache itself answers."""

    def lacks(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr("importlib.metadata.version", lacks)
    settings = Settings.model_validate({"store": {"cache": url}})
    assert doctor._package("redis", "Redis cache", "redis", settings).needed
    assert not doctor._package("redis", "Redis cache", "redis", Settings()).needed
