"""Which figures a text has, and which of them are known."""

from __future__ import annotations

import pytest

from arriero.apps.finance.compliance.figures import figures, unknown


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Revenue was 4,120 million dollars, up 8.2 percent.", [4120.0, 8.2]),
        ("It grew thirty-five percent.", [35.0]),
        ("Fees fell by ninety cents and twelve percent.", [90.0, 12.0]),
        ("The margin is 13.8.", [13.8]),
        ("Two rivals left and one stayed.", []),
        ("By its filing of 12 February 2026, or 2026-02-12, or February 12, 2026.", []),
        ("In 2025 it beat the S&P 500 over 12 months, as in the past 250 sessions.", []),
        ("A chance of 62 in 100 of it.", [62.0]),
        ("1. Revenue. 2. Margin.", []),
        (
            "Sales of $4,120m, EUR350 and USD 2.4bn at 11x, up 8.2%.",
            [4120.0, 350.0, 2.4, 11.0, 8.2],
        ),
        ("FY2025, 3Q25, 2025/26, 3/2/2026, a 60-day and a phase 3 trial, page 4.", []),
        ("Growth of 10-12% on 1,005 shops, (4.5%) before.", [10.0, 12.0, 1005.0, 4.5]),
        ("Sales of 2025 million dollars.", [2025.0]),
    ],
)
def test_amounts_and_shares_are_figures_and_dates_are_not(text: str, values: list[float]) -> None:
    assert [one.value for one in figures(text)] == values


@pytest.mark.parametrize(
    ("figure", "known"),
    [("4.1 billion", 4120.0), ("8 percent", 0.082), ("11.4", 11.4), ("1.7 percent", -1.7)],
)
def test_a_figure_is_known_rounded_and_in_other_units(figure: str, known: float) -> None:
    assert not unknown(figures(figure), [known], ())


@pytest.mark.parametrize(
    ("figure", "known"),
    [("4.2 billion", 4120.0), ("9 percent", 8.2), ("0", 11.4), ("41.2", 4120.0)],
)
def test_another_figure_is_not(figure: str, known: float) -> None:
    assert len(unknown(figures(figure), [known], ())) == 1


def test_a_figure_may_be_reckoned_from_known_ones_that_the_text_names() -> None:
    told = figures("It took 615 million dollars in 340 clinics, some 1.8 million each.")
    assert not unknown(told, [615.0, 340.0], told)
    assert [one.value for one in unknown(told, [615.0], told)] == [340.0, 1.8]


def test_the_rest_of_a_share_is_known() -> None:
    told = figures("Of the output, 77 percent is sold, and 23 percent is not.")
    assert not unknown(told, [77.0], told)
    assert [one.value for one in unknown(told[1:], [77.0], told[1:])] == [23.0]
