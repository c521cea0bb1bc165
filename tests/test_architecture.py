"""The house: arrows between rooms, and what an import may cost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# Each costs 50 ms to seconds and tens of megabytes; a command that prints help needs none of them.
HEAVY = (
    "faiss",
    "numpy",
    "onnx",
    "onnxruntime",
    "scipy",
    "sklearn",
    "tokenizers",
    "torch",
    "transformers",
    "xllamacpp",
)
# The CLI's help must not pay for the server and the store either (bar: 0.4 s).
HEAVY_FOR_HELP = (*HEAVY, "fastapi", "sqlalchemy", "uvicorn")
# Tuning needs torch, which only the extra `train` has; without it these say so when they are imported.
TRAIN = ("arriero.models.bert", "arriero.models.fit_tuned", "arriero.models.tune")


def _loaded_after(code: str, *, cwd: Path) -> set[str]:
    """The top-level packages that a new interpreter holds after `code`."""
    report = "\nimport json, sys; print('\\n' + json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"
    child = subprocess.run(
        [sys.executable, "-c", code + report],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        cwd=cwd,
    )
    assert child.returncode == 0, child.stderr
    return set(json.loads(child.stdout.splitlines()[-1]))


def test_the_arrows_between_the_rooms_are_kept(repository: Path) -> None:
    lint = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        cwd=repository,
    )
    assert lint.returncode == 0, lint.stdout + lint.stderr


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("core/clock.py", "import arriero.flow", "rooms import downwards only"),
        ("apps/chat/__init__.py", "import arriero.apps.support", "apps never import each other"),
        ("checks/base.py", "import redis", "core, flow, checks and apps know no engine"),
        ("extras.py", "", "rooms import downwards only"),
    ],
)
def test_a_forbidden_import_is_found(
    repository: Path, tmp_path: Path, file: str, line: str, broken: str
) -> None:
    """Plants one wrong line in a copy, so the test above cannot pass by looking at nothing."""
    for source in (repository / "src").rglob("*.py"):
        copy = tmp_path / source.relative_to(repository / "src")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((repository / "pyproject.toml").read_bytes())
    with (tmp_path / "arriero" / file).open("a", encoding="utf-8") as planted:
        planted.write(f"\n{line}\n")
    lint = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )
    verdicts = [said for said in lint.stdout.splitlines() if said.startswith(broken)]
    assert any(said.endswith("BROKEN") for said in verdicts), lint.stdout + lint.stderr


def test_importing_arriero_pulls_in_no_heavy_library(tmp_path: Path) -> None:
    assert not _loaded_after("import arriero", cwd=tmp_path).intersection(HEAVY)


def test_arriero_help_pulls_in_no_heavy_library(tmp_path: Path) -> None:
    code = "import sys; sys.argv = ['arriero', '--help']\nfrom arriero.cli import main\n"
    code += "try: main()\nexcept SystemExit as end: assert not end.code, end.code"
    assert not _loaded_after(code, cwd=tmp_path).intersection(HEAVY_FOR_HELP)


@pytest.mark.parametrize("room", ["core", "flow", "checks", "store", "observe", "security"])
def test_a_light_room_pulls_in_no_machine_learning(room: str, tmp_path: Path) -> None:
    assert not _loaded_after(f"import arriero.{room}", cwd=tmp_path).intersection(HEAVY)


def test_what_serves_an_encoder_does_not_load_what_writes_its_copy(tmp_path: Path) -> None:
    code = "import arriero.models.copy_child, arriero.models.encoder, arriero.models.engines"
    assert not _loaded_after(code, cwd=tmp_path).intersection({"onnx", "gguf"})


def test_every_module_can_be_imported_with_the_local_extra(
    repository: Path, tmp_path: Path
) -> None:
    source = repository / "src"
    names = [
        ".".join(file.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        for file in sorted((source / "arriero").rglob("*.py"))
        if not {"migrations", "inside"} & set(file.parts) and file.stem != "__main__"
    ]
    assert set(TRAIN) < set(names)
    code = f"""
import importlib
from arriero.core.errors import MissingExtra
for name in {names!r}:
    try:
        importlib.import_module(name)
    except MissingExtra as error:
        assert name in {TRAIN!r} and "arriero[train]" in str(error), name
"""
    assert "arriero" in _loaded_after(code, cwd=tmp_path)
