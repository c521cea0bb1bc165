"""What can be learned from a run: examples, or the reason why it is left out. Pure.

An edited answer gives a pair (DPO) and a target (SFT); a thumb or a rating an unpaired example (KTO); a
corrected label a row for a classifier. An answer that people found bad is never a target.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from arriero.core.settings import DatasetSettings
from arriero.core.words import Call, JsonValue, Run, Trace
from arriero.learning.opinion import Opinion, Stance
from arriero.security.masking import each_string

SHORT_ID = 64  # characters: longer strings without a space are no ids of people


class Route(StrEnum):
    """Where an example goes: full targets, pairs, unpaired good and bad answers, classifiers."""

    SFT = "sft"
    DPO = "dpo"
    KTO = "kto"
    HEADS = "heads"


class Why(StrEnum):
    """Why a run or an example is left out; each reason is a sentence's end for a person."""

    SILENT = "nobody said whether it was good or bad"
    UNDECIDED = "people contradict each other"
    NO_TRACE = "its trace is gone"
    NOT_WRITTEN = "no model wrote the answer"
    ROLES = "its messages do not alternate between user and assistant"
    CONSTRAINED = "the model may only choose among given texts, and the edit is none of them"
    FAILED_CHECK = "people liked it, but a check failed"
    FEW_SIGNALS = "too few signs that it was bad"
    NOT_CLASSIFIED = "no classifier gave the label that was corrected"
    PRIVATE = "private data is left in it"
    BENCHMARK = "it is like a text of a benchmark or a golden set"
    CONTRADICTED = "the same answer was found good and bad"
    REPEATED = "the same example is there already"
    NEAR = "a very similar example is there already"
    TOO_MANY = "there are newer examples enough"
    OLD = "it is older, and enough older ones are replayed"


@dataclass(frozen=True, slots=True)
class Example:
    """One row for a trainer. `target` answers `messages`; `rejected` is the worse answer of a pair;
    `good` is the tag of an unpaired example; `head` names the classifier that `target` is a label for.

    `question` is what the person asked. `names` and `speakers` may have it erased: the unit, whatever
    else in the input may be an id, and the pseudonyms of those whose feedback it is made of.
    """

    route: Route
    run: str
    unit: str
    at: datetime
    question: str
    messages: tuple[Mapping[str, str], ...]
    target: str
    rejected: str | None = None
    good: bool | None = None
    head: str | None = None
    names: frozenset[str] = frozenset()
    speakers: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """What makes it like another example: the question and what is learned to answer."""
        return f"{self.question}\n{self.target}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A run (or one of its examples) that nothing is learned from."""

    run: str
    why: Why
    route: Route | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The call that wrote a run's answer: its messages, and the reply word for word."""

    messages: tuple[Mapping[str, str], ...]
    reply: str
    schema: Mapping[str, JsonValue] | None


def examples(
    opinion: Opinion, trace: Trace | None, settings: DatasetSettings, role: str | None = None
) -> list[Example | LeftOut]:
    """What can be learned from a run of which people have this opinion.

    `role` is the role whose calls are learned from; None: whichever wrote the answer.
    """
    run = opinion.run
    if trace is None:
        return [LeftOut(run.id, Why.NO_TRACE)]
    found: list[Example | LeftOut] = list(_labels(opinion, trace))
    if opinion.edit is None and opinion.stance in {Stance.NONE, Stance.UNDECIDED}:
        undecided = opinion.stance is Stance.UNDECIDED
        if undecided or not found:
            found.append(LeftOut(run.id, Why.UNDECIDED if undecided else Why.SILENT))
        return found
    written = written_by(run, trace, role)
    if isinstance(written, Why):
        return [*found, LeftOut(run.id, written)]
    if opinion.edit is not None:
        return [*found, *_edited(opinion, written, opinion.edit, settings)]
    return [*found, _unpaired(opinion, written, settings)]


def written_by(run: Run, trace: Trace, role: str | None = None) -> Written | Why:
    """The last call whose reply is the run's answer, or why nothing can be learned of it."""
    for call in reversed(trace.calls):
        if (role is None or call.role == role) and _wrote(call, run):
            messages = tuple(
                {"role": str(one["role"]), "content": str(one["content"])}
                for one in call.request["messages"]
            )
            if not _alternate(messages):
                return Why.ROLES
            assert call.reply is not None  # noqa: S101  # `_wrote` saw it
            return Written(messages, str(call.reply["text"]), call.request.get("schema"))
    return Why.NOT_WRITTEN


def _wrote(call: Call, run: Run) -> bool:
    """Whether the answer is what this call replied, or a part of it (a code block, whole sentences)."""
    if call.error or call.reply is None or "messages" not in call.request:
        return False
    reply = _plain(str(call.reply.get("text", "")))
    answer = _plain(max(each_string(run.answer), key=len, default=""))
    if not reply or not answer:
        return False
    whole = reply in answer and 2 * len(reply) >= len(
        answer
    )  # a word that occurs in it is no answer
    return whole or answer in reply or _chosen(reply, answer)


def _chosen(reply: str, answer: str) -> bool:
    """Whether the reply is a JSON list of texts that make up the answer."""
    try:
        parts = json.loads(reply)
    except ValueError:
        return False
    return (
        isinstance(parts, list)
        and bool(parts)
        and all(isinstance(part, str) and _plain(part) in answer for part in parts)
    )


