"""What is to be written may stand in a list, under the name of its file."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.requirement import Kind, Requirement
from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.wanted import Wanted

TEXT = """
Write a small shop in two Python files.

prices.py:
- to_cents(text): turns "1.50" into 150.
- add(a, b), subtract(a, b): the sum and the difference.

shop.py (imports prices):
- class Basket with a method put(item, price).
1. total(basket: dict[str, int], rate: float = 0.1) -> float: the price of all items.

Examples:
to_cents("1.50") == 150
- add(1, 2) == 3
"""


def record(text: str) -> Requirement:
    return read(Wanted(requirement=text), languages=frozenset({"python"}), longest=8_000)


def test_a_list_of_signatures_is_laid_out_in_its_files() -> None:
    found = record(TEXT)
    assert [(part.file, part.name, part.params) for part in found.architecture.parts] == [
        ("prices.py", "to_cents", "text"),
        ("prices.py", "add", "a, b"),
        ("prices.py", "subtract", "a, b"),
        ("shop.py", "Basket", None),
        ("shop.py", "total", "basket: dict[str, int], rate: float = 0.1"),
    ]
    assert found.architecture.parts[3].kind is Kind.CLASS
    assert found.architecture.parts[4].returns == "float"
    assert found.kind is Kind.PROJECT


def test_the_examples_beside_a_list_are_found() -> None:
    assert 'to_cents("1.50") == 150' in [
        f"{one.call} == {one.expected}".replace("'", '"') for one in record(TEXT).examples
    ]


@pytest.mark.parametrize(
    "item", ["- area(2, 3) gives 6", "- area(x) == 6", "- (an aside)", "- nothing"]
)
def test_an_item_that_is_no_signature_adds_no_part(item: str) -> None:
    found = record(f"Write `area(width, height)`, the area of a rectangle.\n{item}\n")
    assert [part.name for part in found.architecture.parts] == ["area"]
