"""What a run teaches, by what people said of it; a bad answer is never a target."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.core.settings import DatasetSettings, LearningSettings
from arriero.core.words import Call, JsonValue, Message, Run, Trace, Verdict
from arriero.learning.dataset.example import (
    Example,
    LeftOut,
    Route,
    Why,
    Written,
    accepted,
    examples,
    names_in,
    question_of,
    sampled,
    written_by,
)
from arriero.learning.opinion import Opinion, heard
from arriero.models.base import Prompt, Reply
from tests.learning.rated import ROLE, SYSTEM, rated, run, trace

OWN = DatasetSettings()


def opinion(of: Run, *feedback: tuple[str, JsonValue]) -> Opinion:
    return heard([rated(of, *feedback)], LearningSettings()).opinions[0]


def taught(
    *feedback: tuple[str, JsonValue],
    of: Run | None = None,
    told: Trace | None = None,
    own: DatasetSettings = OWN,
) -> Sequence[Example | LeftOut]:
    of = of or run(unit="c-1")
    return examples(opinion(of, *feedback), told or trace(of), own)


def shape(found: Sequence[Example | LeftOut]) -> list[object]:
    return [one.why if isinstance(one, LeftOut) else (one.route, one.good) for one in found]


def test_an_edit_is_a_target_and_the_better_of_a_pair() -> None:
    found = taught(("rating", 1), ("edit", "It comes today."))
    assert shape(found) == [
        (Route.SFT, None),
        (Route.DPO, None),
        (Route.KTO, True),
        (Route.KTO, False),
    ]
    sft, dpo = found[:2]
    assert isinstance(sft, Example)
    assert isinstance(dpo, Example)
    assert sft.target == dpo.target == "It comes today."
    assert dpo.rejected == "It is on its way."
    assert [one["content"] for one in sft.messages] == [SYSTEM, "Where is my order?"]


def test_an_edit_can_be_kept_out_of_the_unpaired_examples() -> None:
    own = OWN.model_copy(update={"pairs_in_kto": False})
    assert shape(taught(("edit", "It comes today."), own=own)) == [
        (Route.SFT, None),
        (Route.DPO, None),
    ]


@pytest.mark.parametrize(
    ("feedback", "is_"),
    [
        (("thumb", True), (Route.KTO, True)),
        (("thumb", False), (Route.KTO, False)),
        (("rating", 2), (Route.KTO, False)),
        (("rating", 3), Why.SILENT),
        (("comment", "Hm."), Why.SILENT),
    ],
)
def test_thumbs_and_ratings_are_unpaired(feedback: tuple[str, JsonValue], is_: object) -> None:
    assert shape(taught(feedback)) == [is_]


def test_contradictory_ratings_teach_nothing() -> None:
    assert shape(taught(("thumb", True), ("rating", 1))) == [Why.UNDECIDED]


def test_praise_of_an_answer_that_failed_a_check_is_left_out() -> None:
    flawed = run(verdicts=(Verdict("grounded", False, 0.2),))
    assert shape(taught(("thumb", True), of=flawed)) == [Why.FAILED_CHECK]
    assert shape(taught(("thumb", False), of=flawed)) == [(Route.KTO, False)]


def test_two_signs_may_be_asked_for_before_an_answer_is_learned_as_bad() -> None:
    careful = OWN.model_copy(update={"negative_signals": 2})
    assert shape(taught(("thumb", False), own=careful)) == [Why.FEW_SIGNALS]
    both = taught(("thumb", False), ("recontact", True), own=careful)
    assert shape(both) == [(Route.KTO, False)]


def test_what_no_model_wrote_is_left_out() -> None:
    of = run()
    assert shape(taught(("thumb", True), of=of, told=trace(of, reply="Something else."))) == [
        Why.NOT_WRITTEN
    ]
    assert shape(examples(opinion(of, ("thumb", True)), None, OWN)) == [Why.NO_TRACE]


def test_a_word_that_occurs_in_the_answer_did_not_write_it() -> None:
    of = run()
    assert written_by(of, trace(of, reply="order")) is Why.NOT_WRITTEN


def test_a_reply_around_the_answer_wrote_it() -> None:
    of = run(answer="def f(): ...")
    told = trace(of, reply="Here it is:\n```\ndef f(): ...\n```")
    assert isinstance(written_by(of, told), Written)


def test_a_model_that_may_only_choose_is_not_taught_other_words() -> None:
    of = run(answer="One. Two.")
    told = trace(of, reply=json.dumps(["One.", "Two."]), schema={"type": "array"})
    assert shape(taught(("edit", "Three."), of=of, told=told)) == [Why.CONSTRAINED]
    assert shape(taught(("thumb", False), of=of, told=told)) == [(Route.KTO, False)]


def test_only_the_calls_of_the_role_are_learned_from() -> None:
    of = run()
    assert isinstance(written_by(of, trace(of), ROLE), Written)
    assert written_by(of, trace(of), "other") is Why.NOT_WRITTEN


@pytest.mark.parametrize(
    "roles", [("user", "user"), ("assistant", "user"), ("user", "assistant"), ("system",)]
)
def test_messages_that_do_not_alternate_are_left_out(roles: tuple[str, ...]) -> None:
    of = run()
    told = trace(of, messages=tuple(Message(role, "x") for role in roles))
    assert shape(taught(("thumb", True), of=of, told=told)) == [Why.ROLES]


def classified(label: str, model: str = "head:intents") -> Call:
    scores = [[label, 0.8], ["refund", 0.1]]
    return Call("intent_classifier", model, None, {"text": "my money"}, {"scores": scores})


def test_a_corrected_label_is_a_row_for_the_head_that_gave_it() -> None:
    of = run(labels={"intent": "status"})
    told = trace(of, calls=(classified("calm", "head:moods"), classified("status")))
    (found,) = taught(("label", {"intent": "refund"}), of=of, told=told)
    assert isinstance(found, Example)
    assert (found.route, found.head) == (Route.HEADS, "intents")
    assert (found.question, found.target) == ("my money", "refund")


def test_a_label_that_no_head_gave_is_left_out() -> None:
    of = run(labels={"intent": "status"})
    assert shape(taught(("label", {"intent": "refund"}), of=of)) == [Why.NOT_CLASSIFIED]


def test_an_older_run_is_replayed_when_it_was_accepted() -> None:
    of = run()
    for feedback, target in (
        (("thumb", True), "It is on its way."),
        (("edit", "Today."), "Today."),
        (("thumb", False), None),
        (("rating", 3), None),
    ):
        found = accepted(opinion(of, feedback), trace(of))
        assert (found and found.target) == target


def test_a_replacement_is_a_pair_only_for_the_same_prompt() -> None:
    of = run()
    bad = opinion(of, ("thumb", False))
    written = written_by(of, trace(of))
    assert isinstance(written, Written)
    same = sampled(bad, written, replace(written, reply="Better."))
    assert [one.route for one in same] == [Route.SFT, Route.DPO]
    other = replace(written, reply="Better.", messages=({"role": "user", "content": "Hm?"},))
    assert [one.route for one in sampled(bad, written, other)] == [Route.SFT]


def test_a_conversation_is_asked_by_its_last_user_message() -> None:
    said = [{"role": "user", "content": "Hi"}, {"role": "user", "content": "And now?"}]
    assert question_of(replace(run(), input={"messages": said, "model": "m"})) == "And now?"
    assert question_of(run("How long does it take?", unit="c-1")) == "How long does it take?"


def test_whoever_may_have_it_erased_is_named() -> None:
    of = replace(run(unit="talk-7"), input={"message": "Where is it?", "customer": "c-1"})
    assert names_in(of) == {of.id, "talk-7", "c-1"}


VERDICTS = st.sampled_from(
    [("thumb", True), ("thumb", False), ("rating", 1), ("rating", 2), ("rating", 5),
     ("resolved", False), ("recontact", True), ("edit", "Better."), ("comment", "Hm.")]
)  # fmt: skip


@given(st.lists(VERDICTS, min_size=1, max_size=6), st.booleans(), st.booleans())
def test_a_bad_answer_is_never_a_target(
    feedback: list[tuple[str, JsonValue]], failed: bool, pairs: bool
) -> None:
    verdicts = (Verdict("grounded", not failed, 0.5),)
    of = run(number=7, verdicts=verdicts)
    what = opinion(of, *feedback)
    told = trace(of)
    found = examples(what, told, OWN.model_copy(update={"pairs_in_kto": pairs}))
    targets = [one for one in found if isinstance(one, Example) and one.route is Route.SFT]
    again = accepted(what, told)
    for one in [*targets, *([again] if again else [])]:
        assert one.target == "Better." or (what.good and not what.bad and not failed)
    answer = "It is on its way."
    praised = [one for one in found if isinstance(one, Example) and one.good]
    assert not (failed and any(one.target == answer for one in praised))
    tags = {one.good for one in found if isinstance(one, Example) and one.target == answer}
    assert len(tags - {None}) <= 1


def test_a_failed_call_wrote_nothing() -> None:
    of = run()
    reply = Reply("It is on its way.", "m", "stop", 1, 1, 1.0, 1.0)
    prompt = asdict(Prompt((Message("user", "?"),)))
    failed = Call(ROLE, "fake:echo", None, prompt, asdict(reply), error="cut")
    assert written_by(of, replace(trace(of), calls=(failed,))) is Why.NOT_WRITTEN
