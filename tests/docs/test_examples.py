"""The examples run, offline and without a pulled model: fakes stand in for the encoder and the writer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

# The classifiers are real heads, fitted on a fake encoder; the bakery's few examples fit in a second.
FAKES = f"""
[models]
encoder = "fake:hash"

[apps.chat]
enabled = false

[apps.support]
intents = "{EXAMPLES}/own_shop/intents.csv"
sentiment = "{EXAMPLES}/own_shop/sentiment.csv"

[apps.support.models]
response_generator = {{ model = "fake:echo" }}
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the examples: what they write stays out of the repository, and is fitted once."""
    copy = tmp_path_factory.mktemp("copy") / "examples"
    skipped = shutil.ignore_patterns(".arriero", "shop.db*", "__pycache__")
    shutil.copytree(EXAMPLES, copy, ignore=skipped)
    return copy


@pytest.fixture(scope="module")
def site(here: Path) -> Path:
    """A folder of installed packages with the example app in it, and settings that open only it."""
    folder = here / "third_party_app"
    nothing_else = "[apps.chat]\nenabled = false\n[apps.support]\nenabled = false\n"
    (folder / "arriero.toml").write_text(
        f'{nothing_else}[models]\nencoder = "fake:hash"\n', encoding="utf-8"
    )
    return installed(folder, here.parent / "site")


def run(folder: Path, *command: str, path: Path | None = None) -> str:
    """What the program prints; a warning or an error fails the test."""
    more = {"PYTHONPATH": str(path)} if path else {}
    done = subprocess.run(
        [sys.executable, "-W", "error", *command],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        cwd=folder,
        env=os.environ | more,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_python_asks_and_gives_feedback(here: Path) -> None:
    folder = here / "ask_from_python"
    (folder / "arriero.toml").write_text(FAKES, encoding="utf-8")
    told = run(folder, "ask.py", "Where is my order 10234?")
    assert "10234" in told
    assert "answered, template" in told
    assert "with 1 feedback" in told


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Where is my order 104?", ("Your order 104 (Rye bread) is being prepared", "template")),
        (
            "Where is my order 105?",
            ("could not find order 105", "unknown-order"),
        ),  # Ben's, not Ada's
        ("Do you have rye bread?", ("Tuesdays and Fridays", "extractive")),
    ],
)
def test_the_bakery_answers_from_its_own_files(
    here: Path, question: str, told: tuple[str, ...]
) -> None:
    said = run(here / "own_shop", "ask.py", "--fakes", question)
    assert all(part in said for part in told), said


def test_an_order_is_told_to_the_customer_who_owns_it(here: Path) -> None:
    said = run(here / "own_shop", "ask.py", "--fakes", "Where is my order 105?", "k-2")
    assert "Please expect it on 3 June 2026" in said


def installed(package: Path, site: Path) -> Path:
    """`package` as pip would leave it in `site`: its modules, and its metadata with the entry points."""
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = project["name"], project["version"]
    shutil.copytree(package / name, site / name)
    metadata = site / f"{name}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
    )
    lines = [
        line
        for group, entries in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in entries.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return site


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What is a blind seam?", "answered: A seam whose stitches do not show"),
        ("What is a carabiner?", "fallback: I do not know that word."),
    ],
)
def test_an_installed_app_of_somebody_else_runs(
    here: Path, site: Path, question: str, told: str
) -> None:
    assert told in run(here / "third_party_app", "try_it.py", question, path=site)


def test_its_section_is_part_of_the_settings(here: Path, site: Path) -> None:
    code = (
        "from arriero import Settings\nfrom arriero.assembly import app_settings\n"
        "told = Settings(apps={'glossary': {'deadline_ms': 500}})\n"
        "print(app_settings(told)['glossary'].deadline_ms)"
    )
    assert run(here, "-c", code, path=site).strip() == "500.0"


def test_without_it_the_section_is_an_unknown_app(here: Path) -> None:
    code = (
        "from arriero import Settings\nfrom arriero.assembly import app_settings\n"
        "from arriero.core.errors import SettingsError\n"
        "try:\n    app_settings(Settings(apps={'glossary': {}}))\n"
        "except SettingsError as error:\n    print(error.message)"
    )
    assert "unknown app 'glossary'" in run(here, "-c", code)
