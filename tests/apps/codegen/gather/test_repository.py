"""Which files of the caller's are read: hostile names, binaries, links and giants are left out, each with its reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from arriero.apps.codegen.gather.repository import (
    LONGEST,
    Repository,
    read_folder,
    refused,
    usable,
)
from arriero.core.errors import InputError


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("shop/orders.py", "def f(): ...\n", ""),
        ("LICENSE", "MIT", ""),
        ("../secret.py", "x", "leads out"),
        ("/etc/passwd.py", "x", "leads out"),
        ("~/x.py", "x", "leads out"),
        ("C:/x.py", "x", "leads out"),
        ("a\nb.py", "x", "control characters"),
        ("a\u202eyp.py", "x", "control characters"),
        ("a\\b.py", "x", "control characters"),
        ("a\udcff.py", "x", "control characters"),
        ("n" * 400 + ".py", "x", "too long"),
        ("", "x", "too long"),
        ("node_modules/a/index.js", "x", "packages, builds"),
        (".git/hooks/x.py", "x", "packages, builds"),
        ("notes.txt", "x", "no code"),
        ("a.py", "x" * (LONGEST + 1), "longer than"),
        ("a.py", "a\0b", "binary"),
        ("a.min.js", "x" * 5_000, "minified"),
    ],
)
def test_a_file_is_used_or_there_is_a_reason(name: str, text: str, why: str) -> None:
    told = refused(name, text)
    assert why in told
    assert bool(told) == bool(why)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with one file that can be used, among what cannot."""
    place = tmp_path / "repository"
    (place / "shop").mkdir(parents=True)
    (place / "shop" / "orders.py").write_text("def total(): ...\n", encoding="utf-8")
    (place / "LICENSE").write_text("MIT", encoding="utf-8")
    (place / "photo.png").write_bytes(b"\x89PNG")
    (place / "blob.py").write_bytes(b"\xff\xfe\x00")
    (place / "big.js").write_bytes(b"x\n" * LONGEST)
    (place / "a\tb.py").write_text("x = 1\n", encoding="utf-8")
    (place / ".venv").mkdir()
    (place / ".venv" / "lib.py").write_text("x = 1\n", encoding="utf-8")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("KEY = 1\n", encoding="utf-8")
    (place / "link.py").symlink_to(outside / "secret.py")
    (place / "more").symlink_to(outside)
    os.mkfifo(place / "pipe.py")
    return place


def test_of_a_folder_only_what_lies_in_it_and_is_text_is_read(folder: Path) -> None:
    read, left = read_folder(folder)
    assert sorted(read.files) == ["LICENSE", "shop/orders.py"]
    told = "\n".join(left)
    assert "1 file was not read, a link: link.py" in told
    assert "binary: blob.py" in told
    assert "big.js" in told
    assert "'a\\tb.py'" in told  # the name cannot write on a terminal
    assert "no regular file: pipe.py" in told
    assert "secret" not in told


def test_a_name_of_bytes_that_are_no_text_is_left_out(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py")).write_text("x = 1\n", encoding="utf-8")
    read, left = read_folder(tmp_path)
    assert read.files == {}
    assert "control characters: '\\udcff.py'" in left[0]


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        read_folder(tmp_path / "gone")


def test_files_that_come_over_http_are_held_to_the_same_rules() -> None:
    files, left = usable(Repository(files={"../a.py": "x", "b.py": "y = 1\n", "c.py": "\0"}))
    assert dict(files) == {"b.py": "y = 1\n"}
    assert len(left) == 2
