"""What a message asks, without greeting and thanks."""

import pytest

from arriero.apps.support.courtesy import request_in


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("Hi team, how quick is express? Cheers", "how quick is express?"),
        ("Dear Sir or Madam, I want my money. Yours sincerely, Tom Smith", "I want my money"),
        (
            "Sorry to bother you but do you ship to Spain greetings from Linz",
            "do you ship to Spain",
        ),
        ("Hello Anna, where is it?", "where is it?"),
        ("Dear <FIRST_NAME>, no", "no"),
        ("is the shop open today Kind regards, Anna", "is the shop open today"),
        ("Quick question: do you ship? Many thanks in advance!", "do you ship?"),
        ("Can it be washed? Best, Tom", "Can it be washed?"),
    ],
)
def test_courtesies_are_left_out(message: str, asked: str) -> None:
    assert request_in(message) == asked


@pytest.mark.parametrize(
    "message",
    [
        "Hi",
        "Which tent is best",
        "Do you deliver to Spain, Italy",
        "Good day tours with boots?",
        "hello from Spain, do you ship here",
        "thank you for the order 10234, where is it",
        "What thanks do I get?",
        "",
    ],
)
def test_what_says_something_stays(message: str) -> None:
    assert request_in(message) == message