def _alternate(messages: Sequence[Mapping[str, str]]) -> bool:
    """What LLaMA-Factory takes: a system message or none, then user and assistant in turn, user last."""
    spoken = messages[1:] if messages and messages[0]["role"] == "system" else messages
    wanted = ("user", "assistant")
    return len(spoken) % 2 == 1 and all(
        one["role"] == wanted[place % 2] and one["content"].strip()
        for place, one in enumerate(spoken)
    )


def _edited(
    opinion: Opinion, written: Written, edit: str, settings: DatasetSettings
) -> Iterable[Example | LeftOut]:
    if written.schema is not None:
        yield LeftOut(opinion.run.id, Why.CONSTRAINED)
        return
    yield _example(Route.SFT, opinion, written, edit)
    yield _example(Route.DPO, opinion, written, edit, rejected=written.reply)
    if settings.pairs_in_kto:
        yield _example(Route.KTO, opinion, written, edit, good=True)
        yield _example(Route.KTO, opinion, written, written.reply, good=False)


def _unpaired(opinion: Opinion, written: Written, settings: DatasetSettings) -> Example | LeftOut:
    run, good = opinion.run, opinion.stance is Stance.GOOD
    if good and any(not verdict.passed for verdict in run.verdicts):
        return LeftOut(run.id, Why.FAILED_CHECK, Route.KTO)
    if not good and opinion.signals < settings.negative_signals:
        return LeftOut(run.id, Why.FEW_SIGNALS, Route.KTO)
    return _example(Route.KTO, opinion, written, written.reply, good=good)


def sampled(opinion: Opinion, written: Written, better: Written) -> list[Example]:
    """What a bad answer's replacement teaches, which passed the app's own checks: a target, and a pair
    when it answers the very same messages.
    """
    found = [_example(Route.SFT, opinion, better, better.reply)]
    if better.messages == written.messages:
        found.append(_example(Route.DPO, opinion, written, better.reply, rejected=written.reply))
    return found


def accepted(opinion: Opinion, trace: Trace | None, role: str | None = None) -> Example | None:
    """The target that an older run may be replayed with: its edit, or an answer that people found good
    and every check passed. None for any other run.
    """
    if trace is None or isinstance(written := written_by(opinion.run, trace, role), Why):
        return None
    if opinion.edit is not None:
        target = opinion.edit if written.schema is None else None
    else:
        fine = opinion.stance is Stance.GOOD and all(one.passed for one in opinion.run.verdicts)
        target = written.reply if fine else None
    return None if target is None else _example(Route.SFT, opinion, written, target)


def _labels(opinion: Opinion, trace: Trace) -> Iterable[Example | LeftOut]:
    for name, right in opinion.labels.items():
        call = _classified(trace, opinion.run.labels.get(name), right)
        if call is None:
            yield LeftOut(opinion.run.id, Why.NOT_CLASSIFIED, Route.HEADS)
            continue
        text = str(call.request["text"])
        yield Example(
            Route.HEADS, opinion.run.id, unit_of(opinion.run), opinion.run.started_at,
            question=text, messages=(), target=right,
            head=call.model.partition(":")[2], names=names_in(opinion.run),
            speakers=opinion.speakers,
        )  # fmt: skip


def _classified(trace: Trace, was: str | None, right: str) -> Call | None:
    """The head's call that gave the label which was corrected; else one that knows the right label."""
    calls = [
        (call, [str(label) for label, _ in call.reply["scores"]])
        for call in trace.calls
        if call.model.startswith("head:") and call.reply and call.reply.get("scores")
    ]
    first = (call for call, labels in calls if labels[0] == was)
    return next(first, next((call for call, labels in calls if right in labels), None))


def _example(
    route: Route,
    opinion: Opinion,
    written: Written,
    target: str,
    *,
    rejected: str | None = None,
    good: bool | None = None,
) -> Example:
    run = opinion.run
    return Example(
        route, run.id, unit_of(run), run.started_at, question_of(run), written.messages, target,
        rejected, good, names=names_in(run), speakers=opinion.speakers,
    )  # fmt: skip


def unit_of(run: Run) -> str:
    """What stays on one side of a split: the unit, else the run alone."""
    return run.unit or run.id


def question_of(run: Run) -> str:
    """What the person asked: the last message of a user, else the longest text of the input."""
    for value in run.input.values():
        if isinstance(value, list | tuple):
            users = [one for one in value if isinstance(one, Mapping) and one.get("role") == "user"]
            if users and isinstance(users[-1].get("content"), str):
                return str(users[-1]["content"])
    return max((one for one in run.input.values() if isinstance(one, str)), key=len, default="")


def names_in(run: Run) -> frozenset[str]:
    """The unit, the run, and every string of the input that may be an id: `privacy_forget` compares these."""
    ids = {
        text
        for text in each_string(run.input)
        if len(text) <= SHORT_ID and not any(map(str.isspace, text))
    }
    return frozenset({run.id, *ids} | ({run.unit} if run.unit else set()))


def _plain(text: str) -> str:
    return " ".join(text.split())
