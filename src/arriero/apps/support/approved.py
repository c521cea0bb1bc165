"""Approved answers: what a person has said once is said again to whoever asks the same.

Looked up by the question, word for word first, then by meaning: the nearest approved question of the
same intent, if it is near enough for that intent and the guards of `agreement` find no difference.
Nothing personal is ever kept or given, and an answer lives only as long as the knowledge and the
policy that it was approved under.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from arriero.apps.support.agreement import disagreement, is_personal, speaks_of_one
from arriero.apps.support.templates import Template
from arriero.core.clock import Clock
from arriero.core.errors import InputError
from arriero.core.words import JsonValue, content_hash
from arriero.models.base import Encoder
from arriero.retrieval.base import Passage
from arriero.store.base import Cache
from arriero.store.records import Records

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KIND = "approved"
FRESH_S = 2.0  # how old the known answers may be; another replica's approval is seen after that
VECTOR_S = 30 * 86_400.0
LONGEST = 400  # characters of a question; a longer message says more than one thing
ENGLISH = "en"  # the language that the guards read; in others only exact questions are answered
_SPACE = re.compile(r"\s+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True, slots=True)
class Approved:
    """An answer that `by` approved at `at` (ISO time) for a question, under these versions.

    `quotes` are the sentences of the knowledge that it rests on, word for word.
    """

    intent: str
    question: str
    answer: str
    language: str
    knowledge: str
    policy: str
    by: str
    at: str
    quotes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same question of an intent and a language has one answer: the later one."""
        return content_hash([self.intent, self.language, normalised(self.question)])[:32]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the versions that are in force now."""

    tenant: str
    question: str
    intent: str
    language: str
    knowledge: str
    policy: str


@dataclass(frozen=True, slots=True)
class Found:
    """The approved answer to a question; `likeness` is the cosine of the questions."""

    approved: Approved
    how: Literal["exact", "semantic"]
    likeness: float


class Thresholds(BaseModel):
    """From which likeness on an intent's answers are given, for the encoder that it was fitted on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: str = ""
    intents: Mapping[str, float] = {}

    def of(self, intent: str, encoder: str) -> float | None:
        """None: exact questions only."""
        return self.intents.get(intent) if encoder == self.encoder else None


def read_thresholds(file: Path) -> Thresholds:
    """The thresholds of a JSON file; `InputError` names the file and the remedy."""
    try:
        return Thresholds.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{str(file)!r} has no thresholds ({reason}); leave it out to answer exact questions only"
        ) from None


def normalised(question: str) -> str:
    """One spelling a question: case, spaces, quotes and what stands around it do not count."""
    plain = unicodedata.normalize("NFKC", question).casefold().replace("\u2019", "'")
    return _EDGES.sub("", _SPACE.sub(" ", plain))


def knowledge_version(passages: Iterable[Passage], day: date) -> tuple[str, tuple[str, ...]]:
    """The version of what holds on `day`, and its texts: a new day may end an article as well."""
    valid = sorted((one.id, one.text) for one in passages if one.valid_on(day))
    return content_hash(valid)[:32], tuple(text for _, text in valid)


def holds(approved: Approved, asked: Asked) -> bool:
    """Whether the answer still stands: same language, knowledge and policy as when it was approved."""
    return (approved.language, approved.knowledge, approved.policy) == (
        asked.language,
        asked.knowledge,
        asked.policy,
    )


def may_be_shared(question: str) -> bool:
    """Whether an answer to this question could be anybody's: not personal, and not too long."""
    return len(question) <= LONGEST and not is_personal(question)


def exact(asked: Asked, known: Iterable[Approved]) -> Found | None:
    """The answer to the same words; the intent does not matter then, unless two have an answer."""
    words = normalised(asked.question)
    same = [one for one in known if holds(one, asked) and normalised(one.question) == words]
    best = next((one for one in same if one.intent == asked.intent), same[0] if same else None)
    return Found(best, "exact", 1.0) if best else None


