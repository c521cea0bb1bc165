"""`arriero up`: what it prints, what it leaves, how it ends, and what it refuses."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from arriero.security.keys import digest
from tests.cli.conftest import FAKES, Place, Process, left_of, one_sentence, starting, up

QUESTION = {"message": "Where is my order 10234?", "customer": "c-0042"}
Refused = Callable[..., str]


def _post(server: Process, key: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"}
    return httpx.post(f"{server.url}/v1/support/inquiries", json=QUESTION, headers=headers)


def _files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_every_address_that_it_prints_answers(served: Process) -> None:
    addresses = re.findall(r"http://[^\s)]+", served.out)
    pages = [address for address in addresses if not address.endswith("/v1")]
    assert len(pages) == 4
    assert {httpx.get(page).status_code for page in pages} == {200}


def test_the_command_to_try_works_when_pasted(served: Process) -> None:
    command = served.out.partition("try:\n")[2].splitlines()[0]
    done = served.place.call(shlex.split(command))
    assert done.status == 0, done.err
    assert "10234" in done.out


def test_without_a_question_that_can_be_answered_it_proposes_another_command(place: Place) -> None:
    place.configure(FAKES + "[apps.support]\nenabled = false\n")
    with up(place) as server:
        command = server.out.partition("try:\n")[2].splitlines()[0]
        done = place.call(shlex.split(command))
    assert (done.status, "app      support: off" in done.out) == (0, True)


def test_a_ledger_that_was_left_behind_is_said(place: Place) -> None:
    assert place.run("keys", "add", "ana").status == 0
    place.configure(f'[store]\nledger = "sqlite:///{place.folder}/new.db"\n{FAKES}')
    with up(place) as server:
        assert f"the runs in '{place.data / 'ledger.db'}' are not in sqlite:///" in server.out


@pytest.mark.slow
def test_the_command_to_try_names_settings_and_data_that_were_named(place: Place) -> None:
    (place.folder / "arriero.toml").rename(place.folder / "my settings.toml")
    with up(place, "--config", "my settings.toml", "--data", "my data") as server:
        command = shlex.split(server.out.partition("try:\n")[2].splitlines()[0])
        done = place.call([*command, "--json"])
    assert command[-4:] == ["--config", "my settings.toml", "--data", "my data"]
    assert json.loads(done.out)["run"]["actor"] == "cli"


def test_the_printed_key_is_accepted(served: Process) -> None:
    assert _post(served, served.secret).status_code == 200


def test_the_printed_key_is_kept_as_a_hash_only(served: Process) -> None:
    kept = _files(served.place.data)
    assert served.secret.encode() not in kept
    assert digest(served.secret).encode() in kept


def test_the_note_for_other_commands_is_its_owners_alone_and_has_a_key_of_its_own(
    served: Process,
) -> None:
    note = served.place.data / "server.json"
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert json.loads(note.read_text())["key"] != served.secret


def test_uvloop_drives_it(served: Process) -> None:
    assert "uvloop" in Path(f"/proc/{served.process.pid}/maps").read_text()


def test_nothing_but_its_own_lines_is_said_at_a_start_that_goes_well(served: Process) -> None:
    assert [line for line in served.err.splitlines() if " arriero" not in line] == []


def test_a_second_start_prints_no_key_and_accepts_the_first(place: Place) -> None:
    with up(place) as first:
        secret = first.secret
        first.end()
    with up(place) as second:
        assert "arr_" not in second.out
        assert _post(second, secret).status_code == 200


@pytest.mark.slow
def test_a_new_key_is_printed_when_asked_for_and_the_first_stays_good(place: Place) -> None:
    with up(place) as first:
        secret = first.secret
        first.end()
    with up(place, "--new-key") as second:
        assert second.secret != secret
        answers = [_post(second, key).status_code for key in (secret, second.secret)]
    assert answers == [200, 200]


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM]
)
def test_a_signal_ends_it_well_and_nothing_stays_behind(place: Place, number: int) -> None:
    with up(place) as server:
        assert server.end(number) == 0
        assert server.out.endswith("arriero: stopped\n")
        assert server.family() == set()
    assert not (place.data / "server.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_opens_ends_it_too(place: Place, number: int) -> None:
    with starting(place, "up") as server:
        server.wait_for("opening apps and models")
        time.sleep(0.1)
        assert server.end(number) in {0, 130, -signal.SIGTERM}
        assert "Traceback" not in server.err
        assert server.family() == set()
    assert not (place.data / "server.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_model_process_ends_with_it(
    place: Place, model_path: Callable[[str], Path], number: int
) -> None:
    folder = next(one for one in model_path("smollm2-135m").parents if one.name == "smollm2-135m")
    settings = FAKES.replace("fake:echo", "llama:smollm2-135m")
    place.configure(settings.replace('"no-models-here"', json.dumps(str(folder.parent))))
    with up(place) as server:
        ends = time.monotonic() + 30
        while len(server.family()) < 2:
            assert time.monotonic() < ends, server.err
            time.sleep(0.05)
        family = server.family()
        assert server.end(number) == 0
        assert left_of(family) == set()


def test_one_thread_is_all_that_numpy_starts(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom arriero.cli.process import prepare\nprepare()\n"
        "assert 'numpy' not in sys.modules\nimport numpy, threadpoolctl\n"
        "print({one['num_threads'] for one in threadpoolctl.threadpool_info()})"
    )
    env = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    )
    assert done.stdout == "{1}\n"


def test_a_second_one_in_the_same_folder_is_told_of_the_first(served: Process) -> None:
    sentence = one_sentence(served.place.run("up"))
    assert f"(process {served.process.pid}) already runs" in sentence
    assert "--data" in sentence


def test_an_occupied_port_is_refused(refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refused("up", "--port", str(port))
    assert f"port {port} cannot be used" in sentence
    assert "--port" in sentence


def test_a_port_that_does_not_exist_is_refused(place: Place) -> None:
    done = place.run("up", "--port", "70000")
    assert done.status == 2
    assert "0<=x<=65535" in done.err


@pytest.mark.parametrize("folder", ["arriero.toml/data", "/proc/arriero"])
def test_a_data_folder_that_cannot_be_written_is_refused(refused: Refused, folder: str) -> None:
    sentence = refused("up", "--data", folder)
    assert f"{folder}' cannot be written" in sentence
    assert "--data" in sentence


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a file system of so many KiB, in memory."""
    mounted: list[Path] = []

    def mount(kib: int) -> Path:
        folder = tmp_path / "disk"
        folder.mkdir()
        size = f"size={kib}k"
        command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    if os.geteuid():
        pytest.skip("a small disk can be mounted by root only")
    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


