"""Articles: reading them, their days, their passages; then what the sample shop's articles say."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from arriero.apps.support.articles import PASSAGE_WORDS, Article, load, passages
from arriero.apps.support.sample.shop import CATALOGUE
from arriero.core.errors import InputError

SAMPLE = Path(str(files("arriero.apps.support.sample"))) / "articles"
TODAY = date(2026, 6, 15)
HEADER = """---
id: shipping-costs
title: Shipping: what it costs
valid_from: 2026-01-01
valid_until:            # empty = open-ended
owner: logistics
intents: shipping_cost, delivery_time
---

Shipping costs 4.90 EUR. It is free from 80 EUR.

Express costs 12.90 EUR.
"""


@pytest.fixture(scope="module")
def sample() -> tuple[Article, ...]:
    return load(SAMPLE)


def written(folder: Path, text: str, name: str = "one.md") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def with_text(text: str) -> Article:
    return Article("a", "A", text, TODAY, None, "owner", ("intent",))


def test_an_article_is_read_with_its_header(tmp_path: Path) -> None:
    assert load(written(tmp_path, HEADER)) == (
        Article(
            id="shipping-costs",
            title="Shipping: what it costs",
            text="Shipping costs 4.90 EUR. It is free from 80 EUR.\n\nExpress costs 12.90 EUR.",
            valid_from=date(2026, 1, 1),
            valid_until=None,
            owner="logistics",
            intents=("shipping_cost", "delivery_time"),
        ),
    )


def test_both_ends_of_the_validity_count(tmp_path: Path) -> None:
    text = HEADER.replace("valid_until:     ", "valid_until: 2026-05-31")
    (article,) = load(written(tmp_path, text))
    day, ends = timedelta(days=1), (date(2026, 1, 1), date(2026, 5, 31))
    assert [article.valid_on(end) for end in ends] == [True, True]
    assert [article.valid_on(ends[0] - day), article.valid_on(ends[1] + day)] == [False, False]


def test_an_open_ended_article_holds_for_good(tmp_path: Path) -> None:
    (article,) = load(written(tmp_path, HEADER))
    assert article.valid_on(date(2099, 1, 1))


@pytest.mark.parametrize(
    ("broken", "remedy"),
    [
        (HEADER.removeprefix("---\n"), "begin it with lines between two '---'"),
        (HEADER.replace("2026-01-01", "last spring"), "valid_from: .*date"),
        (HEADER.replace("owner: logistics", ""), "owner: Field required"),
        (HEADER.replace("owner", "ownr"), "ownr|owner"),
        (HEADER.replace("owner: logistics", "logistics"), "'logistics' is not 'key: value'"),
        (HEADER.replace("id: shipping-costs", "id: Shipping Costs"), "id: String should match"),
        (HEADER.replace("shipping_cost, delivery_time", ""), "intents: .*at least 1"),
        (HEADER.replace("valid_until:  ", "valid_until: 2025-01-01"), "lies before valid_from"),
        (HEADER[: HEADER.index("Shipping costs")], "no text; write the article"),
    ],
)
def test_a_broken_header_names_the_file_and_the_remedy(
    tmp_path: Path, broken: str, remedy: str
) -> None:
    with pytest.raises(InputError, match=rf"one\.md.*({remedy})"):
        load(written(tmp_path, broken))


def test_two_articles_with_one_id_are_refused(tmp_path: Path) -> None:
    written(tmp_path, HEADER)
    with pytest.raises(InputError, match=r"two\.md: id 'shipping-costs' is taken"):
        load(written(tmp_path, HEADER, "two.md"))


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_bytes(b"---\nid: caf\xe9\n---\n")
    with pytest.raises(InputError, match=r"one\.md cannot be read.*UTF-8"):
        load(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'.*nowhere' is not a folder"):
        load(tmp_path / "nowhere")


def test_each_paragraph_is_a_passage_on_one_line() -> None:
    assert passages(with_text("One\nline.\n\n \nTwo lines.\n")) == ("One line.", "Two lines.")


def test_a_long_paragraph_is_split_between_sentences() -> None:
    sentence = "It costs 4.90 EUR from Monday to Friday, every single week of the whole long year."
    pieces = passages(with_text(" ".join([sentence] * 20)))
    assert len(pieces) > 1
    assert all(piece.endswith("year.") and piece.startswith("It costs") for piece in pieces)
    assert all(len(piece.split()) <= PASSAGE_WORDS for piece in pieces)


def test_splitting_loses_no_word() -> None:
    text = " ".join(f"Sentence {n} says something." for n in range(200))
    assert " ".join(passages(with_text(text))) == text


def test_a_sentence_longer_than_a_passage_stays_whole() -> None:
    endless = "And " + "so on " * 100 + "it went."
    assert passages(with_text(f"Short. {endless}")) == ("Short.", endless)


def test_the_sample_has_at_least_64_articles_that_hold_today(sample: tuple[Article, ...]) -> None:
    assert sum(article.valid_on(TODAY) for article in sample) >= 64


def test_the_sample_has_expired_and_future_articles(sample: tuple[Article, ...]) -> None:
    expired = [a for a in sample if a.valid_until and a.valid_until < date(2026, 6, 1)]
    future = [a for a in sample if a.valid_from and a.valid_from >= date(2027, 1, 1)]
    assert len(expired) >= 5
    assert len(future) == 2


def test_every_sample_article_has_120_to_260_words(sample: tuple[Article, ...]) -> None:
    assert {a.id: n for a in sample if not 120 <= (n := len(a.text.split())) <= 260} == {}


def test_a_sample_article_lies_in_the_file_named_after_it(sample: tuple[Article, ...]) -> None:
    assert {f"{article.id}.md" for article in sample} == {path.name for path in SAMPLE.iterdir()}


def test_every_intent_of_an_article_is_one_that_is_recognised(sample: tuple[Article, ...]) -> None:
    with (SAMPLE.parent / "intents.csv").open(newline="", encoding="utf-8") as lines:
        known = {row["label"] for row in csv.DictReader(lines)}
    assert {intent for article in sample for intent in article.intents} <= known


# One fact, the pattern that finds each statement of it, and its value in 2026.
FACTS = {
    "standard shipping": (r"tandard shipping (?:costs|of) ([\d.]+) EUR", "4.90"),
    "express": (r"(?:xpress delivery costs|It costs) ([\d.]+) EUR per order", "12.90"),
    "free from": (r"free from an order value of (\d+) EUR", "80"),
    "return period": (r"return(?:ed)? (?:unused goods )?within (?:the same )?(\d+) days", "60"),
    "refund": (r"[Rr]efunds? (?:is|are) paid within (\d+) working days", "5"),
    "points for a voucher": (r"(\d+) points are worth a voucher of 10 EUR", "200"),
    "points expire": (r"Points expire (\d+) months", "24"),
    "gift card": (r"(?:gift card is|is) valid for (\d+) years? from the day of purchase", "3"),
    "tent rental": (r"Renting a tent costs (\d+) EUR per day", "12"),
    "rental deposit": (r"deposit (?:of|is) (\d+) EUR", "100"),
    "crampon rental": (r"Crampons cost (\d+) EUR per day", "8"),
    "a patch": (r"patch\b[^.]{0,60}\bcosts? (\d+) EUR", "12"),
    "new soles": (r"[Nn]ew soles\b[^.]{0,30} cost (\d+) EUR", "75"),
    "guarantee": (r"own products have a guarantee of (\d+) years", "3"),
}


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("day", [date(2026, 6, 1), TODAY, date(2026, 12, 31)])
def test_a_fact_has_one_value_in_all_articles_of_a_day(
    sample: tuple[Article, ...], fact: str, day: date
) -> None:
    pattern, value = FACTS[fact]
    said = {
        found for a in sample if a.valid_on(day) for found in re.findall(pattern, _flat(a.text))
    }
    assert said == {value}


@pytest.mark.parametrize(
    "fact", ["standard shipping", "free from", "return period", "refund", "points expire"]
)
def test_an_expired_article_says_something_else(sample: tuple[Article, ...], fact: str) -> None:
    pattern, value = FACTS[fact]
    old = [a for a in sample if a.valid_until and a.valid_until < TODAY]
    said = {found for a in old for found in re.findall(pattern, _flat(a.text))}
    assert said - {value}


def test_only_one_article_of_a_day_gives_the_rental_prices(sample: tuple[Article, ...]) -> None:
    for day in (TODAY, date(2026, 12, 31), date(2027, 1, 1)):
        valid = [a.id for a in sample if a.valid_on(day) and "Renting a tent costs" in a.text]
        assert len(valid) == 1, day


def test_the_articles_name_products_at_their_catalogue_price(sample: tuple[Article, ...]) -> None:
    prices = {product.name: product.price for product in CATALOGUE}
    named = [
        (article.id, *found)
        for article in sample
        for found in re.findall(r"([A-Z][\w -]*?[^\s(]) \(([\d.]+) EUR\)", _flat(article.text))
    ]
    wrong = [
        row
        for row in named
        if not any(row[1].endswith(name) and str(price) == row[2] for name, price in prices.items())
    ]
    assert len(named) >= 30
    assert wrong == []


def test_every_paragraph_ends_with_a_whole_sentence(sample: tuple[Article, ...]) -> None:
    ends = [(a.id, p[-30:]) for a in sample for p in passages(a) if p[-1] not in '.!?"']
    assert ends == []


def _flat(text: str) -> str:
    return " ".join(text.split())
