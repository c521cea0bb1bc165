"""What a user gets from the package: every data file, the typing mark, the licence, the entry points."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

NOT_SHIPPED = {"__pycache__"}


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The names in the wheel, built from the working tree without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(repository)], check=True, capture_output=True, timeout=100)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return frozenset(archive.namelist())


def test_every_file_of_the_package_is_in_the_wheel(repository: Path, wheel: frozenset[str]) -> None:
    source = repository / "src"
    files = {
        file.relative_to(source).as_posix()
        for file in (source / "arriero").rglob("*")
        if file.is_file() and not NOT_SHIPPED.intersection(file.parts)
    }
    assert "arriero/py.typed" in files
    assert files - wheel == set()


def test_the_wheel_holds_nothing_but_the_package(wheel: frozenset[str]) -> None:
    assert {name.partition("/")[0] for name in wheel} == {"arriero", "arriero-0.1.0.dist-info"}


def test_the_licence_travels_with_the_wheel(wheel: frozenset[str]) -> None:
    assert "arriero-0.1.0.dist-info/licenses/LICENSE" in wheel


@pytest.mark.parametrize("name", ["chat", "codegen", "finance", "support"])
def test_an_app_of_ours_is_found_like_a_strangers(name: str) -> None:
    (found,) = entry_points(group="arriero.apps", name=name)
    assert found.load().name == name


def test_the_command_is_installed() -> None:
    (found,) = entry_points(group="console_scripts", name="arriero")
    assert callable(found.load())


def test_the_constraints_pin_every_requirement_and_name_no_address(repository: Path) -> None:
    lines = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(line.count("==") == 1 and "/" not in line and "@" not in line for line in pins)
    pinned = {line.partition("==")[0] for line in pins}
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    names = {_name(line) for line in [*project["dependencies"], *extras]} - {"arriero"}
    assert names - pinned == set()


def _name(requirement: str) -> str:
    return requirement.partition(">")[0].partition("[")[0].strip().lower()
