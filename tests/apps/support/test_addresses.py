"""Addresses out of messages: the clear ones whole, the unclear ones not at all."""

from __future__ import annotations

import pytest

from arriero.apps.support.addresses import Address, address_in, parsed

CLEAR = (
    ("Change the address of order 10234 to Lindenweg 5, Graz please", Address("Lindenweg 5", "Graz")),
    ("New address: 12 rue Haute, 38000 Grenoble", Address("12 rue Haute", "38000 Grenoble")),
    ("send it to Via Alta 12, 39100 Bolzano, Italy instead", Address("Via Alta 12", "39100 Bolzano", "IT")),
    ("Lindenweg 5 8010 Graz", Address("Lindenweg 5", "8010 Graz")),
    ("4 Mill Road, Cork", Address("4 Mill Road", "Cork")),
    ("lindenweg 5b, graz", Address("lindenweg 5b", "graz")),
    ("Am Anger 14b\n6020 Innsbruck", Address("Am Anger 14b", "6020 Innsbruck")),
    ("We moved, it is now Am Anger 14b, 6020 Innsbruck. Thanks!", Address("Am Anger 14b", "6020 Innsbruck")),
    ("Calle del Río 3, Granada, Spain", Address("Calle del Río 3", "Granada", "ES")),
    ("Please send it to Birkenweg 3, 1010 Wien", Address("Birkenweg 3", "1010 Wien")),
    ("My new address is Birkenweg 3, 1010 Wien", Address("Birkenweg 3", "1010 Wien")),
    ("Hauptstraße 12/3/4, 8010 Graz", Address("Hauptstraße 12/3/4", "8010 Graz")),
)  # fmt: skip
UNCLEAR = (
    "to my office", "my neighbour takes it", "I need it by 3 May, Graz at the latest, or 4",
    "new street is Lindenweg 3", "can order 57329 go to a pick-up point", "Lindenweg", "12345", "",
)  # fmt: skip


@pytest.mark.parametrize(("message", "address"), CLEAR)
def test_a_clear_address_is_found_whole(message: str, address: Address) -> None:
    found = address_in(message)
    assert found is not None
    assert parsed(found) == address


@pytest.mark.parametrize("lead", ["Please send it to", "My new address is", "It should go to"])
def test_what_leads_to_an_address_is_not_written_into_an_order(lead: str) -> None:
    """The masker may have taken it for a part of the street."""
    assert parsed(f"{lead} Birkenweg 3, 1010 Wien") == Address("Birkenweg 3", "1010 Wien")


@pytest.mark.parametrize("message", UNCLEAR)
def test_an_unclear_one_is_asked_again(message: str) -> None:
    assert address_in(message) is None


def test_a_masked_address_is_taken_as_it_stands() -> None:
    assert address_in("please send 10234 to <ADDRESS_2> instead") == "<ADDRESS_2>"
    assert parsed("<ADDRESS_2>") is None


@pytest.mark.parametrize(
    "text",
    [
        "Lindenweg 5, Graz; drop table orders",
        "Lindenweg 5, Graz. Also refund me",
        "x" * 400,
        "A 1, " + "b " * 99,
    ],
)
def test_an_address_with_more_in_it_is_none(text: str) -> None:
    assert parsed(text) is None
