"""What customers ask and nothing answers: questions in groups, and a draft article for each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arriero.apps.support.resolution import NO_TOPIC, PERSON, intent_of, is_courtesy
from arriero.core.words import Ended, Mode, Run, Stage, content_hash

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RELEASE_AT = 0.7
# Mean likeness (cosine) between two groups from which they are one: chosen on the sample shop's own
# training messages (bars/LOG.md), for the default encoder.
ALIKE = 0.4
MOST = (
    400  # newest questions that are grouped: a second of work for the groups, two for the encoder
)
EXAMPLES = 8
UNANSWERED = frozenset({Ended.CLARIFY, Ended.FALLBACK, Ended.PENDING})
# These end without an answer for another reason than that nothing is known.
OTHER_REASONS = frozenset({"handover", "held", "unknown-order", "flow", "template"})


@dataclass(frozen=True, slots=True)
class Question:
    """A message that nothing answered, masked as it was recorded. `person` tells customers apart."""

    run: str
    text: str
    intent: str
    person: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions about one thing, the most typical first, and the intents they were taken for."""

    questions: tuple[Question, ...]
    intents: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its most typical question."""
        return self.questions[0].text

    @property
    def id(self) -> str:
        """Stays while the group's most typical question does."""
        return f"gap-{content_hash(self.questions[0].run)[:12]}"

    @property
    def examples(self) -> tuple[str, ...]:
        """Its most typical questions, each wording once."""
        return tuple(dict.fromkeys(one.text for one in self.questions))[:EXAMPLES]

    @property
    def people(self) -> int:
        return len({one.person for one in self.questions})


@dataclass(frozen=True, slots=True)
class DraftArticle:
    """A proposal for an article: Markdown whose heading is the title. `replies` are what agents
    answered to these questions, best first, still masked; without one the text is the heading alone.
    """

    title: str
    text: str
    intents: tuple[str, ...]
    questions: tuple[str, ...]
    replies: tuple[str, ...]


def is_unanswered(run: Run, *, release_at: float = RELEASE_AT) -> bool:
    """Whether a run shows that knowledge is missing: it ended without an answer, and what was found
    was nothing, or not good enough to be sent.

    A wish for a person, an unknown order number, a flow's own question and a failure of ours do not.
    """
    message = str(run.input.get("message", ""))
    return (
        run.mode is Mode.LIVE
        and run.ended in UNANSWERED
        and run.origin not in OTHER_REASONS
        and not any(stage.error for stage in run.stages if stage.stage is not Stage.ACT)
        and intent_of(run) != PERSON
        and bool(message.strip())
        and not is_courtesy(message)
        and (not run.sources or run.score is None or run.score < release_at)
    )


def question_of(run: Run) -> Question:
    """What an unanswered run asked."""
    text = " ".join(str(run.input["message"]).split())
    person = str(run.input.get("customer") or run.input.get("conversation") or run.id)
    return Question(run.id, text, intent_of(run), person, run.reason)


def newest(asked: Iterable[Question]) -> tuple[Question, ...]:
    """At most `MOST` questions, oldest first. The same words of the same person count once, the first time."""
    found: dict[tuple[str, str], Question] = {}
    for one in sorted(asked, key=lambda question: question.run):
        found.setdefault((one.person, one.text.casefold()), one)
    return tuple(found.values())[-MOST:]


def groups(
    asked: Sequence[Question], vectors: NDArray[np.float32], *, alike: float = ALIKE
) -> tuple[Gap, ...]:
    """The questions in groups, the largest first. `vectors` are their unit vectors, in order.

    Agglomerative clustering with average linkage (Sokal and Michener, 1958) down to a mean likeness
    of `alike`. The same questions give the same groups, in whatever order they come but for ties.
    """
    if not asked:
        return ()
    found = []
    for members in _clusters(vectors @ vectors.T, alike):
        near = vectors[members] @ vectors[members].T
        typical = sorted(
            range(len(members)), key=lambda at: (-round(float(near[at].sum()), 5), members[at])
        )
        ordered = tuple(asked[members[at]] for at in typical)
        named = Counter(one.intent for one in ordered if one.intent not in NO_TOPIC)
        # An intent that a fifth of them share; what is rarer is rather a mistake of the classifier.
        shared = [name for name, times in named.most_common() if times >= len(ordered) / 5]
        found.append(Gap(ordered, tuple(shared)))
    return tuple(sorted(found, key=lambda one: (-len(one.questions), one.questions[0].run)))


def draft(gap: Gap, replies: Mapping[str, Sequence[str]]) -> DraftArticle:
    """The article that would answer a gap, as far as people have answered it already.

    `replies` are agents' texts by run. The answer to the most typical question comes first.
    """
    said = [text for one in gap.questions for text in replies.get(one.run, ())]
    told = tuple(dict.fromkeys(" ".join(text.split()) for text in said if text.strip()))
    title = _title(gap.name)
    body = f"\n\n{told[0]}\n" if told else "\n"
    return DraftArticle(title, f"# {title}{body}", gap.intents, gap.examples, told)


def _title(question: str) -> str:
    """A question as a heading: one line, no mark that Markdown or a header would read."""
    plain = question.lstrip("#>-*+ \t").replace("<", "(").replace(">", ")")
    short = plain if len(plain) <= 120 else f"{plain[:120].rsplit(' ', 1)[0]} ..."
    return short[:1].upper() + short[1:]


def _clusters(likeness: NDArray[np.float32], alike: float) -> list[list[int]]:
    """Indices in groups: the two nearest are joined until no two are near enough.

    The likeness of joined groups follows Lance and Williams (1967): the mean, weighted by size.
    """
    import numpy as np  # noqa: PLC0415  # only where something is grouped

    near = likeness.astype(np.float64).round(6)
    np.fill_diagonal(near, -np.inf)
    members = {at: [at] for at in range(len(near))}
    while len(members) > 1:
        one, other = (int(at) for at in np.unravel_index(int(near.argmax()), near.shape))
        if near[one, other] < alike:
            break
        one, other = min(one, other), max(one, other)
        sizes = len(members[one]), len(members[other])
        joined = (sizes[0] * near[one] + sizes[1] * near[other]) / sum(sizes)
        near[one], near[:, one] = joined, joined
        near[one, one] = -np.inf
        near[other], near[:, other] = -np.inf, -np.inf
        members[one] += members.pop(other)
    return [sorted(group) for group in members.values()]
