"""How long each path of support takes on a real server with the real encoder, heads and smollm2.

Timed by the client over HTTP with kept connections, one question at a time, each question once (so
the intent cache is cold). The first token counts from the arrival of the question; a time-out of
the model counts as the whole deadline, for the first token and the answer.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from arriero.apps.support.settings import SupportSettings
from arriero.core.settings import Settings
from arriero.core.statistics import percentile
from arriero.core.words import Call, Run, Stage, Trace
from arriero.models import catalogue
from arriero.models.loss import ask, opened
from arriero.models.pace import cores, threads_for
from bars._client import INQUIRIES, Answer, Connection, connected, post
from bars._questions import Question, of_articles, of_open, of_orders, path_of
from bars._records import generation, passages, recorded, whole_passages
from bars._server import Server, arriero, lazy
from bars._trial import count, keep, progress, short
from bars.result import Figure

MODEL = "smollm2-135m"
ANSWER_TOKENS = 60
CONTEXT_TOKENS = 400  # of passages and history, so without instructions and question
HISTORY = ("Hello, I have some questions about my things.", "Gladly. What would you like to know?")
# Every open question goes to the model, so that its time is measured on all of them.
SETTINGS = f"""
[apps.support.models.response_generator]
model = "llama:{MODEL}"
temperature = 0.3
max_tokens = {ANSWER_TOKENS}
"""
# For open questions the model is always asked, and nothing else is good enough.
OPENED = f"[apps.support]\nwrite_at = 0.0\nrelease_at = 1.0\n{SETTINGS}"
ROLES = ("customer", "agent")
RELEASE = SupportSettings().release_at
IDLE_S = 0.3  # before each open question: the bar is of an idle machine
ON_PATH = 0.9  # a golden share: fewer answers on their path would make its time a chance hit


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what came back: the answer's body, and the client's times in milliseconds."""

    question: Question
    told: dict[str, Any]
    first_ms: float
    ms: float

    @property
    def path(self) -> str:
        return path_of(self.told["outcome"], self.told["origin"])


def main() -> None:
    figures = asyncio.run(_speeds())
    with tempfile.TemporaryDirectory() as folder:
        short_, open_, idle = (Path(folder) / name for name in ("short", "open", "lazy"))
        with arriero(short_, SETTINGS) as server:
            progress(f"ready in {server.ready_s:.1f} s")
            short_paths = uvloop.run(_ask_short(server))
        with arriero(open_, OPENED) as server:
            opened_questions = uvloop.run(_ask_open(server))
        figures = [*_short_figures(short_paths), *_open_figures(open_, opened_questions), *figures]
        with lazy(idle, "fallback") as server:
            figures += _lazy(uvloop.run(_ask_short(server)), uvloop.run(_ask_open(server)))
    keep("paths", "the three paths of support on real models, one question at a time", figures)


async def _ask_short(server: Server) -> dict[str, list[Asked]]:
    """Questions on orders, then on what articles say."""
    async with connected(server.url) as line:
        await _warm(line, server)
        n = count(250, 40)
        template = [await _asked(line, server, one) for one in of_orders(n)]
        progress(f"template: {len(template)} asked")
        policy = [await _asked(line, server, one) for one in of_articles()[: count(400, 40)]]
        progress(f"extractive: {len(policy)} asked")
    return {"template": template, "extractive": policy}


async def _ask_open(server: Server) -> list[Asked]:
    """Open questions, with stage events."""
    open_ones = []
    async with connected(server.url) as line:
        await _warm(line, server)
        for question in of_open()[: count(100, 8)]:
            await asyncio.sleep(IDLE_S)  # a model server that was left early ends its batch first
            open_ones.append(await _watched(line, server, question))
            progress(f"open: {open_ones[-1].ms:.0f} ms {open_ones[-1].path}")
    return open_ones


async def _warm(line: Connection, server: Server) -> None:
    """The model's start and the first use of everything are the cold start's bar, not this one's."""
    for message in ("Where is it?", "Which of your tents is best in the wind, and why is that so?"):
        body = {"message": message, "deadline_ms": 120_000}
        await line.ask(post(INQUIRIES, server.key, body), timeout_s=130)


async def _asked(line: Connection, server: Server, question: Question) -> Asked:
    answer = await line.ask(post(INQUIRIES, server.key, question.body()))
    assert answer.status == 200, answer.body
    return Asked(question, answer.json(), answer.first_ms, answer.ms)