# From the lock to the first commit of the ledger, to the app's own files.
@pytest.mark.parametrize("kib", [0, 16, 64, 400])
def test_a_full_data_folder_is_refused(
    place: Place, small_disk: Callable[[int], Path], kib: int
) -> None:
    disk = small_disk(max(kib, 4))
    if not kib:
        (disk / "other").write_bytes(bytes(4096))
    done = place.run("up", "--data", str(disk))
    assert done.status == 2, done
    assert "Traceback" not in done.err
    last = done.err.strip().splitlines()[-1]
    assert str(disk) in last
    assert re.search(r"free (some )?space|check the disk", last)


def test_a_corrupt_ledger_is_refused_and_left_as_it_is(place: Place, refused: Refused) -> None:
    place.data.mkdir()
    ledger = place.data / "ledger.db"
    ledger.write_bytes(b"no ledger" * 1000)
    assert "is not a ledger" in refused("up")
    assert ledger.read_bytes() == b"no ledger" * 1000


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("colour = 1", "unknown setting 'colour'"),
        ("[apps.support]\ncolour = 1", "unknown setting 'colour'"),
        ("[server]\nport = 'x'", "'server.port'"),
        ("[server]\nhost = '0.0.0.0'", "is refused"),
        ("[apps.poetry]", "unknown app 'poetry'"),
        ("[server", "cannot be read"),
        ("[store]\nledger = 'nowhere'", "is not a URL"),
        ("[models]\nencoder = 'magic'", "'models.encoder'"),
    ],
)
def test_wrong_settings_are_refused(
    place: Place, refused: Refused, settings: str, said: str
) -> None:
    place.configure(settings)
    assert said in refused("up", "--port", "0")


def test_a_settings_file_that_is_not_there_is_refused(refused: Refused) -> None:
    assert "no settings file at 'none.toml'" in refused("up", "--config", "none.toml")


def test_a_settings_file_that_is_a_folder_is_refused(refused: Refused) -> None:
    assert "cannot be read" in refused("up", "--config", ".")


def test_an_app_without_its_model_says_what_to_pull_and_the_rest_runs(place: Place) -> None:
    place.configure(FAKES.replace("fake:hash", "onnx:minilm-l6"))
    with up(place) as server:
        assert "needs: arriero models pull minilm-l6" in server.out
        assert _post(server, server.secret).status_code == 503
        assert httpx.get(f"{server.url}/health/live").status_code == 200
