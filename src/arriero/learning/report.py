"""A cycle told in full: its data, its gate, its rollout; as Markdown, or as one page with plots.

Everything comes from the ledger: what was erased there is not told here either.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arriero.core.errors import NotFound
from arriero.core.statistics import percentile, wilson
from arriero.core.words import JsonValue, Run
from arriero.learning import cycle as pure
from arriero.learning import rollouts
from arriero.learning.cycle import Cycle
from arriero.learning.experiment.findings import DEFAULT, Pairs
from arriero.learning.experiment.sequences import proportion
from arriero.learning.gate import said
from arriero.learning.levels import MOST
from arriero.learning.rollout import carries
from arriero.store.base import Artefact, Ledger

EXAMPLES = 5  # of won and of lost ones that are shown
SLICES = 12  # biggest groups of the fairness table
LONGEST = 300  # characters of an example's text


@dataclass(frozen=True, slots=True)
class Row:
    """A pair as it is told: who won, and both runs as far as they are still there."""

    case: str
    won: int
    champion: Run | None
    challenger: Run | None

    @property
    def slice(self) -> str:
        """What the case is about: the app's first label of it."""
        run = self.champion or self.challenger
        return next(iter(run.labels.values()), "-") if run is not None else "-"


@dataclass(frozen=True, slots=True)
class Group:
    """A slice of the pairs: how often the challenger won, and its 95 % interval."""

    name: str
    pairs: Pairs


@dataclass(frozen=True, slots=True)
class Told:
    """All that is known of a cycle. What it never came to is None or empty."""

    cycle: Cycle
    steps: Sequence[tuple[str, str]]
    dataset: Artefact | None
    evaluation: Artefact | None
    adapters: Sequence[Artefact]
    rows: Sequence[Row]


async def gather(ledger: Ledger, tenant: str, id: str) -> Told:
    """Everything of the cycle `id`; `NotFound` without it."""
    machine = await ledger.machine("cycle", id)
    if machine is None or machine.tenant != tenant:
        raise NotFound(f"there is no cycle {id!r}; `arriero learn status` lists them", param="id")
    cycle = pure.to_cycle(machine)
    dataset = await ledger.artefact("dataset", cycle.dataset) if cycle.dataset else None
    evaluation = await ledger.artefact("evaluation", cycle.evaluation) if cycle.evaluation else None
    rows = [
        Row(
            pair["case"], pair["won"],
            await _run(ledger, tenant, pair["champion"]["run"]),
            await _run(ledger, tenant, pair["challenger"]["run"]),
        )
        for pair in (evaluation.body["pairs"] if evaluation else ())
        if pair["reached"]
    ]  # fmt: skip
    adapters = await ledger.artefacts("adapter", app=cycle.app)
    began = f"began ({cycle.trigger}): {cycle.why}" if cycle.why else f"began: {cycle.trigger}"
    steps = [(f"{cycle.begun:%Y-%m-%d %H:%M} UTC", began)]
    steps.append((f"{cycle.at:%Y-%m-%d %H:%M} UTC", f"{cycle.state}: {cycle.because}"))
    steps += await _forced(ledger, cycle)
    if cycle.waits:
        steps.append(("now", f"waits: {cycle.waits}"))
    return Told(cycle, steps, dataset, evaluation, adapters, rows)


async def _forced(ledger: Ledger, cycle: Cycle) -> list[tuple[str, str]]:
    """The rollouts that people forced of its challenger, the first one first, with what each carried."""
    told = []
    for machine in await ledger.machines(rollouts.KIND, app=cycle.app, open_only=False, limit=MOST):
        if machine.body["challenger"] != cycle.challenger or not machine.body["forced"]:
            continue
        one = rollouts.BODY.validate_python(machine.body)
        brings = "" if carries(one) in one.because else f"; {carries(one)}"
        what = f"rollout {one.id}, forced, {one.state}: {one.because}{brings}"
        told.append((f"{one.at:%Y-%m-%d %H:%M} UTC", what))
    return told[::-1]


async def _run(ledger: Ledger, tenant: str, id: str | None) -> Run | None:
    return await ledger.run(tenant, id) if id else None


