"""What every test gets: a closed door to the network, the public data, the pulled models."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from arriero.core.settings import TrainerSettings
from arriero.learning.trainers.environment import Environment, State
from tests.reach import stay_on_this_machine

REPOSITORY = Path(__file__).resolve().parents[1]

# Postgres and Valkey as session fixtures; conftest plugins must be named in the root conftest.
pytest_plugins = ["tests.engines"] if importlib.util.find_spec("tests.engines") else []


def pytest_configure() -> None:
    # As `arriero up` has it (`cli.process.prepare`); to be set before numpy is imported. With a thread a core, those of
    # workers beside each other wait by spinning: the fit of a small head took 24 s of CPU instead of 1.4.
    threads = os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if "numpy" in sys.modules and importlib.util.find_spec("threadpoolctl"):
        # pytest-randomly imported it first; worker processes have it from the environment.
        importlib.import_module("threadpoolctl").threadpool_limits(int(threads), user_api="blas")
    stay_on_this_machine()
    # A shell ignores SIGINT and SIGQUIT for what it runs in the background, and children inherit that:
    # whoever sends one to a server would wait for its end in vain.
    for sent, default in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGQUIT, signal.SIG_DFL),
    ):
        if signal.getsignal(sent) is signal.SIG_IGN:
            signal.signal(sent, default)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return REPOSITORY


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The public benchmark files (one folder a dataset), named by ARRIERO_DATA."""
    named = os.environ.get("ARRIERO_DATA", "")
    if named and Path(named).is_dir():
        return Path(named)
    where = f"ARRIERO_DATA={named!r} is no folder" if named else "ARRIERO_DATA is not set"
    raise absent("REQUIRE_DATA", f"{where}; point it at the folder with the public datasets")


@pytest.fixture(scope="session")
def model_path() -> Callable[[str], Path]:
    """Gives the file of a catalogue model by name; skips when it has not been pulled."""
    return _pulled


@pytest.fixture(scope="session")
def trainer_environment() -> Environment:
    """The trainer's real environment (5.9 GB); skips when it has not been made."""
    environment = Environment(TrainerSettings().folder.expanduser())
    if environment.state is State.INSTALLED:
        return environment
    raise absent("REQUIRE_TRAINER", f"{environment.state}; run: arriero trainer install")


def _pulled(name: str) -> Path:
    if path := _path_of(name):
        return path
    raise absent("REQUIRE_MODELS", f"{name} is not pulled; run: arriero models pull {name}")


@cache
def _path_of(name: str) -> Path | None:
    """The command takes a second, so it is asked once a model."""
    found = subprocess.run(
        [Path(sys.executable).with_name("arriero"), "models", "path", name],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    path = Path(found.stdout.strip())
    return path if found.returncode == 0 and found.stdout.strip() and path.exists() else None


def absent(require: str, reason: str) -> BaseException:
    """The skip to raise, or a failure when the environment variable `require` is set (as in CI)."""
    if os.environ.get(require):
        return pytest.fail.Exception(f"{require} is set, but {reason}", pytrace=False)
    return pytest.skip.Exception(reason)
