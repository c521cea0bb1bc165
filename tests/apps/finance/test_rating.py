"""The rating table decides alone: what is missing, what is likely, what is bearable."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.apps.finance.rating.rate import CALIBRATED, rate
from arriero.apps.finance.rating.table import PACKAGED, packaged, read
from arriero.apps.finance.values import Calibration, Earlier, Expected, Rating
from arriero.apps.finance.views import GRADES, RISKS, Danger, Health, Named, Origin, Outlook, Views
from arriero.core.errors import SettingsError

DAY = date(2026, 3, 31)
TABLE = packaged()


def views(
    p_up: float | None = 0.5,
    *,
    base: float = 0.55,
    grade: str | None = "B",
    risk: str | None = "moderate",
    expected: float = 0.03,
    filed: date | None = date(2026, 2, 2),
    days: int = 500,
    last: date = DAY,
    named: bool = True,
    days_to_sell: float | None = 0.5,
) -> Views:
    return Views(
        health=Health(grade, "", (), filed, None),
        outlook=Outlook(
            p_up, p_up is not None, base, True, "", Expected(expected, -0.2, 0.2, 0.9, 63), ()
        ),
        danger=Danger(risk, "", (), days_to_sell=days_to_sell),
        named=(Named("A risk.", "", Origin("a", "", "")),) if named else (),
        price_days=days,
        last_day=last,
    )


def earlier(rating: Rating) -> Earlier:
    return Earlier(rating, date(2026, 1, 2), "a run")


@pytest.mark.parametrize(
    ("given", "rating", "rule"),
    [
        (views(0.65), Rating.BUY, "R09"),
        (views(0.57), Rating.HOLD, "R15"),
        (views(0.40), Rating.SELL, "R11"),
        (views(0.40, grade="A"), Rating.HOLD, "R14"),
        (views(0.34, grade="A"), Rating.SELL, "R19"),
        (views(0.34, grade="A", risk="severe"), Rating.SELL, "R19"),
        (views(0.65, grade="D"), Rating.HOLD, "R13"),
        (views(0.95, grade="D"), Rating.HOLD, "R13"),
        (views(0.65, risk="severe"), Rating.HOLD, "R13"),
        (views(0.71, risk="severe"), Rating.BUY, "R17"),
        (views(0.71, risk="severe", days_to_sell=30), Rating.HOLD, "R13"),
        (views(0.71, risk="severe", days_to_sell=None), Rating.HOLD, "R13"),
        (views(0.71, risk="severe", grade="D"), Rating.HOLD, "R13"),
        (views(0.65, expected=0.001), Rating.HOLD, "R13"),
        (views(None), Rating.HOLD, "R08"),
        (views(None, grade="E", risk="severe"), Rating.NO_RATING, "R07"),
        (views(0.65, days=200), Rating.NO_RATING, "R01"),
        (views(0.65, last=DAY - timedelta(days=8)), Rating.NO_RATING, "R02"),
        (views(0.65, filed=None), Rating.NO_RATING, "R03"),
        (views(0.65, filed=date(2024, 11, 1)), Rating.NO_RATING, "R04"),
        (views(0.65, grade=None), Rating.NO_RATING, "R05"),
        (views(0.65, risk=None), Rating.NO_RATING, "R06"),
        (views(0.65, named=False), Rating.NO_RATING, "R16"),
        (Views(), Rating.NO_RATING, "R01"),
    ],
)
def test_the_first_rule_that_holds_gives_the_rating(
    given: Views, rating: Rating, rule: str
) -> None:
    # Without a single price the count of days is 0, which is less than a year of them.
    rated = rate(given, DAY, TABLE)
    assert (rated.rating, rated.rule.id) == (rating, rule)


def test_a_rating_is_kept_down_to_the_second_threshold() -> None:
    narrowed = views(0.58)  # three points above the base rate: two keep, five enter
    assert rate(narrowed, DAY, TABLE).rating is Rating.HOLD
    assert rate(narrowed, DAY, TABLE, earlier=earlier(Rating.BUY)).rating is Rating.BUY
    assert rate(narrowed, DAY, TABLE, earlier=earlier(Rating.SELL)).rating is Rating.HOLD


def test_against_other_evidence_a_rating_is_kept_only_while_its_edge_is_wide() -> None:
    bought = earlier(Rating.BUY)
    for risen, rating in ((0.68, Rating.BUY), (0.66, Rating.HOLD)):  # 13 and 11 points; 12 keep
        assert rate(views(risen, risk="severe"), DAY, TABLE).rating is Rating.HOLD
        assert rate(views(risen, risk="severe"), DAY, TABLE, earlier=bought).rating is rating
    sold = earlier(Rating.SELL)
    for risen, rating in ((0.37, Rating.SELL), (0.39, Rating.HOLD)):
        assert rate(views(risen, grade="A"), DAY, TABLE).rating is Rating.HOLD
        assert rate(views(risen, grade="A"), DAY, TABLE, earlier=sold).rating is rating


def test_a_drift_alarm_asks_for_a_larger_edge() -> None:
    assert rate(views(0.62), DAY, TABLE).rating is Rating.BUY
    assert rate(views(0.62), DAY, TABLE, caution=0.05).rating is Rating.HOLD


def test_confidence_is_the_calibrated_probability_of_the_direction() -> None:
    bought, sold = rate(views(0.65), DAY, TABLE), rate(views(0.4), DAY, TABLE)
    assert (bought.confidence.value, bought.confidence.kind) == (0.65, CALIBRATED)
    assert (sold.confidence.value, sold.confidence.kind) == (0.6, CALIBRATED)


def test_weights_are_used_only_until_there_is_a_calibration_and_say_so() -> None:
    held = rate(views(None), DAY, TABLE).confidence
    # grade B 0.75 and moderate risk 0.6 support HOLD with 0.5 and 0.8; the trend is not known: 0.5
    assert held.value == pytest.approx(0.4 * 0.5 + 0.3 * 0.5 + 0.3 * 0.8)
    assert held.kind == "weighted 0.4/0.3/0.3, not calibrated"
    fitted = rate(views(None), DAY, TABLE, calibration=Calibration(-1.0, 2.0, 240)).confidence
    assert fitted.kind == CALIBRATED
    assert fitted.n == 240
    assert fitted.value != held.value


def test_what_is_said_of_the_table_is_that_tables(tmp_path: Path) -> None:
    text = PACKAGED.read_text()
    for was, becomes in (
        ("report = 0.4", "report = 0.5"), ("trend = 0.3", "trend = 0.25"), ("risk = 0.3", "risk = 0.25"),
        ('price_age_days = "> 7"', 'price_age_days = "> 3"'), ('filing_months = "> 15"', 'filing_months = "> 6"'),
    ):  # fmt: skip
        assert text.count(was) == 1
        text = text.replace(was, becomes)
    (tmp_path / "table.toml").write_text(text)
    told = rate(views(None), DAY, read(tmp_path / "table.toml"))
    assert told.confidence.kind == "weighted 0.5/0.25/0.25, not calibrated"
    assert told.would_change[-1].endswith("grow too old (3 days, 6 months)")
    assert rate(views(None), DAY, TABLE).would_change[-1].endswith("too old (7 days, 15 months)")


def test_no_rating_has_no_confidence() -> None:
    assert rate(Views(), DAY, TABLE).confidence.value is None


def test_what_would_change_the_view_is_asked_of_the_table_itself() -> None:
    told = rate(views(0.57), DAY, TABLE).would_change
    assert "BUY if the model claimed an edge of 5.0 points towards a higher price" in told
    assert "SELL if the model claimed an edge of 5.0 points towards a lower price" in told
    bought = rate(views(0.65), DAY, TABLE).would_change
    assert "HOLD if the risk were severe (now moderate)" in bought
    assert "HOLD if its edge narrowed to less than 2.0 points" in bought
    healthy = rate(views(None, grade="A"), DAY, TABLE).would_change
    assert "SELL if the model claimed an edge of 15.0 points towards a lower price" in healthy
    assert not any(one.startswith("SELL") and " 5.0 " in one for one in healthy)
    sold = rate(views(0.3, grade="A"), DAY, TABLE).would_change
    assert "HOLD if its edge narrowed to less than 12.0 points" in sold


@given(
    st.floats(0, 1), st.sampled_from(GRADES), st.sampled_from(GRADES),
    st.sampled_from(RISKS), st.sampled_from(RISKS),
)  # fmt: skip
def test_neither_a_better_grade_nor_a_smaller_risk_turns_a_rating_down(
    p_up: float, one: str, other: str, first: str, second: str
) -> None:
    order = [Rating.SELL, Rating.HOLD, Rating.BUY]
    worse, better = sorted((one, other), key=GRADES.index)
    safer, wilder = sorted((first, second), key=RISKS.index)
    low = rate(views(p_up, grade=worse, risk=wilder), DAY, TABLE).rating
    high = rate(views(p_up, grade=better, risk=safer), DAY, TABLE).rating
    assert order.index(low) <= order.index(high)


def test_a_table_of_before_asks_for_no_wider_edge_against_other_evidence(tmp_path: Path) -> None:
    lines = PACKAGED.read_text().splitlines(keepends=True)
    file = tmp_path / "table.toml"
    file.write_text("".join(one for one in lines if not one.startswith(("enter_a", "stay_a"))))
    told = read(file)
    assert (told.enter_against, told.stay_against) == (told.enter, told.stay)


@given(
    st.floats(0, 1), st.floats(0, 1), st.sampled_from(GRADES), st.sampled_from(RISKS),
    st.floats(-0.5, 0.5),
)  # fmt: skip
def test_a_higher_probability_never_turns_a_rating_down(
    low: float, high: float, grade: str, risk: str, expected: float
) -> None:
    order = [Rating.SELL, Rating.HOLD, Rating.BUY]
    lower, upper = (
        rate(views(p, grade=grade, risk=risk, expected=expected), DAY, TABLE).rating
        for p in sorted((low, high))
    )
    assert order.index(lower) <= order.index(upper)


def test_the_conditions_of_a_basis_that_knows_nothing_hold_only_where_they_ask_for_that() -> None:
    blank = rate(Views(), DAY, TABLE).basis
    rule = TABLE.rule_for(replace(blank, price_days=500, price_age_days=0))
    assert rule.id == "R03"


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('price_days = "< 252"', 'price_day = "< 252"'), ('grade = ">= C"', 'grade = ">= Z"'),
        ("when = {}", 'when = { grade = "= A" }'), ('price_days = "< 252"', "price_days = 252"),
        ("252 = 0.15", ""), ("unknown = 0.5", ""), ("stay = 0.02", "stay = 0"), ("stay = 0.02", "stay = 0.06"),
        ("enter_against = 0.15", "enter_against = 0.04"), ("stay_against = 0.12", "stay_against = 0.16"),
        ("stay_against = 0.12", "stay_against = 0.01"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_refused(was: str, becomes: str, tmp_path: Path) -> None:
    text = PACKAGED.read_text()
    assert was in text
    file = tmp_path / "table.toml"
    file.write_text(text.replace(was, becomes))
    with pytest.raises(SettingsError, match="rating table"):
        read(file)
