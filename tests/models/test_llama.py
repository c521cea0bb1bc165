"""The supervisor's rules and its way with files that are wrong; no model is needed here."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from time import perf_counter

import pytest

from arriero.core.errors import MissingExtra, ModelCorrupt, ModelError, ModelMissing, ModelTimeout
from arriero.core.words import Message
from arriero.models import llama_process
from arriero.models.base import Prompt, complete
from arriero.models.llama import LlamaGenerator, LlamaServer, pause_before

HELLO = Prompt((Message("user", "hello"),))


@pytest.fixture
def corrupt(tmp_path: Path) -> Path:
    file = tmp_path / "corrupt.gguf"
    file.write_bytes(b"GGUF" + bytes(4096))
    return file


def server_of(gguf: Path, tmp_path: Path) -> LlamaServer:
    return LlamaServer("tiny", gguf, log_file=tmp_path / "logs" / "tiny.log")


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let another program take the place of the Python that runs the child."""
    file = tmp_path / "python"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(file))


def test_the_first_restart_is_at_once_and_later_ones_wait_up_to_half_a_minute() -> None:
    pauses = [pause_before(failures) for failures in range(1, 11)]
    assert pauses == [0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]


async def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    server = server_of(tmp_path / "none.gguf", tmp_path)
    with pytest.raises(ModelMissing, match="arriero models pull tiny"):
        await server.start()
    assert server.starts == 0
    await server.close()


async def test_a_corrupt_file_is_given_up_at_once(corrupt: Path, tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    server = server_of(corrupt, tmp_path)
    began = perf_counter()
    with pytest.raises(ModelCorrupt, match="arriero models pull tiny"):
        await server.start()
    assert perf_counter() - began < 10
    await asyncio.sleep(1.2)  # longer than the first two pauses
    assert server.starts == 1
    await server.close()


async def test_requests_to_a_corrupt_model_fail_with_the_same_words(
    corrupt: Path, tmp_path: Path
) -> None:
    pytest.importorskip("xllamacpp")
    generator = LlamaGenerator.of("tiny", corrupt, folder=tmp_path)
    for _ in range(2):
        with pytest.raises(ModelCorrupt, match="arriero models pull tiny"):
            await complete(generator, HELLO, timeout_s=10)
    with pytest.raises(ModelCorrupt):
        await generator.ping()
    await generator.close()


async def test_a_missing_llama_cpp_says_what_to_install(
    corrupt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, """read line; echo '{"error": "no xllamacpp"}'; exit 4""")
    server = server_of(corrupt, tmp_path)
    with pytest.raises(MissingExtra, match=r"arriero\[local\]"):
        await server.start()
    await server.close()


async def test_a_child_that_never_serves_is_given_up_after_three_starts(
    corrupt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "exit 139")
    server = server_of(corrupt, tmp_path)
    with pytest.raises(ModelError, match="ended with status 139"):
        await server.start()
    assert server.starts == 3
    await server.close()


async def test_a_child_that_dies_in_the_middle_of_a_word_is_tried_again(
    corrupt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, """printf '{"ur'; exit 137""")
    server = server_of(corrupt, tmp_path)
    with pytest.raises(ModelError, match="ended with status 137"):
        await server.start()
    assert server.starts == 3
    await server.close()


async def test_a_child_that_says_nothing_is_ended(
    corrupt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama_process, "READY_WITHIN_S", 0.2)
    stand_in(tmp_path, monkeypatch, "exec sleep 60")
    server = server_of(corrupt, tmp_path)
    with pytest.raises(ModelError, match="no sign of the model server"):
        await server.start()
    await server.close()


async def test_a_child_that_ignores_terminate_is_killed(
    corrupt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama_process, "KILL_AFTER_S", 0.3)
    stand_in(tmp_path, monkeypatch, "trap '' TERM; while :; do sleep 0.1; done")
    server = server_of(corrupt, tmp_path)
    starting = asyncio.create_task(server.start())
    await asyncio.sleep(0.3)
    began = perf_counter()
    await server.close()
    assert 0.3 <= perf_counter() - began < 2
    with pytest.raises(ModelError, match="has been closed"):
        await starting


async def test_a_request_waits_for_the_start_no_longer_than_its_deadline(
    corrupt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "exec sleep 60")
    generator = LlamaGenerator.of("tiny", corrupt, folder=tmp_path)
    with pytest.raises(ModelTimeout, match="did not start within"):
        await complete(generator, HELLO, timeout_s=0.2)
    with pytest.raises(ModelError, match="not been started"):
        await generator.ping()
    await generator.close()


async def test_a_log_that_has_grown_too_long_starts_anew(
    corrupt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama_process, "LOG_BYTES", 1000)
    stand_in(tmp_path, monkeypatch, "echo started >&2; exit 3")
    server = server_of(corrupt, tmp_path)
    server.log_file.parent.mkdir()
    server.log_file.write_bytes(b"x" * 2000)
    with pytest.raises(ModelCorrupt):
        await server.start()
    assert server.log_file.read_bytes() == b"started\n"
    await server.close()


async def test_the_working_directory_cannot_replace_the_childs_modules(
    corrupt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xllamacpp")
    here = tmp_path / "here"
    here.mkdir()
    (here / "xllamacpp.py").write_text("raise ImportError('not the real one')")
    monkeypatch.chdir(here)
    server = server_of(corrupt, tmp_path)
    with pytest.raises(ModelCorrupt):
        await server.start()
    await server.close()
