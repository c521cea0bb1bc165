"""What the news say is told once a story, by relevance and age, or not told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from arriero.apps.finance.evidence.base import News
from arriero.apps.finance.news.lexicon import tone
from arriero.apps.finance.news.mood import ENOUGH, mood_of, stories

DAY = date(2026, 3, 31)


def article(
    title: str, *, days: float = 1, relevance: float | None = 0.9, url: str | None = None
) -> News:
    published = datetime(2026, 3, 31, 12, tzinfo=UTC) - timedelta(days=days)
    return News(
        published,
        title,
        "",
        "A Paper",
        f"https://paper.example/{title}" if url is None else url,
        relevance,
    )


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Profit rose sharply and the company raised its outlook", 1),
        ("Sales fell short of expectations", -1),
        ("The company did not miss its targets", 1),
        ("The outlook was not strong", -1),
        ("Losses narrowed in the quarter", 1),
        ("Deposit costs climb", -1),
        ("Expenses were cut by a tenth", 1),
        ("The regulator fined the bank over a breach", -1),
        ("The board met on Tuesday", 0),
    ],
)
def test_the_tone_of_a_sentence_has_the_right_sign(text: str, sign: int) -> None:
    value = tone(text)
    assert (value > 0) - (value < 0) == sign, value


def test_the_same_story_in_two_papers_counts_once() -> None:
    told = stories(
        [
            article("Tamarugo beats estimates as service grows", days=3),
            article("Tamarugo beats estimates as service grows!", days=2.9, relevance=0.2),
            article("Tamarugo names an engineer"),
        ],
        DAY,
    )
    assert sorted(story.copies for story in told) == [1, 2]
    doubled = next(story for story in told if story.copies == 2)
    assert doubled.article.relevance == 0.9


def test_an_older_article_counts_less_and_a_very_old_one_not_at_all() -> None:
    new, old, gone = (
        article(text, days=days)
        for text, days in (("Profit rose", 1), ("Shares slump", 22), ("A scandal broke", 200))
    )
    told = stories([old, gone, new], DAY)
    assert [story.article for story in told] == [new, old]
    assert told[1].weight == pytest.approx(told[0].weight / 2)


def test_an_article_that_was_published_later_is_not_seen() -> None:
    early = [article(f"Story {word}") for word in ("alpha", "beta", "gamma")]
    assert mood_of([*early, article("A scandal broke", days=-2)], DAY) == mood_of(early, DAY)


def test_too_few_stories_are_named_and_give_no_mood() -> None:
    mood, _ = mood_of([article("Profit rose")], DAY)
    assert mood.score is None
    assert mood.why == f"not enough news: 1 stories in 90 days, {ENOUGH} are needed"


def test_the_order_of_the_articles_changes_nothing() -> None:
    given = [article(f"Profit of unit {word} rose") for word in ("one", "two", "three", "four")]
    assert mood_of(given, DAY) == mood_of(given[::-1], DAY)


def test_articles_without_an_address_are_different_stories() -> None:
    titles = ("Profit rose at the mill", "The board met on Tuesday", "A regulator fined the bank")
    told = stories([article(title, url="") for title in titles], DAY)
    assert {story.article.title for story in told} == set(titles)
    mood, _ = mood_of([story.article for story in told], DAY)
    assert len({origin.id for origin in mood.figures[0].origins}) == len(titles)


def test_articles_of_no_relevance_to_the_company_are_no_news_of_it() -> None:
    titles = ("Profit rose", "Sales fell short", "A board met", "A scandal broke")
    mood, told = mood_of([article(title, relevance=0.0) for title in titles], DAY)
    assert (mood.score, told) == (None, ())
