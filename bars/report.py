"""bars/results/*.json as the table of bars/README.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bars.result import HERE, RESULTS, Figure, Result, load

README = HERE / "README.md"
START, END = "<!-- table -->", "<!-- end of table -->"
HEAD = "| bar | figure | measured | has to be | met | n | 95 % interval |\n|---|---|---|---|---|---|---|"


def results(folder: Path = RESULTS) -> tuple[Result, ...]:
    """Every committed result, by name."""
    return tuple(load(path) for path in sorted(folder.glob("*.json")))


def table(found: Sequence[Result]) -> str:
    """Markdown: a row a figure, then where and when each bar was measured."""
    if not found:
        return "No bar has been measured yet."
    rows = [_row(result, figure) for result in found for figure in result.figures]
    origins = [
        f"- `{result.bar}`: {result.what} ({result.at}, commit {result.commit}, {result.machine})"
        for result in found
    ]
    return "\n".join([HEAD, *rows, "", *origins])


def rewritten(readme: str, text: str) -> str:
    """`readme` with `text` between the two marks."""
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"bars/README.md has lost its marks {START} and {END}")
    return f"{before}{START}\n{text}\n{END}{after}"


def write(readme: Path = README, folder: Path = RESULTS) -> None:
    """Bring the table up to date with the results."""
    text = rewritten(readme.read_text(encoding="utf-8"), table(results(folder)))
    readme.write_text(text, encoding="utf-8")


def _row(result: Result, figure: Figure) -> str:
    name = f"{figure.name} ({figure.note})" if figure.note else figure.name
    met = {True: "yes", False: "**no**", None: ""}[figure.holds]
    interval = "" if figure.low is None or figure.high is None else _interval(figure)
    n = "" if figure.n is None else str(figure.n)
    wanted = f"{figure.bar} {figure.unit}" if figure.bar else ""
    value = f"{figure.value:g} {figure.unit}"
    return f"| `{result.bar}` | {name} | {value} | {wanted} | {met} | {n} | {interval} |"


def _interval(figure: Figure) -> str:
    return f"{figure.low:g} to {figure.high:g}"
