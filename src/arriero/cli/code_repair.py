"""`arriero code repair FILE --tests T`: the file corrected until its tests hold, or why it is not."""

from __future__ import annotations

import codecs
import difflib
import sys
from pathlib import Path

import click

from arriero.cli import written
from arriero.cli.code_review import read_text
from arriero.cli.options import load, settings_options
from arriero.core.errors import InputError


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--tests",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="What has to hold: Python's asserts or test functions; of other languages, asserts of calls.",
)
@click.option("--about", default="", help="What the code should do, in words.")
@click.option("--write", is_flag=True, help="Write the repaired code into FILE.")
@click.option("--deadline-ms", type=float, help="Give up after this long.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@settings_options
def repair(
    file: Path,
    tests: Path,
    about: str,
    write: bool,
    deadline_ms: float | None,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Correct FILE until the tests hold, and show the difference; both run in the sandbox alone.

    FILE is of any language that the sandbox runs. Its tests are asserts of calls, in its own words or in Python's:
    `assert f([1]) == 2`.
    Exit status 1 when a test still fails, or when FILE holds a secret, which would be lost; then nothing is written.
    """
    from arriero.apps.codegen.requirement_guard import SECRET  # noqa: PLC0415  # keeps --help fast
    from arriero.cli.code_show import asked_for_code  # noqa: PLC0415  # keeps --help fast

    language = _language(file)
    before = read_text(file).replace("\r\n", "\n")
    wanted = {
        "requirement": about.strip() or "Correct this code so that its tests hold.",
        "language": language,
        "code": before,
        "tests": read_text(tests),
        "file": file.name,
    }
    answer = asked_for_code(
        load(config, data), wanted, deadline_ms=deadline_ms, as_json=as_json, files=False
    )
    holds = bool(answer["code"]) and answer["executed"] and not _failing(answer["warnings"])
    if not as_json and answer["code"]:
        _show(file, before, answer["code"], holds=holds, write=write)
    if holds and write and answer["code"].count(SECRET) > before.count(SECRET):
        click.echo(
            f"not written: {file} holds a secret, which was read as {SECRET}; make the change by hand",
            err=True,
        )
        sys.exit(1)
    if holds and write and answer["code"] != before:
        written.write(file, _as_in(file, answer["code"]))
        click.echo(f"written: {file}", err=True)
    sys.exit(0 if holds else 1)


def _language(file: Path) -> str:
    """The language that the file's name tells; `InputError` where no test of it could be run."""
    from arriero.apps.codegen.judge.examine import EXECUTED  # noqa: PLC0415  # keeps --help fast
    from arriero.apps.codegen.judge.parse import language_of  # noqa: PLC0415

    language = language_of(file.name, "")
    if language not in EXECUTED:
        raise InputError(
            f"{str(file)!r} is of no language whose tests are run; name a file of {', '.join(EXECUTED)}"
        )
    return language


def _show(file: Path, before: str, code: str, *, holds: bool, write: bool) -> None:
    """The difference, and below it in one line what it comes to."""
    lines = list(
        difflib.unified_diff(
            before.splitlines(), code.splitlines(), file.name, file.name, lineterm=""
        )
    )
    for line in lines:
        click.echo(line)
    plus = sum(line.startswith("+") for line in lines[2:])
    minus = sum(line.startswith("-") for line in lines[2:])
    changes = f"{plus} lines in, {minus} out" if lines else "nothing had to be changed"
    if not holds:
        changes += "; the tests were not seen to hold, so the file stays as it is"
    elif lines and not write:
        changes += "; --write puts this into the file"
    click.echo(f"{file}: {changes}")


def _as_in(file: Path, code: str) -> str:
    """`code` with the byte-order mark and the line ends that `file` has, so that its other lines stay as they are."""
    raw = file.read_bytes()
    ends = "\r\n" if raw.count(b"\r\n") * 2 > raw.count(b"\n") else "\n"
    mark = "\ufeff" if raw.startswith(codecs.BOM_UTF8) else ""
    return mark + code.replace("\n", ends)


def _failing(warnings: list[str]) -> bool:
    return any(one.startswith("an example does not hold") for one in warnings)
