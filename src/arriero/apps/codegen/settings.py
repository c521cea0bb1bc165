"""`[apps.codegen]`: what the app that writes code is told."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from pydantic import Field

from arriero.core.settings import AppSettings, Roles, RoleSettings, Section, Thresholds

Heading = Literal["overview", "functions", "usage", "dependencies", "complexity", "tests"]
SYSTEM = "You write correct, short {language} code. Answer with one code block and nothing else."


class CodegenModels(Roles):
    """One role: requirements are understood and code is judged by rules and by running it.

    1,500 tokens and the end at the closing fence are the case study's numbers (DESIGN §9), its temperature of
    0.2 is 0 here: the first draft is the likeliest one, and `samples` are drawn only when it fails. Without drafting
    the 0.5b wrote 14 functions a third faster (bars/LOG.md): code repeats itself often, and seldom for long.
    """

    writer: RoleSettings = RoleSettings(
        model="llama:qwen2.5-coder-0.5b",
        temperature=0.0,
        max_tokens=1_500,
        stop=("\n```", "\nif __name__", "\nassert ", "\nprint("),
        drafting=False,
    )


class Documentation(Section):
    """What the documentation holds, and how long it may be in tokens (a token is four characters)."""

    sections: tuple[Heading, ...] = get_args(Heading)
    max_tokens: int = Field(default=800, ge=50, le=32_768)


class Validation(Section):
    """The case study's switches; a caller may switch off further ones, never on."""

    syntax_check: bool = True
    security_scan: bool = True
    performance_analysis: bool = True


class Gather(Section):
    """What is looked up before code is written, and how much of it the writer is shown."""

    cards: bool = Field(default=False, description="look recipe cards up, too")
    found: int = Field(default=5, ge=0, le=20, description="looked up; 0: nothing")
    shown: int = Field(default=2, ge=0, le=5, description="of these, shown to the writer")
    tokens: int = Field(default=600, ge=50, le=8_000, description="of what is shown, together")
    likeness: float = Field(default=0.5, ge=0, le=1, description="cosine from which one is shown")
    wait_s: float = Field(default=2.0, gt=0, description="for an index that is being made")
    barred: tuple[Path, ...] = Field(
        default=(), description="files whose texts must not enter an index, such as benchmarks"
    )


class CodegenSettings(AppSettings):
    # A function of the 0.5B takes 3 s; a project of six functions with repairs takes a minute on two cores.
    deadline_ms: float = Field(default=60_000, gt=0)
    rounds: int = Field(default=6, ge=0, le=20)
    thresholds: Thresholds = Thresholds()
    models: CodegenModels = CodegenModels()
    documentation: Documentation = Documentation()
    validation: Validation = Validation()
    gather: Gather = Gather()
    system_prompt: str = SYSTEM
    opened: bool = Field(
        default=True, description="the writer goes on from an answer that is begun for it"
    )
    samples: int = Field(
        default=4, ge=0, le=16, description="drafts of a round when the first one fails"
    )
    part_tries: int = Field(
        default=5,
        ge=1,
        le=16,
        description="answers for one part of several, until its examples hold and leave nothing open",
    )
    opinions: int = Field(
        default=2, ge=0, le=8, description="further drafts when examples hold but say little"
    )
    sample_temperature: float = Field(default=0.8, ge=0, le=2)
    repairs: int = Field(default=2, ge=0, le=6, description="rounds in which the writer corrects")
    patience: int = Field(
        default=2,
        ge=1,
        le=20,
        description="turns of the writer in a row that bring no example nearer",
    )
    ship_at: float = Field(default=0.8, ge=0, le=1, description="below it there are warnings")
    refuse_at: float = Field(
        default=0.31, ge=0, le=1, description="below it nothing is delivered: it fails all examples"
    )
    longest: int = Field(
        default=8_000, ge=200, description="characters of a requirement that the writer can read"
    )
    examine_s: float = Field(default=5.0, gt=0, description="one run of all checks")
    response_cache_s: float = Field(
        default=3_600, ge=0, description="case study: response cache TTL 3,600 s; 0: none"
    )
