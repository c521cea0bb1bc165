"""Names whose place in a text tells them, addresses without a street's number, and what is a company's."""

from __future__ import annotations

from time import process_time

import pytest

from arriero.security.masking import PatternMasker, Vault


def masked(text: str) -> str:
    """`text` masked by patterns alone."""
    return PatternMasker().mask(text, Vault())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("From: Faith Oddsocks <f.o@mail.example>\nTo: orders\n\nWhere is it?", "Faith Oddsocks"),
        ("> Dear Blessing,\n> your parcel has left", "Blessing"),
        ("Thanks Penny, that was quick!", "Penny"),
        ("Hi, this is Wade from accounts. Send it again.", "Wade"),
        ("Hello, Joy here, any news?", "Joy"),
        ("The bell is broken, call Hope (my sister) instead", "Hope"),
        ("Give it to Mbasa, my neighbour, please", "Mbasa"),
        ("She is called Pearl Winters and lives upstairs", "Pearl Winters"),
        ("my nickname is Biscuit on the forum", "Biscuit"),
        ("Vorname Ilvy, bitte eintragen", "Ilvy"),
        ("Nachname ändern: bisher Rosenkohl, neu Zuckerhut.", "Zuckerhut"),
        ("parcel lost, name tschirnhaus, please look", "tschirnhaus"),
        ("Please add Grant to the account and tell Mark", "Grant"),
        ("our admin Tavita is ill", "Tavita"),
        ("It never came. Is that normal? Orsolya", "Orsolya"),
        ("Es kam nie an.\n\nBauer", "Bauer"),
        ("Kind regards,\nHunter Small", "Hunter Small"),
        ("kind regards,\nzelimo small", "zelimo small"),
        ("could not deliver to QUISPE, R. today", "QUISPE, R."),
        ("signed by Tessa B. Short at noon", "Tessa B. Short"),
        ("the bill from Anna Baker is wrong", "Baker"),
        ("the bell says Yildirim / Tschanz", "Tschanz"),
        ("it is jovana not jovanna", "jovanna"),
        ("a cheque for Mr A Penhale-Cox", "A Penhale-Cox"),
    ],
)
def test_a_place_in_the_text_tells_a_name(text: str, name: str) -> None:
    assert name not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "Dear Customer Service Team, will you mark it as paid?",
        "Thanks Team, that was quick!",
        "Hi there, this is urgent from my side",
        "I tell you, the rose gold one is nicer",
        "Please send the Hunter boots in green",
        "On Saturday, my husband waited all day",
        "It broke on day two. Unbelievable. Imagine.",
        "Kind regards, your unhappy customer",
        "Do you have it in size M. Thanks in advance",
        "This jacket is called Light Shell on your site",
    ],
)
def test_other_words_in_such_places_stay(text: str) -> None:
    assert masked(text) == text


def test_a_title_stays_before_the_name_that_it_leads_in() -> None:
    assert masked("I spoke to Mr. Featheringham and Frau Dr. Ostwaldt.") == (
        "I spoke to Mr. <PERSON_1> and Frau Dr. <PERSON_2>."
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("it lies in flat 31b, not here", "31b"),
        ("I am in Apartment 8, she is in Apartment 9.", "9"),
        ("Bitte an Ahornstr. 12, Hinterhaus, 20095 Hamburg liefern", "20095 Hamburg"),
        ("Calle Larga 3, 2.º dcha., 28013 Madrid", "28013 Madrid"),
        ("our new address: Tan y Bryn, Lon Las, Pwllmor, LL53 5AA.", "Tan y Bryn"),
        ("Write to Zoran, Halifax NS B3H 1A1, please", "Halifax NS"),
        ("to 19 Cormorant Road, Nakuru, please", "Nakuru"),
        ("left at 7 The Moorings.", "7 The Moorings"),
        (
            "I have moved, the new address: 21 W Foxtail Blvd, it came from IP 2001:db8::1",
            "21 W Foxtail Blvd",
        ),
    ],
)
def test_addresses_without_all_their_parts(text: str, address: str) -> None:
    assert address not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "Is your shop at 12 Foundry Road open today?",
        "Rechnung an Muster GmbH, Am Gaswerk 9, bitte",
        "Nobody answers your hotline, 0800 555 0100",
        "the number on the site, 0345 555 0100, just rings",
        "the session lasted 00:17:45",
        "passport scanning stops at 60 %",
        "the Jack Wolfskin for my dad",
        "the Paul Smith wallet is brown",
        "your branch in Penny Lane is closed",
        "tablets for Parkinson's and for the stomach",
        "the flat 2 pack is too large",
        "a ping to 8.8.8.8 works",
        "I paid RON 120 for it",
    ],
)
def test_what_is_a_companys_or_nobodys_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "my number is 0800 555 0100",
        "we called your number 07911 555 019 twice",
        "Thanks, Paul Smith",
        "I live at 12 Foundry Road",
    ],
)
def test_without_the_companys_words_the_same_is_private(text: str) -> None:
    assert masked(text) != text


def test_a_card_after_no_is_a_card() -> None:
    assert masked("card no 4000056655665556 was refused") == "card no <CARD_1> was refused"


@pytest.mark.parametrize(
    "bit",
    ["Dear Joy, ", "From: A B", "Joy (", "Ab Cd, ", "flat 1 ", "AB, C. ", "A Bc-De ", "1 The A", "Joy not ", "Ab-", "neu Ab "],
)  # fmt: skip
def test_a_row_of_such_places_does_not_take_for_ever(bit: str) -> None:
    began = process_time()
    masked((bit * 25_000)[:25_000] + "!")
    assert process_time() - began < 5.0
