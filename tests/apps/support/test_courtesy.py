"""What a message asks, without greeting and thanks."""

from time import perf_counter

import pytest

from arriero.apps.support.courtesy import request_in, without_quoted
from arriero.apps.support.general import asks_in_general
from arriero.apps.support.several import requests


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


QUOTED = (
    ("Yes\n\nOn Mon, 15 Jun 2026 at 10:32, Puna Outdoor <help@puna.example> wrote:\n> Cancel it?\n> Reply yes", "Yes"),
    ("Yes\n\nOn Mon, 15 Jun 2026 at 10:32, Puna Outdoor\n<help@puna.example> wrote:\n\n> Cancel it?", "Yes"),
    ("Ja\n\nAm 15.06.2026 um 10:32 schrieb Puna Outdoor:\n> Stornieren?", "Ja"),
    ("> Cancel it?\nNo, leave it.\n> Really?\nReally.", "No, leave it.\nReally."),
    ("On Jun 15, 2026, at 10:32, Puna wrote:\n> Which order?\n\nThe tent.", "The tent."),
    ("Where is 10300?\n\n-----Original Message-----\nFrom: Puna\nOrder 10234 is delayed.", "Where is 10300?"),
    ("Where is 10300?\n\nFrom: Puna <a@b.example>\nSent: Monday\nTo: me\n\nOrder 10234", "Where is 10300?"),
    ("Where is 10300?\n\nOn 15 June 2026 at 10:32 Puna wrote:\nOrder 10234 is delayed.", "Where is 10300?"),
)  # fmt: skip
OWN = (
    "Hello\nOn Monday your colleague wrote:\nYou get 20 EUR back. Is that true?",
    "On 15 June your colleague wrote:\nYou get 20 EUR back. Is that true?",
    "> 10234\n> where is it?",  # nothing else: it is the message
    "From: Lima\nTo: Cusco\nDo you deliver there?",
    "a > b, and so on",
    "Is it > 5 kg?\nYes it is",
)


@pytest.mark.parametrize(("message", "own"), QUOTED)
def test_the_mail_that_a_message_quotes_is_not_the_message(message: str, own: str) -> None:
    assert without_quoted(message) == own
    assert without_quoted(message.replace("\n", "\r\n")) == own


@pytest.mark.parametrize("message", OWN)
def test_what_only_looks_like_a_quotation_stays(message: str) -> None:
    assert without_quoted(message) == message


@pytest.mark.parametrize("mark", [" ", "\n", "!", "- ", ","])
def test_a_message_of_one_mark_holds_nobody_up(mark: str) -> None:
    message = f"Where is it{mark * (7_900 // len(mark))}x"  # as long as a message may be
    began = perf_counter()
    request_in(message)
    requests(message)
    asks_in_general(message)
    assert perf_counter() - began < 0.5
