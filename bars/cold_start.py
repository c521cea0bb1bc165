"""A newcomer's first minutes: a clean clone, `make up`, three questions on three paths, and again.

The clone is of the committed state (--worktree: of the files as they lie here); the model cache is
empty. Whether pip may use its own cache is the caller's matter: run with PIP_NO_CACHE_DIR=1.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from arriero.cli.local import FILE
from bars._process import descendants, left_over
from bars._questions import path_of, says
from bars._server import ROOT, lazy
from bars._trial import keep, progress
from bars.result import Figure

WORKTREE = "--worktree"
COLD_WITHIN_S, WARM_WITHIN_S = 1_200.0, 120.0
OWNER, STRANGER = "c-0042", "c-0007"
TRACKING = "TP9391710504"  # of order 10234, which the owner's alone
PROMPT_TOKENS = 400


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the path that it has to take, and what a right answer says."""

    message: str
    path: str
    facts: tuple[str, ...]


QUESTIONS = (
    Question("Where is my order 10234?", "template", ("10234", TRACKING)),
    Question(
        "How long can I return things for?", "extractive", ("60 days after delivery",),
    ),
    # The model chooses which sentences answer; any sensible choice begins with washing.
    Question("How do I keep my rain jacket waterproof?", "generative", ("wash",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Started:
    """A running `make up`: where it answers, and how long it took until everything was ready."""

    url: str
    key: str
    pid: int
    seconds: float


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="arriero-cold-") as folder:
        clone = _clone(Path(folder))
        with _up(clone, COLD_WITHIN_S) as cold:
            progress(f"cold start: {cold.seconds:.1f} s")
            answers = [_ask(cold, question.message, OWNER) for question in QUESTIONS]
            strange = _ask(cold, QUESTIONS[0].message, STRANGER)
        with _up(clone, WARM_WITHIN_S) as warm:
            progress(f"second start: {warm.seconds:.1f} s")
        with lazy(Path(folder) / "lazy", "fallback") as server:
            idle = Started(server.url, server.key, server.pid, 0.0)
            lazy_answers = [_ask(idle, question.message, OWNER) for question in QUESTIONS]
    figures = _figures(cold.seconds, warm.seconds, answers, strange, lazy_answers)
    keep("cold_start", WHAT, figures)


WHAT = "clean clone, empty model cache, `make up`, then three questions as the order's owner"


def _clone(folder: Path) -> Path:
    clone = folder / "arriero"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, clone], check=True)
    if WORKTREE in sys.argv[1:]:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, clone / name)
    models = folder / "models"
    settings = f'[server]\nport = 0\n[models]\nfolder = "{models}"\n'
    (clone / "arriero.toml").write_text(settings, encoding="utf-8")
    return clone


@contextmanager
def _up(clone: Path, within_s: float) -> Iterator[Started]:
    """`make up` until every engine is ready; ended as Ctrl-C does, with all that it started."""
    note, log_file = clone / ".arriero" / FILE, clone.parent / "up.log"
    note.unlink(missing_ok=True)
    began = time.monotonic()
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            ["make", "up"], cwd=clone, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    try:
        told = _ready(process, note, began + within_s, log_file)
        yield Started(told["url"], told["key"], told["pid"], time.monotonic() - began)
    finally:
        family = descendants(process.pid)
        for one in family:
            os.kill(one.pid, signal.SIGINT)  # a terminal's Ctrl-C reaches the whole foreground
        alive = left_over(family, 20.0)
        for one in alive:
            os.kill(one.pid, signal.SIGKILL)
        process.wait(20.0)
        if alive:
            progress(f"{len(alive)} processes did not end by themselves")


def _ready(
    process: subprocess.Popen[bytes], note: Path, ends: float, log_file: Path
) -> Mapping[str, Any]:
    """Address and key once all engines are well, the text model among them."""
    while process.poll() is None and time.monotonic() < ends:
        try:
            told: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
            ready = httpx.get(f"{told['url']}/health/ready", timeout=5)
            models = [name for name in ready.json()["engines"] if "llama:" in name]
            if ready.status_code == 200 and models:
                return told
        except (OSError, ValueError, httpx.HTTPError):
            pass  # not there yet
        time.sleep(0.05)
    raise RuntimeError(f"make up did not become ready:\n{log_file.read_text()[-4_000:]}")


def _ask(server: Started, message: str, customer: str) -> dict[str, Any]:
    """The answer, with the tokens of its run beside it."""
    headers = {"authorization": f"Bearer {server.key}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
        body = {"message": message, "customer": customer}
        answer: dict[str, Any] = client.post("/v1/support/inquiries", json=body).json()
        run = client.get(f"/v1/runs/{answer['run_id']}")
        found = run.json() if run.status_code == 200 else {}
    tokens = {name: found.get(name, 0) for name in ("tokens_in", "tokens_out")}
    progress(f"{customer} {message!r}: {answer['outcome']} {answer['origin']} {tokens}")
    progress(f"    {answer['response']!r}")
    return answer | tokens


def _right(question: Question, answer: Mapping[str, Any]) -> bool:
    """Answered on its path with its facts; the open one by the model, from enough passages."""
    written = answer["tokens_out"] > 0 and answer["tokens_in"] >= PROMPT_TOKENS
    return (
        _says_its_facts(question, answer)
        and path_of(answer["outcome"], answer["origin"]) == question.path
        and (written or question.path != "generative")
    )


def _says_its_facts(question: Question, answer: Mapping[str, Any]) -> bool:
    return answer["outcome"] == "answered" and says(answer["response"], question.facts)


def _figures(
    cold_s: float,
    warm_s: float,
    answers: list[dict[str, Any]],
    strange: Mapping[str, Any],
    lazy_answers: list[dict[str, Any]],
) -> list[Figure]:
    right = [_right(question, one) for question, one in zip(QUESTIONS, answers, strict=True)]
    told_rightly = sum(map(_says_its_facts, QUESTIONS, answers))
    by_lazy = [_right(question, one) for question, one in zip(QUESTIONS, lazy_answers, strict=True)]
    told = TRACKING in strange["response"] or strange["outcome"] == "answered"
    return [
        Figure("cold_start_s", round(cold_s, 1), "s", "<= 300", 1, note="make up, all engines ready"),
        Figure("second_start_s", round(warm_s, 1), "s", "<= 8", 1, note="the same"),
        Figure("right_answers", sum(right), "of 3", "== 3", 3),
        Figure("answers_with_their_facts", told_rightly, "of 3", "== 3", 3, note="whichever path they took"),
        Figure("prompt_tokens", answers[-1]["tokens_in"], "tokens", f">= {PROMPT_TOKENS}", 1),
        Figure("answer_tokens", answers[-1]["tokens_out"], "tokens", ">= 1", 1),
        Figure("told_a_stranger", told, "orders", "== 0", 1, note="the same question by another customer"),
        Figure("right_answers_by_lazy", sum(by_lazy), "of 3", "== 0", 3,
               note="the lazy product that always falls back has to fail"),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