def nearest(
    asked: Asked, likenesses: Sequence[tuple[Approved, float]], threshold: float | None
) -> Found | None:
    """The likest answer of the same intent that the guards let through, if it is like enough."""
    if threshold is None or asked.language != ENGLISH:
        return None
    near = [
        (likeness, one)
        for one, likeness in likenesses
        if likeness >= threshold and one.intent == asked.intent and holds(one, asked)
    ]
    for likeness, one in sorted(near, key=lambda pair: -pair[0]):
        if not disagreement(asked.question, one.question):
            return Found(one, "semantic", likeness)
    return None


@dataclass(slots=True)
class _Known:
    """What a tenant's approved answers were at a moment: the `rows` that they were read of, and the
    answers from files (`given`) that go after them. `by_words` has them by their normalised question.
    """

    until: float
    rows: Mapping[str, JsonValue]
    given: tuple[Approved, ...]
    answers: tuple[Approved, ...]
    by_words: Mapping[str, Sequence[Approved]]


@dataclass(slots=True)
class ApprovedAnswers:
    """The approved answers of every tenant: kept in `records`, their vectors in `cache`."""

    encoder: Encoder
    records: Records
    cache: Cache
    clock: Clock
    thresholds: Thresholds = field(default_factory=Thresholds)
    given: tuple[Approved, ...] = ()  # from files: every tenant's; a tenant's own go before them
    _known: dict[str, _Known] = field(default_factory=dict)
    _vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    async def lookup(self, asked: Asked) -> Found | None:
        """The approved answer to this question, or None. `StoreError` when the records fail."""
        if not may_be_shared(asked.question):
            return None
        known = await self._answers(asked.tenant)
        if found := exact(asked, known.by_words.get(normalised(asked.question), ())):
            return found
        threshold = self.thresholds.of(asked.intent, self.encoder.name)
        near = [one for one in known.answers if one.intent == asked.intent and holds(one, asked)]
        if threshold is None or not near:
            return None
        vector = (await self.encoder.encode([asked.question]))[0]
        vectors = await self._of([one.question for one in near])
        likenesses = [float(one @ vector) for one in vectors]
        return nearest(asked, list(zip(near, likenesses, strict=True)), threshold)

    async def approve(self, tenant: str, approved: Approved) -> bool:
        """Keep an answer; False when its question or answer is personal, so nobody else may get it."""
        if not _shareable(approved):
            return False
        if not approved.answer.strip() or not normalised(approved.question):
            raise InputError("an approved answer needs a question and a text; give both")
        value = _ADAPTER.dump_python(approved, mode="json")
        await self.records.put(tenant, KIND, approved.id, value)
        self._known.pop(tenant, None)
        return True

    async def withdraw(self, tenant: str, id: str) -> None:
        """Never give this answer again; nothing happens when it is not there."""
        await self.records.delete(tenant, KIND, id)
        self._known.pop(tenant, None)

    async def renew(
        self, tenant: str, *, knowledge: str, policy: str, texts: Collection[str]
    ) -> int:
        """Carry answers over to new versions: those whose every quote still stands in `texts`.

        An answer without quotes rests on nobody knows what, and waits for a person. Gives how many.
        """
        older = [
            one
            for one in (await self._answers(tenant)).answers
            if one.quotes and one.policy == policy and one.knowledge != knowledge
        ]
        # Of all that a company knows: seconds, which no customer's message waits for.
        standing = await asyncio.to_thread(_standing, older, texts) if older else ()
        for one in standing:
            await self.approve(tenant, replace(one, knowledge=knowledge))
        return len(standing)

    async def _answers(self, tenant: str) -> _Known:
        known = self._known.get(tenant)
        if known is None or self.clock.monotonic() >= known.until:
            rows = await self.records.list(tenant, KIND)
            until = self.clock.monotonic() + FRESH_S
            if known is None or known.rows != rows:
                known = self._known[tenant] = _known(until, rows, self.given)
            known.until = until
        if known.given is not self.given:
            known = self._known[tenant] = _known(known.until, known.rows, self.given)
        return known

    async def _of(self, questions: Sequence[str]) -> Sequence[NDArray[np.float32]]:
        """The vectors of approved questions: from memory, from the cache, else encoded."""
        import numpy as np  # noqa: PLC0415  # an app is imported without it

        missing = []
        for question in questions:
            if question in self._vectors:
                continue
            kept = await self.cache.get(self._key(question))
            if kept is None:
                missing.append(question)
            else:
                self._vectors[question] = np.frombuffer(kept, np.float32)
        if missing:
            for question, vector in zip(missing, await self.encoder.encode(missing), strict=True):
                self._vectors[question] = vector
                await self.cache.put(
                    self._key(question), vector.astype(np.float32).tobytes(), ttl_s=VECTOR_S
                )
        return [self._vectors[question] for question in questions]

    def _key(self, question: str) -> str:
        digest = hashlib.sha256(question.encode()).hexdigest()
        return f"approved-vector:{self.encoder.name}:{digest}"


