"""How a requirement comes in over HTTP, and which keys its answer has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field

from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.wanted import Wanted
from arriero.core.door import Asked, Door
from arriero.core.words import JsonValue, Outcome, Run


class WantedBody(Wanted):
    """A requirement in words, with what is fixed about the code."""

    deadline_ms: float | None = Field(default=None, gt=0, le=120_000)


class TermShown(BaseModel):
    """A term of the score."""

    model_config = ConfigDict(frozen=True)

    name: str
    got: float
    out_of: float
    why: str
    left_out: bool


class GeneratedBody(BaseModel):
    """The case study's keys, and what the score and the decision rest on.

    `validation_score` is from 0 to 10: the sum of `terms`, not above what `cap` names. `manifest` says with
    what it was made; `arriero runs replay RUN` tells the run again.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    documentation: str
    validation_score: float
    language: str
    complexity: str
    decision: str
    main: str
    files: dict[str, str]
    tests: str
    entry: str | None
    executed: bool
    terms: list[TermShown]
    cap: str
    warnings: list[str]
    questions: list[str]
    dependencies: list[str]
    manifest: dict[str, JsonValue]
    processing_time: float = Field(description="seconds")


def _asked(body: WantedBody) -> Asked:
    given = body.model_dump(exclude={"deadline_ms", "checks"})
    return Asked(
        Wanted.model_construct(**given | {"checks": body.checks, "repository": body.repository}),
        body.conversation,
        body.deadline_ms,
    )


def _present(outcome: Outcome[Generated], run: Run) -> Mapping[str, JsonValue]:
    told = asdict(outcome.answer)
    del told["cut"]
    return {
        **told,
        "manifest": manifest(outcome.answer, run),
        "processing_time": run.duration_ms / 1e3,
    }


def manifest(made: Generated, run: Run) -> Mapping[str, JsonValue]:
    """With what the code was made: enough to tell the run again, and to see whether it is the same code."""
    files = {made.main: made.code, **made.files} if made.code else {}
    return {
        "run": run.id,
        "variant": run.variant,
        "config": run.config,
        "versions": dict(run.versions),
        "tokens_in": run.tokens_in,
        "tokens_out": run.tokens_out,
        "sha256": {name: sha256(text.encode()).hexdigest() for name, text in files.items()},
        "replay": f"arriero runs replay {run.id}",
    }


door = Door(
    path="/v1/code/generations",
    app="codegen",
    summary="Write code that was run before it is shown",
    request=WantedBody,
    response=GeneratedBody,
    asked=_asked,
    present=_present,
)
