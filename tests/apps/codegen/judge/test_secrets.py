"""Keys and passwords in code, also where a line is as long as a file."""

from __future__ import annotations

from time import process_time

from arriero.apps.codegen.judge.secrets import secrets


def test_a_long_line_of_data_is_looked_through_in_a_moment() -> None:
    code = f'DATA = "{"deadbeef" * 5_000}"\nflags = ["--api-key=\'k3y0fN0b0dyAtA11\'"]\n'
    begun = process_time()
    assert [one.line for one in secrets(code)] == [2]
    assert (
        process_time() - begun < 1
    )  # it grew with the square of the line: 40 kB took half a minute
