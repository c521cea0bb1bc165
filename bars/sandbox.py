"""Hostile programs in the sandbox, as root and as an ordinary user; the references of two benchmarks in it.

Every attack is first shown to work without a sandbox; one that gets nothing there is not counted. The lazy
product is a plain child process with a timeout. References are the right solutions of HumanEval and of MBPP
(task ids 601 to 974): through two boxes they have to pass as they do in one process. The broken programs of
HumanEvalPack show that Monty passes none that a real Python does not.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from arriero.apps.codegen.sandbox.attacks.suite import ATTACKS
from arriero.apps.codegen.sandbox.base import Limits, Program, Test
from arriero.apps.codegen.sandbox.monty import Monty
from arriero.apps.codegen.sandbox.probe import Probed, probe
from arriero.bench.report import Metric
from arriero.bench.sandbox import measure
from arriero.core.statistics import wilson
from bars._trial import count, keep, progress, short
from bars.result import Figure

NOBODY = 61_111  # a user that has no account
HERE = Path(__file__).resolve().parents[1]
BARS = {"contained": "== 1", "attacks": ">= 30", "contained_by_lazy": "<= 0.9999"}
NOTES = {
    "attacks": "shown to work without a sandbox; n were tried",
    "p50_ms": "print(42), start to end",
    "p95_ms": "the same",
    "tested_p50_ms": "one function, one test: two boxes",
    "monty_p50_ms": "the same function and test in Monty",
    "plain_p50_ms": "print(42) in a plain child process",
    "contained_by_lazy": "a plain child process with a timeout; has to fail",
}
LIMITS = Limits(wall_s=60, cpu_s=30)  # a busy machine is not what is measured here


def main() -> None:
    assert os.geteuid() == 0, "run this bar as root: it shows both root and an ordinary user"
    figures = [*_figures(asyncio.run(_as_root()), "as root"), *_figures(_as_user(), "as user")]
    figures += asyncio.run(_references())
    figures.append(asyncio.run(_monty()))
    keep("sandbox", "hostile programs in the sandbox, as root and as an ordinary user", figures)


async def _as_root() -> Mapping[str, Metric]:
    attacks = ATTACKS[:: count(1, 8)]
    return await measure(await probe(), attacks, starts=count(50, 3), progress=_step)


def _as_user() -> Mapping[str, Metric]:
    """The command, started by a user without an account, with an interpreter that this user may start."""
    folder = Path(tempfile.mkdtemp(prefix="arriero-bar-"))
    try:
        os.chown(folder, NOBODY, NOBODY)
        out = folder / "out.json"
        paths = [str(HERE / "src"), *(path for path in sys.path if "site-packages" in path)]
        python = shutil.which("python3.11", path="/usr/local/bin:/usr/bin") or sys.executable
        code = "from arriero.cli import main; main()"
        progress(f"as an ordinary user, with {Path(python).name}")
        subprocess.run(
            [python, "-c", code, "bench", "sandbox", "--json", str(out)],
            env={"PATH": f"{os.environ['PATH']}:{Path(sys.executable).parent}", "PYTHONPATH": ":".join(paths), "HOME": str(folder), "TMPDIR": str(folder)},
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            cwd=folder,
            check=True,
        )  # fmt: skip
        told = json.loads(out.read_text(encoding="utf-8"))["results"]
        return {name: Metric(**metric) for name, metric in told.items()}
    finally:
        shutil.rmtree(folder)


def _figures(results: Mapping[str, Metric], who: str) -> Iterator[Figure]:
    for name, metric in results.items():
        note = ", ".join(part for part in (who, NOTES.get(name, "")) if part)
        yield Figure(
            f"{name}_{who.replace(' ', '_')}", round(metric.value, 4), metric.unit, BARS.get(name, ""),
            metric.n, metric.low, metric.high, note,
        )  # fmt: skip


async def _references() -> list[Figure]:
    probed = await probe(canaries=())
    data = Path(os.environ["ARRIERO_DATA"])
    figures = []
    for name, programs in (("humaneval", _humaneval(data)), ("mbpp", _mbpp(data))):
        tried = list(programs)[:: count(1, 40)]
        progress(f"references of {name}: {len(tried)}")
        passed = await asyncio.gather(*(_passes(probed, *one) for one in tried))
        share = wilson(sum(passed), len(passed))
        note = "right solutions that pass in two boxes"
        figures.append(
            Figure(f"references_{name}", round(share.value, 4), "share", ">= 0.97", len(passed), share.low, share.high, note)
        )  # fmt: skip
    return figures


async def _monty() -> Figure:
    """Broken programs that Monty says pass, of their whole tests or of the examples: a real Python has to agree."""
    probed, monty = await probe(canaries=()), Monty.open()
    try:
        tried = list(_buggy(Path(os.environ["ARRIERO_DATA"])))[:: count(1, 20)]
        passed = [one for one in tried if (await monty.run(one[1], LIMITS)).passed]
    finally:
        monty.close()
    progress(f"broken programs: {len(tried)} tried in Monty, {len(passed)} pass")
    agreed = await asyncio.gather(*(_passes(probed, *one) for one in passed))
    note = "broken programs that Monty passes and a real Python does not; n are those that Monty passes"
    return Figure(
        "monty_wrongly_passed", agreed.count(False), "programs", "== 0", len(passed), note=note
    )


async def _passes(probed: Probed, name: str, program: Program) -> bool:
    ran = await probed.sandbox.run(program, LIMITS)
    if not ran.passed:
        print(f"   {name}: {ran.hit or ran.reason} {ran.tests and ran.tests[0].reason}")
    return ran.passed


def _humaneval(data: Path) -> Iterator[tuple[str, Program]]:
    for line in (data / "humaneval" / "HumanEval.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        test = Test("check", f"{row['test']}\ncheck({row['entry_point']})\n")
        code = row["prompt"] + row["canonical_solution"]
        yield row["task_id"], Program({"solution.py": code}, "solution.py", tests=(test,))


def _mbpp(data: Path) -> Iterator[tuple[str, Program]]:
    for line in (data / "mbpp" / "mbpp.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["task_id"] < 601:
            continue
        tests = tuple(Test(code, f"{row['test_setup_code']}\n{code}") for code in row["test_list"])
        yield (
            f"MBPP/{row['task_id']}",
            Program({"solution.py": row["code"]}, "solution.py", tests=tests),
        )


def _buggy(data: Path) -> Iterator[tuple[str, Program]]:
    file = data / "humanevalpack" / "humanevalpack-python.jsonl"
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        code = row["prompt"] + row["buggy_solution"]
        for kind in ("test", "example_test"):
            test = Test(kind, row[kind])
            yield (
                f"{row['task_id']} {kind}",
                Program({"solution.py": code}, "solution.py", tests=(test,)),
            )


def _step(what: str, done: int, of: int) -> None:
    if done % 20 == 0 or short():
        progress(f"{what} {done} of {of}")


if __name__ == "__main__":
    main()