def groups(rows: Sequence[Row]) -> Sequence[Group]:
    """The pairs by slice, the biggest first: where a challenger loses while it wins on the whole."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        found[row.slice].append(row.won)
    counted = [
        Group(name, Pairs(won.count(1), won.count(-1), won.count(0))) for name, won in found.items()
    ]
    return sorted(counted, key=lambda it: -(it.pairs.decisive + it.pairs.ties))[:SLICES]


def over_time(rows: Sequence[Row]) -> Sequence[tuple[int, float, float, float]]:
    """After each decisive pair: its number, the win rate, and the confidence sequence."""
    wins = n = 0
    found = []
    for row in rows:
        if row.won == 0:
            continue
        n, wins = n + 1, wins + (row.won > 0)
        span = proportion(wins, n, DEFAULT.interval)
        found.append((n, wins / n, span.low, span.high))
    return found


def to_markdown(told: Told) -> str:
    """The report as text."""
    cycle = told.cycle
    lines = [
        f"# Cycle {cycle.id} of {cycle.app}: {cycle.state}",
        "",
        f"{cycle.because}.",
        "",
        *(f"- {at} {what}" for at, what in told.steps),
        f"- champion `{cycle.champion}`, challenger `{cycle.challenger or 'none'}`",
    ]
    if told.dataset is not None:
        lines += ["", "## Data", "", *_table(("what", "how many"), _data(told.dataset.body))]
    if told.evaluation is not None:
        lines += ["", "## Gate", "", _gate(told.evaluation), ""]
        lines += _table(
            ("slice", "won", "lost", "ties", "win rate", "95 % interval"), _fair(told.rows)
        )
        lines += ["", *_speed(told.rows)]
        for title, won in (("Won", 1), ("Lost", -1)):
            lines += ["", f"### {title}", "", *_examples(told.rows, won)]
    if told.adapters:
        lines += ["", "## Registered models", "", *_table(MODELS, _models(told))]
    return "\n".join(lines) + "\n"


def to_html(told: Told) -> str:
    """The report as one page without scripts: tables, and plots as SVG."""
    cycle = told.cycle
    both = f"Champion <code>{_e(cycle.champion)}</code>, challenger <code>{_e(cycle.challenger or 'none')}</code>."
    body = [
        f"<h1>Cycle of {_e(cycle.app)}: {_e(cycle.state)}</h1>",
        f"<p>{_e(cycle.because)}.</p>",
        "<ul>" + "".join(f"<li>{_e(at)} {_e(what)}</li>" for at, what in told.steps) + "</ul>",
        f"<p>{both}</p>",
    ]
    if told.dataset is not None:
        body += ["<h2>Data</h2>", _html_table(("what", "how many"), _data(told.dataset.body))]
    if told.evaluation is not None:
        body += [
            "<h2>Gate</h2>", f"<p>{_e(_gate(told.evaluation))}</p>", _plot(over_time(told.rows)),
            "<h3>By slice</h3>",
            _html_table(("slice", "won", "lost", "ties", "win rate", "95 % interval"), _fair(told.rows)),
            *(f"<p>{_e(line)}</p>" for line in _speed(told.rows)),
        ]  # fmt: skip
        for title, won in (("Won", 1), ("Lost", -1)):
            cells = [_texts(row) for row in told.rows if row.won == won][:EXAMPLES]
            body += [f"<h3>{title}</h3>", _html_table(("asked", "champion", "challenger"), cells)]
    if told.adapters:
        body += ["<h2>Registered models</h2>", _html_table(MODELS, _models(told))]
    return PAGE.replace("{title}", f"Cycle {_e(cycle.id)}").replace("{body}", "\n".join(body))


def _data(manifest: Mapping[str, JsonValue]) -> list[tuple[str, str]]:
    rows = [(f"{stage} examples", str(n)) for stage, n in manifest.get("stages", {}).items()]
    return rows + [(f"left out: {why}", str(n)) for why, n in manifest.get("left_out", {}).items()]


def _gate(evaluation: Artefact) -> str:
    found = evaluation.body["finding"]
    told = (
        f"{evaluation.body['says']}: {evaluation.body['because']}. {found['reached']} of {found['cases']} "
        f"cases reached what was trained. Win rate {found['effect']:.1%} "
        f"({found['low']:.1%} to {found['high']:.1%}), proved at level {evaluation.body['level']:.2g}."
    )
    if found["detectable"] is not None:
        told += f" A win rate of {found['detectable']:.1%} would have been proved on so many pairs."
    if (target := evaluation.body.get("hoped_for")) is not None and (gain := _gain(evaluation)):
        told += f" {gain}; {target:.0%} more was hoped for, which decides nothing."
    if evaluation.body["golden_used_before"]:
        told += f" The golden set was used {evaluation.body['golden_used_before']} times before."
    return told


def _gain(evaluation: Artefact) -> str:
    """The mean value of both on the cases that count; empty where that says nothing."""
    reached = [pair for pair in evaluation.body["pairs"] if pair["reached"]]
    old, new = (
        sum(float(pair[arm]["value"]) for pair in reached) for arm in ("champion", "challenger")
    )
    if not old:
        return ""
    n = len(reached)
    return f"The mean value went from {old / n:.2f} to {new / n:.2f} ({new / old - 1:+.0%})"


def _fair(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    told: list[tuple[str, ...]] = []
    for group in groups(rows):
        pairs, span = group.pairs, wilson(group.pairs.wins, group.pairs.decisive)
        rate = f"{span.value:.0%}" if pairs.decisive else "-"
        counts = (str(pairs.wins), str(pairs.losses), str(pairs.ties))
        told.append((group.name, *counts, rate, f"{span.low:.0%} to {span.high:.0%}"))
    return told


def _speed(rows: Sequence[Row]) -> list[str]:
    """Latency of both, on the same cases."""
    both = [(it.champion, it.challenger) for it in rows if it.champion and it.challenger]
    if not both:
        return []
    champion, challenger = ([run.duration_ms for run in arm] for arm in zip(*both, strict=True))
    old, new = percentile(champion, 50), percentile(challenger, 50)
    told = f"Median time of an answer: champion {old:.0f} ms, challenger {new:.0f} ms"
    return [f"{told} ({len(both)} pairs)."]


def _examples(rows: Sequence[Row], won: int) -> list[str]:
    chosen = [_texts(row) for row in rows if row.won == won][:EXAMPLES]
    return [
        f"- **{asked}**\n  - champion: {old}\n  - challenger: {new}" for asked, old, new in chosen
    ] or ["none"]


def _texts(row: Row) -> tuple[str, str, str]:
    asked = said(row.champion.input) if row.champion else "erased"
    old = said(row.champion.answer) if row.champion else "erased"
    new = said(row.challenger.answer) if row.challenger else "erased"
    return _short(asked), _short(old), _short(new)


MODELS = ("adapter", "base", "bytes", "registered")


def _models(told: Told) -> list[tuple[str, ...]]:
    return [
        (
            one.id[:12], str(one.body.get("base", "-")), str(one.body.get("bytes", "-")),
            f"{one.at:%Y-%m-%d %H:%M} UTC",
        )
        for one in told.adapters
    ]  # fmt: skip


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST else plain[:LONGEST] + " ..."


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_line(heads), _line(["---"] * len(heads)), *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _html_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{_e(it)}</th>" for it in heads)
    body = "".join("<tr>" + "".join(f"<td>{_e(it)}</td>" for it in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _plot(points: Sequence[tuple[int, float, float, float]]) -> str:
    """The win rate over decisive pairs inside its confidence sequence, with the line at one half."""
    if not points:
        return "<p>No decisive pair.</p>"
    last = points[-1][0]

    def x(n: float) -> float:
        return 40 + 540 * n / last

    def y(rate: float) -> float:
        return 170 - 150 * rate

    upper = " ".join(f"{x(n):.1f},{y(high):.1f}" for n, _, _, high in points)
    lower = " ".join(f"{x(n):.1f},{y(low):.1f}" for n, _, low, _ in reversed(points))
    line = " ".join(f"{x(n):.1f},{y(rate):.1f}" for n, rate, _, _ in points)
    ticks = "".join(
        f'<text x="34" y="{y(at) + 4:.0f}" text-anchor="end">{at:.0%}</text>' for at in (0, 0.5, 1)
    )
    return (
        '<svg viewBox="0 0 600 200" role="img" aria-label="Win rate over pairs with its confidence sequence">'
        f'<polygon points="{upper} {lower}" class="span"/><polyline points="{line}" class="rate"/>'
        f'<line x1="40" x2="580" y1="{y(0.5):.0f}" y2="{y(0.5):.0f}" class="half"/>{ticks}'
        f'<text x="580" y="190" text-anchor="end">{last} decisive pairs</text></svg>'
    )


def _e(text: object) -> str:
    return html.escape(str(text))


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1d2430; }
  table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
  th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #dfe4ea; vertical-align: top; }
  svg { width: 100%; max-width: 46rem; } svg text { font-size: 11px; fill: #566; }
  .span { fill: #c8873a; opacity: .25; } .rate { fill: none; stroke: #8a4b12; stroke-width: 2; }
  .half { stroke: #888; stroke-dasharray: 4 4; }
</style>
{body}
</html>
"""
