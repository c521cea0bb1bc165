"""The multi-part tasks: what is asked, and that their hidden tests are right and demand something."""

from __future__ import annotations

import ast
import asyncio
import re

import pytest

from arriero.apps.codegen.sandbox.base import Sandbox
from arriero.apps.codegen.sandbox.probe import probe
from arriero.bench.problems import mark
from bars._parts import DEVELOPMENT, Part, held_out, parts
from tests.conftest import absent

PARTS = parts()


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    probed = asyncio.run(probe(canaries=()))
    if not probed.sound:
        raise absent("REQUIRE_SERVICES", f"{probed.told}; {probed.remedy}")
    return probed.sandbox


def emptied(code: str) -> str:
    """The same functions, each of which gives None."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = [ast.Return()]
    return ast.unparse(tree)


def test_there_are_forty_each_with_two_files_and_three_functions() -> None:
    assert len({part.problem.id for part in PARTS}) == len(PARTS) == 40
    for part in PARTS:
        files = part.problem.asked.files
        assert len(files) >= 2
        assert set(part.reference) == set(files)
        defined = re.findall(
            r"^(?:def [a-z]|    def [a-z])", "\n".join(part.reference.values()), re.MULTILINE
        )
        assert len(defined) >= 3, part.problem.id


def test_no_task_of_development_is_counted() -> None:
    counted = {part.problem.id for part in held_out()}
    assert len(counted) == 32
    assert not counted & {part.problem.id for part in PARTS[:DEVELOPMENT]}


def test_every_file_is_named_in_what_is_asked() -> None:
    for part in PARTS:
        for file in part.problem.asked.files:
            assert file in part.problem.asked.requirement


def test_no_hidden_test_stands_in_what_is_asked() -> None:
    for part in PARTS:
        for test in part.problem.tests:
            for line in test.code.splitlines():
                assert len(line) < 12 or line.strip() not in part.problem.asked.requirement


@pytest.mark.parametrize("part", PARTS[::8], ids=lambda part: part.problem.id)
async def test_a_reference_passes_its_hidden_tests(part: Part, sandbox: Sandbox) -> None:
    found = await mark(part.problem, part.reference, sandbox)
    assert found.passed, found.reason


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.problem.id)
async def test_every_reference_passes_and_no_empty_function_does(
    part: Part, sandbox: Sandbox
) -> None:
    found = await mark(part.problem, part.reference, sandbox)
    assert found.passed, found.reason
    empty = {name: emptied(text) for name, text in part.reference.items()}
    assert not (await mark(part.problem, empty, sandbox)).passed
