"""The hand-over state machine: what each event makes of each state, and what the customer reads."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.apps.support.handover import (
    OPEN,
    TERMINAL,
    Accept,
    Event,
    HandOverSettings,
    Priority,
    Queue,
    Reply,
    Resolve,
    Return,
    Rules,
    Standing,
    State,
    Step,
    Texts,
    Tick,
    acknowledged,
    advance,
    first_priority,
    possible,
)
from arriero.core.errors import Conflict, InputError, SettingsError
from arriero.core.settings import parse
from tests.apps.support.recorded import ALWAYS, MONDAY, NIGHT, OFFICE, rules

RULES = rules()
PLACES = re.compile(r"{(\w+)}")
ACTORS = st.sampled_from(["anna", "ben"])
EVENTS = st.one_of(
    st.just(Queue()),
    st.builds(Accept, ACTORS),
    st.builds(Reply, ACTORS, st.just("It is on its way.")),
    st.builds(Return, ACTORS, st.just("the bot can say it")),
    st.builds(Resolve, ACTORS, st.sampled_from(["", "Done."])),
    st.just(Tick()),
)
STEPS = st.lists(st.tuples(EVENTS, st.timedeltas(timedelta(0), timedelta(days=3))), max_size=25)
NAMES = {Accept: "accept", Reply: "reply", Return: "return", Resolve: "resolve"}


def _after(*events: Event, now: datetime = MONDAY, by: Rules = RULES) -> Step:
    step = Step(Standing())
    for event in events:
        step = advance(step.standing, event, now, by)
    return step


@given(STEPS)
def test_every_change_of_state_tells_the_customer_something(
    steps: list[tuple[Event, timedelta]],
) -> None:
    standing, now = Standing(), MONDAY
    for event, later in steps:
        now += later
        try:
            step = advance(standing, event, now, RULES)
        except Conflict:
            continue
        if step.standing != standing:
            assert step.standing.step == standing.step + 1
            assert any(told.sender == "service" and told.text.strip() for told in step.told)
        assert all(told.text.strip() and "{" not in told.text for told in step.told)
        standing = step.standing


@given(STEPS)
def test_nobody_waits_for_ever(steps: list[tuple[Event, timedelta]]) -> None:
    """An open hand-over has a due moment, or waits where the next free person sees it."""
    standing, now = Standing(), MONDAY
    for event, later in steps:
        now += later
        try:
            standing = advance(standing, event, now, RULES).standing
        except Conflict:
            continue
        if standing.state in OPEN and standing.state is not State.REQUESTED:
            assert standing.due_at is not None
            assert possible(standing)
    ticked = advance(standing, Tick(), now + timedelta(days=60), RULES).standing
    if standing.state is State.REQUESTED:
        assert ticked.state is State.QUEUED
    elif standing.state in OPEN:
        assert ticked.state is State.TIMED_OUT


@given(STEPS, STEPS)
def test_what_has_ended_stays_ended(
    steps: list[tuple[Event, timedelta]], more: list[tuple[Event, timedelta]]
) -> None:
    standing, now, ended = Standing(), MONDAY, None
    for event, later in [*steps, *more]:
        now += later
        try:
            step = advance(standing, event, now, RULES)
        except Conflict:
            continue
        if ended:
            assert (step.standing, step.told) == (ended, ())
        standing = step.standing
        if standing.state in TERMINAL:
            ended = standing


@given(STEPS, EVENTS)
def test_what_is_said_to_be_possible_is_what_can_be_done(
    steps: list[tuple[Event, timedelta]], event: Event
) -> None:
    standing, now = Standing(), MONDAY
    for one, later in steps:
        now += later
        try:
            standing = advance(standing, one, now, RULES).standing
        except Conflict:
            continue
    if isinstance(event, Tick | Queue):
        return
    listed = NAMES[type(event)] in possible(standing, event.actor)
    try:
        advance(standing, event, now, RULES)
    except Conflict:
        assert not listed
    else:
        assert listed


def test_a_request_is_queued_with_a_due_moment_in_business_hours() -> None:
    step = _after(Queue())
    assert (step.standing.state, step.standing.due_at) == (
        State.QUEUED, MONDAY + timedelta(minutes=30),
    )  # fmt: skip
    assert "today at 12:30 (UTC)" in step.told[0].text


def test_at_night_the_customer_reads_when_somebody_is_back() -> None:
    step = _after(Queue(), now=NIGHT)
    assert step.standing.due_at == datetime(2026, 11, 24, 9, 30, tzinfo=NIGHT.tzinfo)
    assert "back tomorrow at 09:00 (UTC)" in step.told[0].text
    assert "tomorrow at 09:30 (UTC) at the latest" in step.told[0].text


def test_only_the_one_who_accepted_can_go_on() -> None:
    accepted = _after(Queue(), Accept("anna")).standing
    assert accepted.agent == "anna"
    for event in (Accept("ben"), Reply("ben", "hi"), Return("ben", "no"), Resolve("ben")):
        with pytest.raises(Conflict, match=r"'anna' has accepted .* reply, return, resolve"):
            advance(accepted, event, MONDAY, RULES)


def test_what_has_ended_says_so() -> None:
    ended = _after(Queue(), Accept("anna"), Resolve("anna")).standing
    with pytest.raises(Conflict, match="resolved, which is its end"):
        advance(ended, Accept("ben"), MONDAY, RULES)


def test_a_reply_changes_nothing_but_is_told() -> None:
    accepted = _after(Queue(), Accept("anna"))
    step = advance(accepted.standing, Reply("anna", " It ships today. "), MONDAY, RULES)
    assert step.standing == accepted.standing
    assert [(told.sender, told.text) for told in step.told] == [("agent", "It ships today.")]


def test_an_empty_reply_or_reason_is_refused() -> None:
    accepted = _after(Queue(), Accept("anna")).standing
    for event in (Reply("anna", " \n"), Return("anna", "")):
        with pytest.raises(InputError, match="write one"):
            advance(accepted, event, MONDAY, RULES)


def test_the_reason_of_a_return_is_kept_and_not_told() -> None:
    step = _after(Queue(), Accept("anna"), Return("anna", "it is in the returns article"))
    assert step.standing.note == "it is in the returns article"
    assert step.standing.due_at is None
    assert "article" not in step.told[0].text


def test_resolving_tells_the_last_word_and_then_the_closing() -> None:
    step = _after(Queue(), Accept("anna"), Resolve("anna", "Refunded 20 EUR."))
    assert [told.sender for told in step.told] == ["agent", "service"]
    assert step.told[0].text == "Refunded 20 EUR."
    assert [told.sender for told in _after(Queue(), Accept("a"), Resolve("a")).told] == ["service"]


@pytest.mark.parametrize("begun", [(Queue(),), (Queue(), Accept("anna"))])
def test_what_nobody_answers_in_time_rises_and_is_free_for_all(begun: tuple[Event, ...]) -> None:
    standing = _after(*begun).standing
    assert standing.due_at is not None
    assert advance(standing, Tick(), standing.due_at, RULES) == Step(standing)
    late = advance(standing, Tick(), standing.due_at + timedelta(seconds=1), RULES)
    assert (late.standing.state, late.standing.priority) == (State.TIMED_OUT, Priority.HIGH)
    assert late.standing.agent is None
    assert late.standing.due_at == standing.due_at
    assert possible(late.standing, "ben") == ("accept",)
    assert late.told[0].text.startswith("I am sorry")


def test_time_outs_at_closing_time_say_when_the_team_is_back() -> None:
    standing = _after(Queue(), Accept("anna")).standing
    late = advance(standing, Tick(), NIGHT + timedelta(days=2), RULES)
    assert "back tomorrow at 09:00 (UTC)" in late.told[0].text


def test_priority_never_rises_above_urgent() -> None:
    standing, now = _after(Queue(), by=rules(ALWAYS)).standing, MONDAY
    for _ in range(5):
        now += timedelta(days=2)
        standing = advance(standing, Tick(), now, rules(ALWAYS)).standing
        standing = advance(standing, Accept("anna"), now, rules(ALWAYS)).standing
    assert standing.priority is Priority.URGENT


def test_a_request_that_is_not_queued_yet_names_the_way() -> None:
    with pytest.raises(Conflict, match="possible is: queue"):
        _after(Accept("anna"))


def test_anger_a_worsening_mood_and_repetition_raise_the_first_priority() -> None:
    assert first_priority("neutral", "steady", 0) is Priority.NORMAL
    assert first_priority("negative", "steady", 0) is Priority.HIGH
    assert first_priority("negative", "falling", 3) is Priority.URGENT


def test_who_writes_on_reads_whether_a_colleague_is_there_already() -> None:
    held = acknowledged(_after(Queue(), Accept("anna")).standing, RULES, MONDAY)
    waiting = acknowledged(_after(Queue()).standing, RULES, MONDAY)
    assert held != waiting
    assert "colleague has your conversation" in held


def test_a_company_words_its_own_messages() -> None:
    table = {"texts": {"accepted": "{agent} is on it."}, "accept_within_min": 5}
    settings = parse(HandOverSettings, table, "[apps.support.hand_over]")
    step = _after(Queue(), Accept("anna"), by=Rules.of(OFFICE, settings))
    assert step.told[0].text == "anna is on it."
    assert settings.texts.resolved == Texts().resolved


@pytest.mark.parametrize(
    ("text", "says"),
    [("{name} has it", "no placeholder 'name'"), ("{", "brace"), (" ", "must be told something")],
)
def test_a_text_that_cannot_be_filled_is_refused(text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        parse(HandOverSettings, {"texts": {"accepted": text}}, "[apps.support.hand_over]")


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_every_text_has_a_translation_with_the_same_placeholders(language: str) -> None:
    own, english = HandOverSettings().translations[language], Texts()
    for name in type(english).model_fields:
        said, known = getattr(own, name), getattr(english, name)
        assert said != known
        assert (
            set(PLACES.findall(said))
            <= set(PLACES.findall(known))
            <= {*PLACES.findall(said), "weekday"}
        )


def test_the_customer_reads_each_change_in_the_language_of_the_message() -> None:
    spoken = Rules.of(OFFICE, HandOverSettings())
    step = advance(Standing(language="de"), Queue(), MONDAY, spoken)
    assert step.told[0].text.startswith("Ihre Frage ist jetzt bei unserem Team")
    assert "heute um" in step.told[0].text
    assert acknowledged(step.standing, spoken, MONDAY) == spoken.texts_in("de").waiting
    unknown = advance(Standing(language="eo"), Queue(), MONDAY, spoken)
    assert unknown.told == advance(Standing(), Queue(), MONDAY, spoken).told


def test_a_company_replaces_single_texts_of_a_translation_and_adds_languages() -> None:
    told = {"translations": {"de": {"accepted": "Wir sind dran."}, "it": {"accepted": "Ci siamo."}}}
    spoken = HandOverSettings.model_validate(told).translations
    assert spoken["de"].accepted == "Wir sind dran."
    assert spoken["de"].queued == HandOverSettings().translations["de"].queued
    assert (spoken["it"].accepted, spoken["it"].queued) == ("Ci siamo.", Texts().queued)
    assert spoken["fr"] == HandOverSettings().translations["fr"]


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"queued": "We answer at {clock}."}, "no placeholder 'clock' here"),
        ({"today": "today, {when}"}, "no placeholder 'when' here"),
        ({"passed_on": "A colleague answers {when}."}, "said as it stands"),
        ({"queued": "We answer {when:d}."}, "brace"),
        ({"queued": "We answer {when:{clock}}."}, "brace"),
    ],
)
def test_a_text_that_could_not_be_filled_is_refused_when_it_is_set(
    texts: dict[str, str], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        parse(HandOverSettings, {"texts": texts}, "[apps.support.hand_over]")


def test_the_packaged_translations_can_all_be_filled() -> None:
    for language, texts in HandOverSettings().translations.items():
        rules = replace(RULES, translations={language: texts})
        standing = Standing(language=language)
        for event in (Queue(), Accept("anna"), Reply("anna", "x"), Resolve("anna")):
            for now in (MONDAY, NIGHT):
                told = advance(standing, event, now, rules).told
                assert all("{" not in one.text for one in told)
            standing = advance(standing, event, MONDAY, rules).standing


def test_who_writes_on_is_told_until_when_too() -> None:
    spoken = replace(RULES, texts=Texts(waiting="You hear from us {when}."))
    standing = _after(Queue()).standing
    assert acknowledged(standing, spoken, MONDAY) == "You hear from us today at 12:30 (UTC)."
