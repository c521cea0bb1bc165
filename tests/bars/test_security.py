"""How the security bar counts, and that its pairs are what it says."""

from __future__ import annotations

import ast

import pytest

from bars.security import HALVES, bandit, flag_all, flag_none, pair_figures, pairs_of

PAIRS = [
    {"cwe": "CWE-95", "insecure": "eval(x)", "repaired": "int(x)"},
    {"cwe": "CWE-89", "insecure": "eval(x)", "repaired": "eval(x)"},
]


def test_a_pair_is_right_when_only_its_insecure_half_is_flagged() -> None:
    found = {
        figure.name: figure.value
        for figure in pair_figures(
            PAIRS, lambda code: frozenset({95} if "eval" in code else ()), "", promised=True
        )
    }
    assert found == {"pairs_right": 0.5, "cwe_exact": 0.5, "recall": 1.0, "twins_flagged": 0.5}


@pytest.mark.parametrize("lazy", [flag_all, flag_none, bandit])
def test_the_lazy_products_fail_the_bar(lazy: object) -> None:
    assert callable(lazy)
    pairs = [pair for half in HALVES for pair in pairs_of(half)][::5]
    figures = pair_figures(pairs, lazy, "", promised=True)
    assert any(figure.holds is False for figure in figures)


def test_there_are_two_hundred_pairs_over_sixty_weaknesses_each_once() -> None:
    pairs = [pair for half in HALVES for pair in pairs_of(half)]
    assert len(pairs) >= 200
    assert len({pair["cwe"] for pair in pairs}) >= 60
    assert len({pair["insecure"] for pair in pairs}) == len(pairs)


@pytest.mark.parametrize("half", HALVES)
def test_both_halves_of_a_pair_are_python_and_differ(half: str) -> None:
    for pair in pairs_of(half):
        ast.parse(pair["insecure"])
        ast.parse(pair["repaired"])
        assert pair["insecure"] != pair["repaired"]
