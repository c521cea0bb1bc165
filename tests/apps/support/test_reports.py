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
        "The lamp came broken and I don't know what to do now",
        "Two pegs are missing, no idea how that happened",
        "wrong shirt in the box, please let me know what happens next",
        "I am not sure what went wrong but the zip is torn",
        "The address on the parcel was wrong",
        "I was charged the price twice",
        "send me the invoice please",
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
        "The kettle came dented, not sure whether you want the carton back",
        "One pole is missing. Please let me know how soon the other leaves",
        "wrong shirt, I wonder who pays the postage",
        "The cup broke on the way and I'd like to know if I may keep it",
        "A sock is missing, tell me the last day to report it",
        "last date to post it for easter",
        "whats the least I can pay by invoice",
        "got two pans, one goes back, until when",
        "wrong street on it already. anything I can do about the label",
        "your workshop's address",
        "i'd like to pay later, for how long",
    ],
)
def test_a_question_in_particular_is_not_answered_by_the_procedure(message: str) -> None:
    assert not only_reports(message)