_ADAPTER = TypeAdapter(Approved)


def _known(until: float, rows: Mapping[str, JsonValue], given: tuple[Approved, ...]) -> _Known:
    own = tuple(_ADAPTER.validate_python(row) for row in rows.values())
    taken = {one.id for one in own}
    answers = (*own, *(one for one in given if one.id not in taken))
    by_words: dict[str, list[Approved]] = {}
    for one in answers:
        by_words.setdefault(normalised(one.question), []).append(one)
    return _Known(until, rows, given, answers, by_words)


class _Row(BaseModel):
    """A line of a file of approved answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str
    question: str
    answer: str
    language: str = ENGLISH
    quotes: tuple[str, ...] = ()


def read_answers(
    file: Path, *, knowledge: str, policy: str, at: str, texts: Collection[str]
) -> tuple[Approved, ...]:
    """The answers of a JSONL file (intent, question, answer, quotes) that the knowledge still bears.

    Those of which a quote does not stand in `texts` are left out, and so is what is personal. Raises
    `InputError` naming the broken line.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); save it as UTF-8") from None
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = _Row.model_validate_json(line)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise InputError(
                f"{file.name}, line {number}: needs intent, question and answer as JSON ({reason})"
            ) from None
        found.append(
            Approved(row.intent, row.question, row.answer, row.language, knowledge, policy,
                     file.name, at, row.quotes)
        )  # fmt: skip
    whole = _whole(texts)
    return tuple(one for one in found if _stands(one, whole) and _shareable(one))


def of_templates(
    templates: Iterable[Template],
    questions: Mapping[str, Sequence[str]],
    *,
    knowledge: str,
    policy: str,
    at: str,
    never: Collection[str] = (),
) -> tuple[Approved, ...]:
    """The shop's templates that say the same to everybody, each for the `questions` of its intent.

    A template with a placeholder, or one that applies only under certain facts, is somebody's own.
    `never` are intents whose answer does something, such as calling a person.
    """
    return tuple(
        Approved(one.intent, question, one.text, ENGLISH, knowledge, policy, one.id, at)
        for one in templates
        if not (one.fields or one.when or one.needs or one.intent in never)
        for question in questions.get(one.intent, ())
        if may_be_shared(question)
    )


def _shareable(approved: Approved) -> bool:
    return may_be_shared(approved.question) and not speaks_of_one(approved.answer)


def _stands(approved: Approved, whole: str) -> bool:
    return all(_SPACE.sub(" ", quote) in whole for quote in approved.quotes)


def _standing(answers: Iterable[Approved], texts: Collection[str]) -> Sequence[Approved]:
    whole = _whole(texts)
    return [one for one in answers if _stands(one, whole)]


def _whole(texts: Collection[str]) -> str:
    return "\n".join(_SPACE.sub(" ", text) for text in texts)
