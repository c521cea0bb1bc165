"""What reports say, against an invented company whose books are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from arriero.apps.finance.evidence.base import Bar, Bundle, Entity, Fact
from arriero.apps.finance.evidence.edgar import facts_of
from arriero.apps.finance.evidence.told import Told
from arriero.apps.finance.evidence.told import facts_of as sent_facts
from arriero.apps.finance.health import health_of
from arriero.apps.finance.reports.analyse import Reports, analyse
from arriero.apps.finance.reports.value import How, Why
from tests.apps.finance.invented import CIK, MILLION, Guanaco, sales, year_end

LATER = date(2024, 3, 1)


def bundle(books: Guanaco, as_of: date = LATER, *, bank: bool = False, **more: Any) -> Bundle:
    facts = facts_of(books.companyfacts(), as_of)
    return Bundle(Entity("GUAN", "Guanaco Tools Inc.", CIK, bank=bank), as_of, facts=facts, **more)


@pytest.fixture(scope="module")
def reports() -> Reports:
    return analyse(bundle(Guanaco()))


def test_years_of_52_and_53_weeks_are_found_by_their_days(reports: Reports) -> None:
    assert [year.period.end for year in reports.years] == [year_end(y) for y in range(2019, 2024)]
    assert sorted({year.period.days for year in reports.years}) == [364, 371]


def test_a_year_has_its_own_values_although_later_filings_carry_other_years(
    reports: Reports,
) -> None:
    for place, year in enumerate(range(2019, 2024)):
        expected = sum(sales(year, quarter) for quarter in range(1, 5))
        assert reports.years[place]["revenue"].value == expected


def test_the_fourth_quarter_is_the_year_less_nine_months(reports: Reports) -> None:
    fourth = reports.quarters[-1]
    assert fourth.period.end == year_end(2023)
    assert fourth["revenue"].value == sales(2023, 4)
    assert fourth["revenue"].how == How.DIFFERENCE
    assert {cite.form for cite in fourth["revenue"].sources} == {"10-K", "10-Q"}


def test_a_quarter_of_cash_flows_is_the_difference_of_two_years_to_date() -> None:
    def only_to_date(
        tag: str, start: date | None, end: date, form: str, value: float
    ) -> float | None:
        short = start is not None and (end - start).days < 100 and start.month not in {9, 10}
        return None if tag.startswith("NetCash") and short else value

    third = analyse(bundle(Guanaco(changed=only_to_date))).quarters[-2]
    assert third["operating_cash"].value == sales(2023, 3) * 14 // 100
    assert third["operating_cash"].how == How.DIFFERENCE


def test_a_mean_number_of_shares_is_not_subtracted_but_weighted_by_days(reports: Reports) -> None:
    assert reports.quarters[-1]["shares_diluted"].value == pytest.approx(50 * MILLION)


def test_a_value_names_its_tag_its_filing_and_a_link(reports: Reports) -> None:
    (cite,) = reports.years[-1]["net_income"].sources
    assert cite.concept == "us-gaap:NetIncomeLoss"
    assert cite.form == "10-K"
    bare = cite.accession.replace("-", "")
    assert cite.link.startswith(f"https://www.sec.gov/Archives/edgar/data/{int(CIK)}/{bare}/")


def test_every_identity_holds_in_sound_books(reports: Reports) -> None:
    assert len(reports.ties) == 5 * (5 + 8)
    assert all(tie.holds for tie in reports.ties)


def test_ratios_are_what_the_books_say(reports: Reports) -> None:
    last = reports.ratios[-1]
    sold = sum(sales(2023, quarter) for quarter in range(1, 5))
    assets = (4 * sales(2023, 4) + 4 * sales(2022, 4)) / 2
    assert last["gross_margin"].value == pytest.approx(0.40)
    assert last["ebitda_margin"].value == pytest.approx(0.21)
    assert last["current_ratio"].value == pytest.approx(2.0)
    assert last["quick_ratio"].value == pytest.approx(1.0)
    assert last["debt_to_assets"].value == pytest.approx(0.25)
    assert last["interest_cover"].value == pytest.approx(9.0)
    assert last["return_on_assets"].value == pytest.approx(sold * 0.12 / assets)
    assert last["return_on_equity"].value == pytest.approx(sold * 0.12 / (assets * 0.4))
    assert last["free_cash_margin"].value == pytest.approx(0.09)
    assert last["days_of_sales"].value == pytest.approx(assets / 8 / sold * 365)
    assert last["revenue_growth"].value == pytest.approx(
        sold / sum(sales(2022, quarter) for quarter in range(1, 5)) - 1
    )


def test_the_five_factors_multiply_to_the_return_on_equity(reports: Reports) -> None:
    last = reports.ratios[-1]
    assert last["dupont_return_on_equity"].value == pytest.approx(last["return_on_equity"].value)


def test_the_first_year_has_no_growth_and_says_why(reports: Reports) -> None:
    first = reports.ratios[0]["revenue_growth"]
    assert (first.value, first.reason) == (None, Why.NO_PRIOR)


def test_scores_are_what_their_papers_say(reports: Reports) -> None:
    z2 = reports.scores["altman_z2"]
    sold, assets = sum(sales(2023, quarter) for quarter in range(1, 5)), 4 * sales(2023, 4)
    expected = 6.56 * 0.25 + 3.26 * 0.2 + 6.72 * sold * 0.18 / assets + 1.05 * 0.4 / 0.6
    assert z2.value.value == pytest.approx(expected)
    assert z2.zone == "safe"
    # All nine signs but less debt, a higher current ratio and a better margin, which stand still.
    assert reports.scores["piotroski_f"].value.value == pytest.approx(
        sum(part.value or 0 for part in reports.scores["piotroski_f"].parts.values())
    )
    assert reports.scores["beneish_m"].value.known


def test_without_a_price_there_is_no_valuation_and_the_reason_is_kept(reports: Reports) -> None:
    assert reports.valuation["price_to_earnings"].reason == Why.NO_PRICE
    assert reports.scores["altman_z"].value.reason == Why.NO_PRICE


def test_a_price_gives_multiples_of_the_last_four_quarters() -> None:
    bars = (Bar(date(2024, 2, 29), 40, 40, 40, 40, 40, 1),)
    paid = analyse(bundle(Guanaco(), bars=bars)).valuation
    income = sum(sales(2023, quarter) * 12 // 100 for quarter in range(1, 5))
    assert paid["market_value"].value == 40 * 50 * MILLION
    assert paid["price_to_earnings"].value == pytest.approx(40 * 50 * MILLION / income)


def test_a_price_of_months_ago_is_none() -> None:
    bars = (Bar(date(2023, 11, 1), 40, 40, 40, 40, 40, 1),)
    paid = analyse(bundle(Guanaco(), bars=bars)).valuation
    assert paid["market_value"].reason == Why.OLD_PRICE
    assert paid["market_value"].detail == "it is of 2023-11-01"
    assert paid["price_to_book"].reason == Why.OLD_PRICE


def test_a_jump_like_a_split_since_the_shares_were_told_gives_no_market_value() -> None:
    bars = (
        Bar(date(2024, 2, 28), 40, 40, 40, 40, None, 1),
        Bar(date(2024, 2, 29), 10, 10, 10, 10, None, 1),
    )
    assert analyse(bundle(Guanaco(), bars=bars)).valuation["market_value"].reason == Why.SPLIT


def test_a_restatement_counts_from_the_day_it_was_filed_and_is_logged() -> None:
    first: dict[str, float] = {}

    def changed(tag: str, start: date | None, end: date, form: str, value: float) -> float:
        if tag != "InterestExpense" or end != year_end(2021) or start is None:
            return value
        if (end - start).days < 300:
            return value
        first.setdefault(form, 0)
        first[form] += 1
        return value if first[form] == 1 else value + MILLION

    books = Guanaco(changed=changed)
    before = analyse(bundle(books, date(2022, 6, 1)))
    after = analyse(bundle(books, LATER))
    was = before.years[-1]["interest_expense"].value
    assert was is not None
    assert after.years[2]["interest_expense"].value == was + MILLION
    (one,) = after.restatements
    assert (one.was, one.now, one.concept) == (was, was + MILLION, "us-gaap:InterestExpense")
    assert before.restatements == ()


def test_a_value_rounded_more_coarsely_later_is_no_restatement() -> None:
    told: set[date] = set()

    def changed(tag: str, start: date | None, end: date, form: str, value: float) -> float:
        if tag != "Liabilities":
            return value
        first = end not in told
        told.add(end)
        return value + 1_234 if first else value  # later filings tell millions

    found = analyse(bundle(Guanaco(changed=changed)))
    assert len(told) > 10
    assert found.restatements == ()


def test_figures_a_share_are_put_on_the_footing_of_the_last_split() -> None:
    books = Guanaco()
    told = books.companyfacts()
    cut = date(2023, 1, 1)
    for tag, table in told["facts"]["us-gaap"].items():
        for rows in table["units"].values():
            for row in rows:
                if date.fromisoformat(row["filed"]) >= cut:
                    if tag.startswith("Weighted") or tag == "CommonStockSharesOutstanding":
                        row["val"] *= 4
                    elif tag.startswith("EarningsPer"):
                        row["val"] = round(row["val"] / 4, 2)
    found = analyse(Bundle(Entity("GUAN", "Guanaco", CIK), LATER, facts=facts_of(told, LATER)))
    assert [split.factor for split in found.splits] == [4.0]
    assert {year["shares_basic"].value for year in found.years} == {200.0 * MILLION}
    oldest = found.years[0]["eps_diluted"]
    assert oldest.how == How.SPLIT
    assert oldest.sources[0].value == pytest.approx((oldest.value or 0) * 4)
    assert found.restatements == ()


def test_a_filer_that_changed_the_revenue_tag_keeps_its_revenue() -> None:
    books = Guanaco(tag_of_revenue=lambda year: "SalesRevenueNet" if year < 2021 else "Revenues")
    found = analyse(bundle(books))
    assert all(year["revenue"].known for year in found.years)
    tags = {year["revenue"].sources[0].concept for year in found.years}
    assert tags == {"us-gaap:SalesRevenueNet", "us-gaap:Revenues"}


def test_a_narrower_revenue_tag_is_passed_over_when_gross_profit_shows_the_total() -> None:
    books = Guanaco(tag_of_revenue=lambda year: "SalesRevenueNet")
    told = books.companyfacts()
    gaap = told["facts"]["us-gaap"]
    part = [row | {"val": row["val"] * 3 // 4} for row in gaap["SalesRevenueNet"]["units"]["USD"]]
    gaap["Revenues"] = {"units": {"USD": part}}
    found = analyse(Bundle(Entity("GUAN", "G", CIK), LATER, facts=facts_of(told, LATER)))
    assert found.years[-1]["revenue"].sources[0].concept == "us-gaap:SalesRevenueNet"


def test_what_does_not_tie_out_has_no_value_and_says_so() -> None:
    def changed(tag: str, start: date | None, end: date, form: str, value: float) -> float:
        return value * 2 if tag == "GrossProfit" and end == year_end(2023) else value

    last = analyse(bundle(Guanaco(changed=changed))).years[-1]
    assert last["gross_profit"].reason == Why.UNTIED
    assert last["revenue"].reason == Why.UNTIED
    assert last["net_income"].known


def test_a_line_that_was_never_filed_and_one_that_is_missing_have_different_reasons() -> None:
    def changed(tag: str, start: date | None, end: date, form: str, value: float) -> float | None:
        return None if tag == "InterestExpense" and end == year_end(2023) else value

    last = analyse(bundle(Guanaco(changed=changed))).years[-1]
    assert last["interest_expense"].reason == Why.NOT_COVERED
    assert last["research"].reason == Why.NOT_REPORTED


def test_the_total_of_long_term_debt_does_not_count_its_current_part_twice(
    reports: Reports,
) -> None:
    told = Guanaco().companyfacts()
    table = told["facts"]["us-gaap"]
    rows = table.pop("LongTermDebtNoncurrent")["units"]["USD"]
    table["LongTermDebt"] = {
        "units": {"USD": [{**row, "val": row["val"] * 5 // 4} for row in rows]}
    }
    found = analyse(Bundle(Entity("GUAN", "Guanaco", CIK), LATER, facts=facts_of(told, LATER)))
    for now, sound in zip(found.years, reports.years, strict=True):
        assert now["long_debt"].value == sound["long_debt"].value
        assert now["long_debt"].how == How.DIFFERENCE
    assert found.ratios[-1]["debt_to_equity"].value == reports.ratios[-1]["debt_to_equity"].value


def test_liabilities_that_nobody_filed_follow_from_the_others() -> None:
    def changed(tag: str, start: date | None, end: date, form: str, value: float) -> float | None:
        return None if tag == "Liabilities" else value

    last = analyse(bundle(Guanaco(changed=changed))).years[-1]["liabilities"]
    assert last.value == 4 * sales(2023, 4) * 6 // 10
    assert last.how == How.COMPUTED


def test_negative_equity_gives_no_return_on_equity() -> None:
    def changed(tag: str, start: date | None, end: date, form: str, value: float) -> float:
        if tag == "StockholdersEquity":
            return -value
        return value * 14 // 6 if tag == "Liabilities" else value

    found = analyse(bundle(Guanaco(changed=changed)))
    assert found.years[-1]["equity"].value == -4 * sales(2023, 4) * 4 // 10
    assert found.ratios[-1]["return_on_equity"].reason == Why.NEGATIVE
    assert found.ratios[-1]["debt_to_equity"].reason == Why.NEGATIVE


def test_a_bank_is_not_judged_by_industrial_ratios() -> None:
    found = analyse(bundle(Guanaco(), bank=True))
    assert found.ratios[-1]["current_ratio"].reason == Why.BANK
    assert found.scores["altman_z2"].value.reason == Why.BANK
    assert found.scores["piotroski_f"].value.reason == Why.BANK
    assert found.ratios[-1]["return_on_equity"].known
    assert found.grade.table == "bank"
    assert found.grade.letter is not None


def test_the_grade_is_the_share_of_the_points_of_the_published_table(reports: Reports) -> None:
    known = [mark.points for mark in reports.grade.marks if mark.points is not None]
    assert reports.grade.score == sum(known) / (4 * len(known))
    assert reports.grade.letter in set("ABCDE")


def test_a_flow_that_was_filed_before_its_end_is_no_year(reports: Reports) -> None:
    told = bundle(Guanaco())
    income = next(fact for fact in reversed(told.facts) if fact.concept == "NetIncomeLoss")
    typed = replace(income, start=date(2032, 9, 26), end=date(2033, 9, 24))  # for 2023
    again = analyse(replace(told, facts=(*told.facts, typed)))
    assert again.years[-1].period == reports.years[-1].period
    assert again.grade == reports.grade


def test_an_empty_bundle_gives_reasons_and_no_grade(reports: Reports) -> None:
    found = analyse(Bundle(Entity("GUAN", "G"), LATER))
    assert found.years == ()
    assert found.grade.letter is None
    assert found.grade.reason == (
        "0 of 10 figures are known, 60% are needed; of most others: no filed value covers this period"
    )
    assert found.valuation["market_value"].reason == Why.NO_PRICE
    assert found.valuation.keys() == reports.valuation.keys()


def test_a_missing_quarter_is_named() -> None:
    def changed(tag: str, start: date | None, end: date, form: str, value: float) -> float | None:
        return None if date(2023, 3, 1) < end < date(2023, 5, 1) else value

    found = analyse(bundle(Guanaco(changed=changed)))
    assert any(gap.part == "reports.quarter" for gap in found.gaps)
    assert found.trailing is not None
    assert found.trailing.period.end == year_end(2023)


@pytest.mark.parametrize("day", [date(2020, 1, 15), date(2021, 8, 3), date(2022, 11, 30)])
def test_what_is_filed_later_changes_nothing(day: date) -> None:
    now = Guanaco()
    then = Guanaco(last=day.year)  # the world as it was, without the years that came after
    assert analyse(bundle(now, day)) == analyse(bundle(then, day))


def test_currencies_are_not_mixed() -> None:
    told = Guanaco().companyfacts()
    for table in told["facts"]["us-gaap"].values():
        units: dict[str, Any] = table["units"]
        for name in [one for one in units if one.startswith("USD")]:
            units[name.replace("USD", "EUR")] = units.pop(name)
    bars = (Bar(date(2024, 2, 29), 40, 40, 40, 40, 40, 1),)
    found = analyse(Bundle(Entity("GUAN", "G", CIK), LATER, facts=facts_of(told, LATER), bars=bars))
    assert found.currency == "EUR"
    assert found.years[-1]["eps_diluted"].known
    assert found.valuation["market_value"].reason == Why.CURRENCY


def test_a_banks_revenue_is_its_net_interest_and_its_fees() -> None:
    told = Guanaco().companyfacts()
    gaap = told["facts"]["us-gaap"]
    rows = gaap.pop("Revenues")["units"]["USD"]
    for tag, share in (("InterestIncomeExpenseNet", 3), ("NoninterestIncome", 1)):
        part = [row | {"val": row["val"] * share // 4} for row in rows]
        gaap[tag] = {"units": {"USD": part}}
    facts = facts_of(told, LATER)
    found = analyse(Bundle(Entity("GUAN", "G", CIK, bank=True), LATER, facts=facts))
    revenue = found.years[-1]["revenue"]
    assert revenue.value == sum(sales(2023, quarter) for quarter in range(1, 5))
    assert revenue.how == How.SUM


def test_equity_that_differs_from_all_equity_by_more_than_that_of_others_has_no_value() -> None:
    told = Guanaco().companyfacts()
    gaap = told["facts"]["us-gaap"]
    rows = gaap["StockholdersEquity"]["units"]["USD"]
    whole = "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest"
    gaap[whole] = {"units": {"USD": [dict(row) for row in rows]}}
    gaap["MinorityInterest"] = {"units": {"USD": [row | {"val": 3 * MILLION} for row in rows]}}
    for row in rows:
        wrong = row["end"] == year_end(2023).isoformat()
        row["val"] += 10 * MILLION if wrong else -3 * MILLION
    found = analyse(Bundle(Entity("GUAN", "G", CIK), LATER, facts=facts_of(told, LATER)))
    assert found.years[-1]["equity"].reason == Why.UNTIED
    assert found.years[-1]["all_equity"].known
    assert found.years[-2]["equity"].known


def test_years_that_end_in_one_calendar_year_stand_apart_in_a_chart() -> None:
    ends = (
        date(2021, 1, 2),
        date(2022, 1, 1),
        date(2022, 12, 31),
    )  # the Saturday nearest to New Year
    facts = [
        Fact(
            taxonomy="us-gaap", concept=tag, unit="USD",
            start=None if tag == "Assets" else end - timedelta(days=363), end=end, value=1e9,
            accession=f"a{end}", form="10-K", filed=end + timedelta(days=45),
        )
        for end in ends
        for tag in ("Revenues", "NetIncomeLoss", "Assets")
    ]  # fmt: skip
    told = Bundle(Entity("X", "X"), LATER, facts=tuple(facts))
    (chart, *_) = health_of(analyse(told), told).charts
    assert [point.at for point in chart.lines[0].points] == ["2021-01", "2022-01", "2022-12"]


def test_a_quarter_of_16_weeks_beside_three_of_12_is_one() -> None:
    facts, start = [], date(2021, 9, 5)
    for year in range(2):
        first = start
        for number, weeks in enumerate((12, 12, 12, 16)):
            end = start + timedelta(weeks=weeks, days=-1)
            form = "10-K" if number == 3 else "10-Q"
            told = [("Revenues", first, 10.0 * (number + 1) + year), ("Assets", None, 99.0)]
            if number < 3:
                told.append(
                    ("NetIncomeLoss", start, 1.0)
                )  # of the quarter; revenue of the year so far
            for tag, since, value in told:
                facts.append(
                    Fact(
                        taxonomy="us-gaap", concept=tag, unit="USD", start=since, end=end, value=value,
                        accession=f"a{end}", form=form, filed=end + timedelta(days=30),
                    )
                )  # fmt: skip
            start = end + timedelta(days=1)
    found = analyse(Bundle(Entity("X", "X"), LATER, facts=tuple(facts)))
    assert [one.period.days // 7 for one in found.quarters] == [12, 12, 12, 16] * 2
    assert [one["revenue"].value for one in found.quarters[-4:]] == [11.0, 10.0, 10.0, 10.0]
    assert found.trailing is not None
    assert found.trailing["revenue"].value == found.years[-1]["revenue"].value == 41.0
    assert not [gap for gap in found.gaps if gap.part == "reports.quarter"]


def test_a_year_that_was_restated_later_is_not_set_against_quarters_that_were_not() -> None:
    told = Guanaco().companyfacts()
    table = told["facts"]["us-gaap"]["ShareBasedCompensation"]["units"]
    kept = []
    for row in table["USD"]:
        start, end, filed = (date.fromisoformat(row[name]) for name in ("start", "end", "filed"))
        if row["form"] == "10-Q" and ((end - start).days > 100 or (filed - end).days > 200):
            continue  # neither years to date nor the year before
        late = end == year_end(2022) and filed > date(2023, 1, 1)
        kept.append({**row, "val": row["val"] // 2} if late else row)
    table["USD"] = kept
    found = analyse(Bundle(Entity("GUAN", "Guanaco", CIK), LATER, facts=facts_of(told, LATER)))
    last = next(one for one in found.quarters if one.period.end == year_end(2022))
    assert last["stock_pay"].value == sales(2022, 4) // 100
    year = next(one for one in found.years if one.period.end == year_end(2022))
    assert year["stock_pay"].value == sum(sales(2022, quarter) for quarter in range(1, 5)) // 200


def test_of_quarters_alone_it_is_said_that_they_make_no_year() -> None:
    sent = sent_facts([Told("2022-Q3", 300.0, 20.0), Told("2022-Q4", 320.0, 21.0)], LATER)
    found = analyse(Bundle(Entity("ACME", "Acme"), LATER, facts=sent))
    assert (len(found.years), len(found.quarters)) == (0, 2)
    gap = next(one for one in found.gaps if one.part == "reports.year")
    assert gap.detail == "quarters alone make no grade"
