"""What decides how an inquiry may be answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from arriero.apps.support import templates
from arriero.apps.support.confirm import answers
from arriero.apps.support.handover import Rules, Texts
from arriero.apps.support.inquiry import Inquiry
from arriero.apps.support.memory import stands_alone
from arriero.apps.support.modes import Mode as Automation
from arriero.apps.support.settings import SupportSettings
from arriero.apps.support.values import HUMAN, Evidence, Lost, Seen
from arriero.flow import Turn

OUT_OF_SCOPE = "out_of_scope"
OUTSIDE = 0.5  # of `Labels.outside`: from here on the message fits no intent


def sure(turn: Turn[Inquiry], seen: Seen) -> bool:
    """Whether the intent can be relied on."""
    return seen.confidence >= turn.variant.thresholds["intent"]


@dataclass(frozen=True)
class Matter:
    """An inquiry as it stands: what was understood, what is known, and the company's own rules and texts."""

    settings: SupportSettings
    answers: Mapping[str, Sequence[templates.Template]]
    rules: Rules
    turn: Turn[Inquiry]
    seen: Seen
    evidence: Evidence

    @property
    def sure(self) -> bool:
        return sure(self.turn, self.seen)

    @property
    def today(self) -> date:
        """The shop's own day: which articles hold is told by it."""
        return self.rules.hours.day(self.turn.now)

    @property
    def texts(self) -> Texts:
        """What is said around a hand-over, in the customer's language where there is a translation."""
        return self.rules.texts_in(self.seen.language)

    @property
    def for_a_person(self) -> bool:
        return self.seen.intent == HUMAN and (self.seen.person or self.sure)

    @property
    def out_of_context(self) -> bool:
        """Whether it cannot be understood without what was said before, which cannot be read now."""
        own, lost = self.turn.input.own, self.evidence.lost
        if lost is Lost.NOTHING or self.seen.person:
            return False
        number = self.settings.order_number
        alone = lost is Lost.PENDING or stands_alone(own, sure=self.sure, number=number)
        return answers(own) or not alone

    @property
    def out_of_scope(self) -> bool:
        """The classifier rejects the message, or is sure that it belongs to what is not ours.

        Who names an order asks about it, however they put it.
        """
        seen = self.seen
        if seen.order:
            return False
        if seen.outside is not None and seen.outside >= OUTSIDE and not self.sure:
            return True
        at = self.turn.variant.thresholds["scope"]
        return seen.intent == OUT_OF_SCOPE and seen.confidence >= at

    @property
    def own_words(self) -> bool:
        """Whether the language model may word an answer freely."""
        return self.settings.wording == "free"

    @property
    def open(self) -> bool:
        """Whether the question is one for the language model."""
        return self.seen.intent in self.settings.open_intents

    @property
    def from_order(self) -> bool:
        """Whether the order's own record is all that the model is to word an answer from."""
        return self.seen.intent in self.settings.order_intents and "order_id" in self.evidence.facts

    @property
    def articles_first(self) -> bool:
        """Whether the articles are asked before templates and flows.

        So they are for a question that is the same for everybody, and for a report where only the
        procedure of its kind would answer: "keeping it might be fine if it got cheaper" asks more than that.
        """
        seen, known = self.seen, self.evidence
        ours = known.held or known.pending or known.mode == Automation.OFF or known.intent
        free = self.own_words or known.contradictory
        own = seen.person or seen.intent == HUMAN or known.order != "none"
        flows = known.proposal is not None and bool(known.proposal.text)
        procedure = any("asks" in one.when for one in self.answers.get(seen.intent, ()))
        told = seen.reports and procedure and not flows
        return (seen.general or told) and not (own or ours or free)

    @cached_property
    def facts(self) -> Mapping[str, str]:
        """What a template is chosen by, and filled with."""
        asks = "nothing" if self.seen.reports else "something"
        return {**self.evidence.facts, "order": self.evidence.order, "asks": asks}

    @cached_property
    def template(self) -> templates.Template | None:
        """The approved wording that applies."""
        intent = self.seen.intent
        known = self.answers.get(intent, ())
        return templates.choose(known, intent, self.facts, self.turn.input.own)

    @cached_property
    def approved_text(self) -> str | None:
        return self.template.fill(self.facts) if self.template else None

    @property
    def only_asks(self) -> bool:
        """Whether the approved text only asks for what is missing."""
        return "order_id" not in self.evidence.facts and "?" in (self.approved_text or "")
