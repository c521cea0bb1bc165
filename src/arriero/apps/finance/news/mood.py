"""The mood of the news up to a day: each story once, by relevance and age; None when there is not enough of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import sqrt

from arriero.apps.finance.evidence.base import News
from arriero.apps.finance.news.lexicon import tone
from arriero.apps.finance.views import Figure, Mood, Origin

WINDOW_DAYS = 90  # older articles say nothing of the next months
HALF_LIFE_DAYS = 21.0  # ours: an article of three weeks ago counts half
ENOUGH = 3  # stories; with fewer no mood is told
RELEVANCE = 0.5  # ours: where a provider tells none
SAME = 0.7  # share of words that two titles have in common when they tell one story
SAME_DAYS = 4


@dataclass(frozen=True, slots=True)
class Story:
    """An article that stands for its duplicates, its tone, and how much it counts."""

    article: News
    tone: float
    weight: float
    copies: int


def mood_of(
    news: Sequence[News], as_of: date, tones: Mapping[str, float] | None = None
) -> tuple[Mood, tuple[Story, ...]]:
    """The mood, and the stories that it was made of, the weightiest first.

    `tones` are those of the head by text, from -1 to 1; without them the lexicon reads, with them it is set beside.
    An article published after `as_of` is not seen.
    """
    told = stories(news, as_of, tone if tones is None else _of(tones))
    if len(told) < ENOUGH:
        why = f"not enough news: {len(told)} stories in {WINDOW_DAYS} days, {ENOUGH} are needed"
        return Mood(None, len(told), why), told
    mean, spread = _mean(told)
    origins = tuple(origin_of(story.article) for story in told[:3])
    figures = [
        Figure("tone of the news, from -1 to 1", mean, "score", origins),
        Figure("disagreement among the stories (standard deviation)", spread, "score"),
        Figure("stories", float(len(told)), "count"),
    ]
    if tones is not None:
        words = _mean(stories(news, as_of))[0]
        figures.insert(1, Figure("the same by words alone", words, "score", origins))
    return Mood(mean, len(told), f"{len(told)} stories in {WINDOW_DAYS} days", tuple(figures)), told


def texts(news: Sequence[News], as_of: date) -> tuple[str, ...]:
    """What a head has to read: title and summary of each story, each text once."""
    firsts = (story.article for story in stories(news, as_of))
    return tuple(dict.fromkeys(text for one in firsts for text in (one.title, one.summary) if text))


def _mean(told: Sequence[Story]) -> tuple[float, float]:
    """Weighted mean of the tones and their standard deviation."""
    total = sum(story.weight for story in told)
    mean = sum(story.weight * story.tone for story in told) / total
    spread = sqrt(sum(story.weight * (story.tone - mean) ** 2 for story in told) / total)
    return mean, spread


def _of(tones: Mapping[str, float]) -> Callable[[str], float]:
    return lambda text: tones[text] if text in tones else tone(text)


def stories(
    news: Sequence[News], as_of: date, read: Callable[[str], float] = tone
) -> tuple[Story, ...]:
    """Each story once: the earliest article of it, its relevance the highest of its copies.

    One whose relevance to the company is nought says nothing of it, and is none.
    """
    ends = datetime.combine(as_of, time.max, UTC)
    begins = ends - timedelta(days=WINDOW_DAYS)
    seen = sorted(
        (one for one in news if begins < one.published <= ends),
        key=lambda one: (one.published, one.url, one.title),
    )
    groups: list[list[News]] = []
    for one in seen:
        same = next((group for group in groups if _same(group[0], one)), None)
        if same is None:
            groups.append([one])
        else:
            same.append(one)
    found = [_story(group, ends, read) for group in groups]
    found = [story for story in found if story.weight > 0]
    return tuple(sorted(found, key=lambda it: (-it.weight, it.article.published, it.article.url)))


def origin_of(article: News) -> Origin:
    """An article as a source that is cited."""
    title = f"{article.source}, {article.published:%Y-%m-%d}"
    return Origin(f"news:{article.url or article.title}", title, article.title)


def _story(group: Sequence[News], ends: datetime, read: Callable[[str], float]) -> Story:
    first = group[0]
    known = [one.relevance for one in group if one.relevance is not None]
    age = (ends - first.published) / timedelta(days=1)
    weight = (max(known) if known else RELEVANCE) * 0.5 ** (age / HALF_LIFE_DAYS)
    # A title is written to say the point, so it counts as much as the summary.
    value = (read(first.title) + read(first.summary)) / 2 if first.summary else read(first.title)
    return Story(first, value, weight, len(group))


def _same(one: News, other: News) -> bool:
    """Whether two articles tell one story: near in time, and their titles have most words in common."""
    if abs(one.published - other.published) > timedelta(days=SAME_DAYS):
        return False
    if one.url and one.url == other.url:
        return True
    mine, theirs = (frozenset(re.findall(r"\w+", it.title.lower())) for it in (one, other))
    return len(mine & theirs) >= SAME * max(len(mine | theirs), 1)