async def _watched(line: Connection, server: Server, question: Question) -> Asked:
    """Asked with stage events: `first_ms` is the first of them."""
    said = [{"role": role, "text": text} for role, text in zip(ROLES, HISTORY, strict=True)]
    body = question.body(history=said, **({"deadline_ms": 60_000} if short() else {}))
    answer: Answer = await line.ask(post(INQUIRIES, server.key, body, accept="text/event-stream"))
    events = answer.events()
    assert answer.status == 200, answer.body
    assert (events[0][0], events[-1][0]) == ("stage", "answer"), events
    return Asked(question, events[-1][1], answer.first_ms, answer.ms)


def _short_figures(found: dict[str, list[Asked]]) -> list[Figure]:
    figures = []
    for path, asked in found.items():
        ms = [one.ms for one in asked if one.path == path]
        share = len(ms) / len(asked)
        figures += [
            *_times(path, ms, "<= 60"),
            Figure(f"{path}_share", round(share, 3), "share", _on_path(path), len(asked)),
        ]
    return figures


def _on_path(path: str) -> str:
    """Order questions all have a template; of what articles answer the golden bar says how much is right."""
    return f">= {ON_PATH}" if path == "template" else ">= 0.5"


def _open_figures(data: Path, asked: Sequence[Asked]) -> list[Figure]:
    ids = {one.told["run_id"]: one for one in asked if one.told["run_id"]}
    found = asyncio.run(recorded(data, ids))
    told = [_Generated(ids[id], run, trace) for id, (run, trace) in found.items()]
    generated = [one for one in told if one.call or one.timed_out]
    enough = asyncio.run(_with_enough(generated))
    progress(f"{len(asked)} asked, {len(generated)} generated, {len(enough)} with >= 400 tokens")
    if not enough:
        most = max((one.context_tokens for one in generated), default=0)
        progress(f"no question had {CONTEXT_TOKENS} tokens of context; the most were {most}")
        return [Figure("generative_n", 0, "questions", ">= 20", len(asked))]
    full = [one for one in enough if one.answer_tokens >= ANSWER_TOKENS]
    asked_model = [one for one in generated if one.call]
    released = [one for one in generated if one.score >= RELEASE]
    return [
        *_times("generative_first_token", [one.first_token_ms for one in enough], "<= 900"),
        *_times("generative", [one.answer_ms for one in enough], "<= 1600"),
        *(_times("generative_60_tokens", [one.answer_ms for one in full], "") if full else []),
        Figure("generative_n", len(enough), "questions", ">= 20", len(asked)),
        Figure("generative_released", len(released) / len(generated), "share", n=len(generated),
               note=f"judged good enough to be shown, at {RELEASE}"),
        Figure("generative_time_outs", sum(one.timed_out for one in enough), "answers", n=len(enough),
               note="counted at the deadline"),
        Figure("passages_cut", sum(not whole_passages(one.trace) for one in asked_model), "prompts",
               "== 0", len(asked_model)),
        Figure("prompt_tokens_p50", median(one.tokens_in for one in enough), "tokens", n=len(enough)),
        Figure("context_tokens_p50", median(one.context_tokens for one in enough), "tokens",
               f">= {CONTEXT_TOKENS}", len(enough), note="of passages and history alone"),
        Figure("answer_tokens_p50", median(one.answer_tokens for one in enough), "tokens", n=len(enough)),
        Figure("written_tokens_p50", median(one.tokens_out for one in enough), "tokens", n=len(enough),
               note="the rest could not be otherwise and was filled in"),
        *_times("first_event", [one.first_ms for one in asked], "<= 50"),
    ]  # fmt: skip


@dataclass(slots=True)
class _Generated:
    """An open question whose answer the model wrote, or was too slow to write."""

    asked: Asked
    run: Run
    trace: Trace
    context_tokens: int = 0
    answer_tokens: int = 0

    @property
    def call(self) -> Call | None:
        return generation(self.trace)

    @property
    def timed_out(self) -> bool:
        """The model gave no whole answer: its call failed, or the deadline passed in the draft."""
        if self.call is not None:
            return self.call.reply is None
        return any(stage.error for stage in self.run.stages if stage.stage is Stage.DRAFT)

    @property
    def score(self) -> float:
        """Of what the model wrote; 0 when it wrote nothing that may be shown."""
        scores = (
            one["score"] for one in self.trace.drafts if one["draft"]["origin"] == "generative"
        )
        return float(next(scores, 0.0))

    @property
    def tokens_in(self) -> int:
        return self.call.tokens_in if self.call else 0

    @property
    def tokens_out(self) -> int:
        return self.call.tokens_out if self.call else 0

    @property
    def answer_ms(self) -> float:
        return max(self.asked.ms, DEADLINE_MS) if self.timed_out else self.asked.ms

    @property
    def first_token_ms(self) -> float:
        """Since the question came: the stages before the model, then its first token.

        An extract is judged before the model is asked; all judging is counted, also what comes later.
        """
        if self.timed_out or self.call is None or self.call.first_ms is None:
            return DEADLINE_MS
        before = {Stage.UNDERSTAND, Stage.GATHER, Stage.JUDGE}
        waited = sum(stage.ms for stage in self.run.stages if stage.stage in before)
        return waited + self.call.first_ms


