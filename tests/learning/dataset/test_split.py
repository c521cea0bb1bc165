"""What is kept aside is new people at a later time; nobody is on both sides."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from arriero.learning.dataset.example import Example, Route
from arriero.learning.dataset.split import split
from tests.learning.rated import START


def example(unit: str, hour: int) -> Example:
    at = START + timedelta(hours=hour)
    return Example(Route.SFT, f"{unit}-{hour}", unit, at, "?", (), "!")


@given(
    st.lists(st.tuples(st.integers(0, 30).map(str), st.integers(0, 500)), max_size=200),
    st.floats(0, 0.5),
)
def test_no_unit_is_on_both_sides(table: list[tuple[str, int]], share: float) -> None:
    ones = [example(*row) for row in table]
    found = split(ones, share)
    assert {one.unit for one in found.training}.isdisjoint(one.unit for one in found.held_out)
    assert sorted([*found.training, *found.held_out], key=id) == sorted(ones, key=id)
    assert len(found.held_out) <= share * len(ones)
    if found.since is not None:
        first: dict[str, datetime] = {}
        for one in sorted(found.training, key=lambda one: one.at):
            first.setdefault(one.unit, one.at)
        assert all(at <= found.since for at in first.values())
        assert all(one.at >= found.since for one in found.held_out)


def test_a_unit_that_came_back_is_trained_on_whole() -> None:
    ones = [
        example("old", 0),
        *(example(f"u{hour}", hour) for hour in range(1, 9)),
        example("old", 9),
    ]
    found = split(ones, 0.2)
    assert {one.unit for one in found.held_out} == {"u8", "u7"}
    assert [one.at for one in found.training if one.unit == "old"] == [ones[0].at, ones[-1].at]
