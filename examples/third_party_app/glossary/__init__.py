"""Glossary: explains a word in the company's own words, or says that it does not know it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from arriero.checks.base import Exhibit, Group
from arriero.checks.facts import facts_are_sourced
from arriero.checks.grounding import is_covered_by_its_sources
from arriero.core.door import Asked, Door
from arriero.core.errors import InputError, NotFound
from arriero.core.settings import AppSettings
from arriero.core.words import (
    Action,
    Draft,
    Ended,
    FreeText,
    JsonValue,
    Outcome,
    Source,
    Variant,
    Verdict,
)
from arriero.flow import Judged, Parts, Plugin, Shapes, Turn
from arriero.retrieval.base import Index, Passage
from arriero.store.jobs import Job


class Question(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    text: FreeText = Field(min_length=1, max_length=1_000)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is looked up: the question without its mark."""

    query: str


@dataclass(frozen=True, slots=True)
class Evidence:
    found: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    text: str = ""


class GlossarySettings(AppSettings):
    """`[apps.glossary]`: `words` is a TOML file with a table [words]."""

    rounds: int = Field(default=0, ge=0, le=0, description="there is nothing to improve")
    words: Path = Path(__file__).with_name("words.toml")


@dataclass(frozen=True)
class GlossaryApp:
    settings: GlossarySettings
    index: Index

    name = "glossary"
    shapes = Shapes(Question, Seen, Evidence, Explanation)
    checks: tuple[Group, ...] = ((facts_are_sourced,), (is_covered_by_its_sources,))
    jobs: tuple[Job, ...] = ()
    golden: Path | None = None
    unrecorded = False

    @property
    def deadline_ms(self) -> float:
        return self.settings.deadline_ms

    def baseline(self) -> Variant:
        return Variant(self.name, roles={}, prompts={}, thresholds={}, rounds=self.settings.rounds)

    def versions(self) -> Mapping[str, str]:
        """Live data that the variant does not pin; noted on every run."""
        return {"index": self.index.version}

    async def understand(self, turn: Turn[Question]) -> Seen:
        return Seen(turn.input.text.rstrip("?! ").lower())

    async def gather(self, turn: Turn[Question], seen: Seen) -> Evidence:
        """Only entries whose word stands in the question: search finds near ones too."""
        hits = await self.index.search(seen.query, k=5)
        found = [hit.passage for hit in hits if hit.passage.title in seen.query]
        return Evidence(tuple(Source(one.id, one.title, one.text) for one in found))

    async def draft(
        self, turn: Turn[Question], seen: Seen, evidence: Evidence
    ) -> Sequence[Draft[Explanation]]:
        return [Draft(Explanation(one.quote), "glossary", (one,)) for one in evidence.found]

    async def improve(
        self, turn: Turn[Question], seen: Seen, evidence: Evidence, best: Judged[Explanation]
    ) -> Sequence[Draft[Explanation]]:
        return []

    def exhibit(
        self, turn: Turn[Question], seen: Seen, evidence: Evidence, draft: Draft[Explanation]
    ) -> Exhibit:
        return Exhibit(turn.input.text, draft.answer.text, draft.origin, draft.sources)

    def score(self, verdicts: Sequence[Verdict]) -> float:
        return min((verdict.score for verdict in verdicts), default=0.0)

    def decide(
        self, turn: Turn[Question], seen: Seen, best: Judged[Explanation] | None
    ) -> Outcome[Explanation]:
        if best is None or not best.passed:
            return self.fallback(turn, seen, "the word is not in the glossary")
        draft = best.draft
        return Outcome(Ended.ANSWERED, draft.answer, origin=draft.origin, sources=draft.sources)

    async def perform(self, tenant: str, run: str, action: Action) -> Mapping[str, JsonValue]:
        raise NotFound(f"glossary has no action {action.kind!r}; it has none at all")

    def fallback(
        self, turn: Turn[Question], seen: Seen | None, reason: str
    ) -> Outcome[Explanation]:
        return Outcome(Ended.FALLBACK, Explanation("I do not know that word."), reason)

    def labels(self, seen: Seen) -> Mapping[str, str]:
        return {}

    async def ping(self) -> None:
        await self.index.ping()

    async def close(self) -> None:
        await self.index.close()


async def open_glossary(settings: GlossarySettings, parts: Parts) -> GlossaryApp:
    return GlossaryApp(settings, await parts.open_index(_passages(settings.words)))


def _passages(file: Path) -> tuple[Passage, ...]:
    try:
        words = tomllib.loads(file.read_text(encoding="utf-8"))["words"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{str(file)!r} must be a TOML file with a table [words]: {error}"
        ) from None
    return tuple(
        Passage(f"word:{place}", "glossary", word, text)
        for place, (word, text) in enumerate(words.items(), start=1)
    )


class ExplanationBody(BaseModel):
    text: str


plugin = Plugin(
    name="glossary",
    settings=GlossarySettings,
    open=open_glossary,
    door=Door(
        path="/v1/glossary",
        app="glossary",
        summary="Explain a word",
        request=Question,
        response=ExplanationBody,
        asked=Asked,
        present=lambda outcome, run: asdict(outcome.answer),
    ),
)