DEADLINE_MS = 60_000.0 if short() else 10_000.0  # the default of [apps.support]


async def _with_enough(generated: Sequence[_Generated]) -> list[_Generated]:
    """Those given 400 tokens of passages and history and more; counted by the model's own tokenizer."""
    async with opened(_model()) as child:
        for one in generated:
            context = "\n\n".join([*passages(one.trace), *HISTORY])
            told = one.call.reply["text"] if one.call and one.call.reply else ""
            found = [await ask(child, "/tokenize", {"content": text}) for text in (context, told)]
            one.context_tokens, one.answer_tokens = (len(each["tokens"]) for each in found)
    return [one for one in generated if one.context_tokens >= CONTEXT_TOKENS]


async def _speeds() -> list[Figure]:
    """The model's own speed with the product's thread count, and the loss of its copy."""
    measured = catalogue.writers_of(MODEL, _folder(), cores())
    threads = threads_for(cores(), 0, _model().stat().st_size, measured)
    reads, writes = [], []
    async with opened(_model(), threads) as child:
        await ask(child, "/completion", PLAIN)  # the first reads the file from the disk
        for _ in range(count(7, 2)):
            timings = (await ask(child, "/completion", PLAIN))["timings"]
            reads.append(timings["prompt_per_second"])
            writes.append(timings["predicted_per_second"])
    where = f"{threads[0]} threads write, {threads[1]} read, {_model().name}"
    return [
        Figure("prefill_tok_s", round(median(reads), 1), "tokens/s", n=len(reads), note=where),
        Figure("decode_tok_s", round(median(writes), 1), "tokens/s", n=len(writes), note=where),
        *_loss(),
    ]


PLAIN = {
    "prompt": list(range(1_000, 1_450)),
    "n_predict": ANSWER_TOKENS,
    "temperature": 0,
    "cache_prompt": False,
    "ignore_eos": True,
}


def _loss() -> list[Figure]:
    """What the re-quantised copy loses, as it was measured when it was made."""
    copy = catalogue.repacked_copy(catalogue.entry_of(MODEL), _folder())
    if copy is None or not copy.loss:
        print(f"   {MODEL} has no measured copy; run: arriero models pull {MODEL}")
        return []
    n, note = copy.loss["n"], f"{copy.kind} against the packaged file"
    same, ratio = copy.loss["agreement"], copy.loss["perplexity_ratio"]
    return [
        Figure("copy_same_first_choice", round(100 * same, 2), "%", n=n, note=note),
        Figure("copy_perplexity_ratio", round(ratio, 4), "x", n=n, note=note),
    ]


def _folder() -> Path:
    return Settings().models.folder.expanduser()


def _model() -> Path:
    """The file that the product serves."""
    return catalogue.path(MODEL, _folder(), repacked=Settings().models.repack)


def _times(name: str, ms: Sequence[float], bar: str) -> list[Figure]:
    if not ms:
        return [Figure(f"{name}_n", 0, "answers", ">= 1")]
    return [
        Figure(f"{name}_p50_ms", round(percentile(ms, 50), 1), "ms", bar, len(ms)),
        Figure(f"{name}_p95_ms", round(percentile(ms, 95), 1), "ms", n=len(ms)),
    ]


def _lazy(short_paths: dict[str, list[Asked]], opened_questions: Sequence[Asked]) -> list[Figure]:
    asked = [*(one for some in short_paths.values() for one in some), *opened_questions]
    on_path = sum(one.path in {"template", "extractive", "generative"} for one in asked)
    note = "the lazy product that always falls back has to fail the shares"
    return [Figure("on_path_by_lazy", on_path / len(asked), "share", "<= 0", len(asked), note=note)]


if __name__ == "__main__":
    main()
