"""Programs and limits that make no sense are refused in a sentence."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.sandbox.base import (
    MAX_FILES,
    Limits,
    NoSandbox,
    Program,
    Ran,
    ScriptedSandbox,
)
from arriero.core.errors import InputError


@pytest.mark.parametrize(
    "name", ["../main.py", "/etc/x", "a//b", "a/./b", "a\0b", "x" * 1001, ".."]
)
def test_a_file_name_that_leaves_the_folder_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="is not plain and relative"):
        Program({"main.py": "", name: ""})


def test_a_program_without_its_entry_is_refused() -> None:
    with pytest.raises(InputError, match=r"no file 'main.py'"):
        Program({"other.py": ""})


def test_too_many_files_are_refused() -> None:
    files = {f"m{number}.py": "" for number in range(MAX_FILES)}
    with pytest.raises(InputError, match=f"{MAX_FILES} are allowed"):
        Program({"main.py": "", **files})


def test_too_much_text_is_refused() -> None:
    with pytest.raises(InputError, match="larger than 4000000 characters"):
        Program({"main.py": "#" * 4_000_001})


def test_an_argument_with_a_nul_is_refused() -> None:
    with pytest.raises(InputError, match="NUL"):
        Program({"main.py": ""}, argv=("a\0b",))


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="limit memory_mb is 0"):
        Limits(memory_mb=0)


async def test_without_a_sandbox_nothing_is_executed_and_the_reason_is_told() -> None:
    ran = await NoSandbox("there is none").run(Program({"main.py": "print(1)"}), Limits())
    assert not ran.executed
    assert not ran.passed
    assert ran.reason == "there is none"


async def test_the_fake_answers_what_it_was_told() -> None:
    fake = ScriptedSandbox({"print(1)": Ran(0, "1\n")})
    assert (await fake.run(Program({"main.py": "print(1)"}), Limits())).stdout == "1\n"
    assert not (await fake.run(Program({"main.py": "print(2)"}), Limits())).executed
    assert len(fake.asked) == 2
