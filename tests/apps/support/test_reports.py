"""What only reports something, and what asks for one thing in particular."""

import pytest

from arriero.apps.support.reports import only_reports


@pytest.mark.parametrize(
    "message",
    [
        "The left pole of order 10432 came broken.",
        "one sock is missing, what now?",
        "I got a red cup instead of the blue one. What should I do?",
        "Wrong size again - can you help me",
        "please remove my account",
        "These boots pinch, I need one size more",
        "The pan was dented. How do I report this?",
        "",
    ],
)
def test_a_report_is_told_how_such_a_case_goes(message: str) -> None:
    assert only_reports(message)


@pytest.mark.parametrize(
    "message",
    [
        "Must I send the broken pole back?",
        "one sock is missing, how long do I have to report it",
        "What should I do with the box",
        "My cup is broken. Is the return free?",
        "I want a bigger size, until when may I change it",
        "The tent is torn, does the guarantee cover that?",
    ],
)
def test_a_question_in_particular_is_not_answered_by_the_procedure(message: str) -> None:
    assert not only_reports(message)
