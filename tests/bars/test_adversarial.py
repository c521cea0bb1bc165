"""How the adversarial bar counts."""

from __future__ import annotations

from bars.adversarial import Told, curve, figures, questions, right

ASKED = [
    {"question": "a", "answerable": True, "fact": "5 EUR"},
    {"question": "b", "answerable": True, "fact": "6 EUR"},
    {"question": "c", "answerable": False, "fact": None},
    {"question": "d", "answerable": False, "fact": "not"},
]


def test_only_a_stated_fact_makes_a_sent_answer_right() -> None:
    assert right(ASKED[0], "It costs 5 EUR.")
    assert not right(ASKED[0], "It costs 6 EUR.")
    assert not right(ASKED[2], "anything")
    assert right(ASKED[3], "We do not.")


def test_wrong_ones_are_counted_among_the_sent_and_answers_among_the_answerable() -> None:
    told = [
        Told(True, "5 EUR", 0.9),
        Told(False, "6 EUR", 0.5),
        Told(True, "x", 0.8),
        Told(True, "not", 0.7),
    ]
    found = {figure.name: figure for figure in figures(ASKED, told, "")}
    assert (found["wrong_but_sent"].value, found["wrong_but_sent"].n) == (round(1 / 3, 4), 3)
    assert (found["answerable_answered"].value, found["answerable_answered"].n) == (0.5, 2)


def test_the_curve_reads_the_best_scored_first() -> None:
    told = [
        Told(True, "5 EUR", 0.9),
        Told(False, "6 EUR", 0.8),
        Told(True, "x", 0.3),
        Told(True, "y", 0.2),
    ]
    found = {figure.name: figure.value for figure in curve(ASKED, told)}
    assert found["risk_at_coverage_0.4"] == 0
    assert found["risk_at_coverage_0.8"] > 0
    assert 0 < found["aurc"] < 0.5


def test_the_laziest_products_fail_the_bar() -> None:
    never = {
        one.name: one
        for one in figures(
            questions(), [Told(False, "", 0)] * len(questions()), "", ("<= 0.01", ">= 0.6")
        )
    }
    assert never["answerable_answered"].holds is False
    always = {
        one.name: one
        for one in figures(
            questions(), [Told(True, "Hello", 1)] * len(questions()), "", ("<= 0.01", ">= 0.6")
        )
    }
    assert always["wrong_but_sent"].holds is False
