"""An answer names the kind of thing that was asked for."""

import pytest

from arriero.checks.base import Exhibit
from arriero.checks.kind import SaysTheKindAsked, lacking


@pytest.mark.parametrize(
    ("question", "answer", "kind"),
    [
        (
            "How much does the detergent weigh?",
            "Our detergent is enough for five jackets.",
            "weight",
        ),
        ("how much is a spare burner", "Our workshop puts in a new burner.", "price"),
        ("how many members does the club have", "Joining the club is free.", "number of members"),
        ("who runs your workshop", "Our workshop is in the same building.", "person"),
        (
            "How long does it take to pitch?",
            "The tent has two doors and weighs 1.8 kg.",
            "duration",
        ),
        ("What colours does it come in?", "The jacket has zips under the arms.", "colour"),
        (
            "What's the phone number of the shop?",
            "The shop is open until 19:00.",
            "telephone number",
        ),
        ("When do you open on Christmas Day?", "We are open Monday to Friday.", "christmas"),
        ("Is the lamp made in Germany?", "The lamp weighs 62 g.", "origin"),
    ],
)
def test_what_is_asked_for_and_not_named_is_lacking(question: str, answer: str, kind: str) -> None:
    assert lacking(question, answer) == kind
    judged = SaysTheKindAsked().judge(Exhibit(question, answer))
    assert (judged.passed, judged.reason) == (False, f"no {kind}")


def test_what_a_person_matched_to_its_question_need_not_name_it() -> None:
    worded = Exhibit("How much is it?", "A colleague will tell you.", origin="template")
    assert SaysTheKindAsked(frozenset({"template"})).judge(worded).passed


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How much does the tent weigh?", "It weighs 1.3 kg."),
        ("What does express cost?", "Express delivery is 12.90 EUR per order."),
        ("how much do you charge for a return", "The label costs nothing."),
        ("How long is a repair?", "It takes about an hour."),
        ("how many cards can go on one order", "Up to three cards can be combined."),
        ("how many kilos can I take", "The load should stay below 9 kg."),
        ("What does it mean when the status says processing?", "The order is paid."),
        ("Are you open at Easter?", "All shops are closed on public holidays."),
        ("opening hours on new year's eve", "On 24 and 31 December all shops close at 13:00."),
        ("who pays the postage", "The label is free."),
        ("", "Anything."),
    ],
)
def test_what_names_it_or_was_not_asked_passes(question: str, answer: str) -> None:
    assert lacking(question, answer) == ""
