"""All evidence for one company on one day, frozen. What is missing is named; nothing is guessed."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from arriero.apps.finance.evidence import told
from arriero.apps.finance.evidence.base import (
    Bar,
    Bundle,
    Entity,
    Fact,
    Filing,
    Gap,
    Part,
    Provider,
    Reason,
    Series,
    Source,
)
from arriero.apps.finance.evidence.edgar import ANNUAL
from arriero.apps.finance.evidence.failover import HEDGE_S, TIMEOUT_S, Answer, ask
from arriero.apps.finance.evidence.kept import Copies
from arriero.apps.finance.evidence.prices import unadjusted
from arriero.core.clock import Clock
from arriero.core.errors import InputError, NotFound
from arriero.core.words import content_hash

TICKER = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,14}")
PRICE_DAYS = 365  # DESIGN §9: market data of one year
STALE_BARS_DAYS = 7  # a long weekend with a holiday on both sides
STALE_FACTS_DAYS = (
    200  # a quarterly report is due 45 days after its quarter; this allows a missed one
)
MOST_SYMBOLS = 20
ANY_ROWS = TypeAdapter(tuple[Any, ...])
CROSS_OFF = 0.005  # two providers' closes agree to half a percent


async def freeze(
    ticker: str,
    as_of: date,
    providers: Sequence[Provider],
    clock: Clock,
    *,
    tags: Collection[str] | None = None,
    reports: Sequence[told.Told] = (),
    symbols: Sequence[str] = (),
    price_days: int = PRICE_DAYS,
    cross_check: bool = False,
    copies: Copies | None = None,
    hedge_s: float = HEDGE_S,
    timeout_s: float = TIMEOUT_S,
) -> Bundle:
    """What the providers know of `ticker` on `as_of`, that day included.

    `tags` keeps only the facts of these tags (`reports.lines.TAGS`). `reports` are the caller's own and take the
    place of filed facts. `symbols` are others whose prices are wanted. `cross_check` asks a second provider for
    prices and facts and names what contradicts.

    Raises:
        InputError: `as_of` lies in the future, a symbol cannot be one, or a report cannot be meant.
        NotFound: no provider knows the ticker, and the caller sent no reports.
    """
    today = clock.now().date()
    if as_of > today:
        raise InputError(
            f"as_of {as_of} lies in the future; give a day up to {today}", param="as_of"
        )
    ticker = _symbol(ticker, "ticker")
    others = [_symbol(one, "symbols") for one in dict.fromkeys(symbols)]
    if len(others) > MOST_SYMBOLS:
        raise InputError(
            f"{len(others)} symbols are too many; send at most {MOST_SYMBOLS}", param="symbols"
        )
    own = told.facts_of(reports, as_of)

    async def part(part: Part, name: str = ticker) -> Answer | tuple[Gap, ...]:
        return await ask(
            *(part, name, as_of, providers), copies=copies, hedge_s=hedge_s, timeout_s=timeout_s
        )

    parts = [one for one in Part if not (own and one is Part.FACTS)]
    asked = [one for one in others if one != ticker]
    answers = await asyncio.gather(
        *(part(one) for one in parts), *(part(Part.BARS, one) for one in asked)
    )
    by_part = dict(zip(parts, answers[: len(parts)], strict=True))
    if not own:
        _known(ticker, by_part)
    since = date.fromordinal(max(as_of.toordinal() - price_days, 1))
    frozen = _Frozen(as_of)
    entity = frozen.entity(ticker, by_part[Part.ENTITY])
    if own:
        facts = own
        frozen.sources.append(Source(Part.FACTS.value, told.CALLER, clock.now(), _hash(own)))
    else:
        facts = frozen.facts(by_part[Part.FACTS], tags)
    bars = frozen.bars(Part.BARS, by_part[Part.BARS], since)
    filings = frozen.rows(Part.FILINGS, by_part[Part.FILINGS], _filing_order)
    news = frozen.rows(
        Part.NEWS, by_part[Part.NEWS], lambda one: (one.published, one.url, one.title)
    )
    series = [
        Series(name, frozen.bars(f"{Part.BARS}:{name}", answer, since))
        for name, answer in zip(asked, answers[len(parts) :], strict=True)
    ]
    if cross_check:
        frozen.gaps += await _contradictions(ticker, as_of, providers, by_part, timeout_s)
    if any(one.form.startswith(ANNUAL) for one in filings) and not any(
        one.item_1a for one in filings
    ):
        frozen.gaps.append(
            Gap("risk_factors", Reason.NONE.value, "no annual report's text was read")
        )
    return Bundle(
        entity=entity,
        as_of=as_of,
        facts=facts,
        bars=bars,
        filings=filings,
        news=news,
        gaps=tuple(dict.fromkeys(frozen.gaps)),
        sources=tuple(sorted(frozen.sources, key=lambda one: (one.part, one.provider))),
        others=tuple(series),
    )


class _Frozen:
    """Collects sources and gaps while the parts are put in order."""

    def __init__(self, as_of: date) -> None:
        self.as_of = as_of
        self.sources: list[Source] = []
        self.gaps: list[Gap] = []

    def rows(self, part: str, answer: Answer | tuple[Gap, ...], order: Any) -> tuple[Any, ...]:
        if not isinstance(answer, Answer):
            self.gaps += [Gap(str(part), gap.reason, gap.detail) for gap in answer]
            return ()
        return self._taken(part, answer, tuple(sorted(answer.served.rows, key=order)))

    def entity(self, ticker: str, answer: Answer | tuple[Gap, ...]) -> Entity:
        found = self.rows(Part.ENTITY, answer, lambda one: one.name)
        entity: Entity = found[0] if found else Entity(ticker, ticker)
        return entity

    def facts(
        self, answer: Answer | tuple[Gap, ...], tags: Collection[str] | None
    ) -> tuple[Fact, ...]:
        if not isinstance(answer, Answer):
            return self.rows(Part.FACTS, answer, None)
        wanted = [
            one
            for one in answer.served.rows
            if tags is None or f"{one.taxonomy}:{one.concept}" in tags
        ]
        facts: tuple[Fact, ...] = self._taken(Part.FACTS, answer, _told_once(wanted))
        if not facts:
            self.gaps.append(Gap(Part.FACTS.value, Reason.NOT_YET.value, str(self.as_of)))
            return ()
        newest = max(fact.filed for fact in facts)
        if (self.as_of - newest).days > STALE_FACTS_DAYS:
            self.gaps.append(
                Gap(Part.FACTS.value, Reason.STALE.value, f"the last was filed on {newest}")
            )
        return facts

    def bars(self, part: str, answer: Answer | tuple[Gap, ...], since: date) -> tuple[Bar, ...]:
        if not isinstance(answer, Answer):
            return self.rows(part, answer, None)
        rows = sorted(answer.served.rows, key=lambda one: one.day)
        bars: tuple[Bar, ...] = self._taken(
            part, answer, tuple(one for one in rows if one.day > since)
        )
        if not bars:
            last = rows[-1].day if rows else None
            said = f"the last price is of {last}" if last else str(self.as_of)
            self.gaps.append(
                Gap(str(part), Reason.STALE.value if last else Reason.NOT_YET.value, said)
            )
            return ()
        if (self.as_of - bars[-1].day).days > STALE_BARS_DAYS:
            self.gaps.append(
                Gap(str(part), Reason.STALE.value, f"the last price is of {bars[-1].day}")
            )
        self.gaps += [
            Gap(str(part), Reason.UNADJUSTED.value, f"{jump.day}: like {jump.factor:g} for 1")
            for jump in unadjusted(bars)
        ]
        return bars

    def _taken(self, part: str, answer: Answer, rows: tuple[Any, ...]) -> tuple[Any, ...]:
        served = answer.served
        self.sources.append(
            Source(
                part=str(part),
                provider=answer.provider,
                retrieved_at=served.retrieved_at,
                sha256=_hash(rows),
                stale=served.stale,
                instead_of=answer.passed_over,
            )
        )
        if served.stale:
            said = f"{answer.provider}: what it said on {served.retrieved_at.date()} is taken"
            self.gaps.append(Gap(str(part), Reason.DOWN.value, said))
        return rows


def _told_once(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts without repeats: of a run of filings that tell the same value for a period, the first and the last.

    EDGAR repeats each value in every later filing; the first says when it was known, the last that it still held.
    """
    versions: dict[tuple[Any, ...], list[Fact]] = defaultdict(list)
    for fact in sorted(facts, key=lambda one: (one.filed, one.accession, one.value)):
        key = (
            fact.taxonomy,
            fact.concept,
            fact.end,
            fact.start or fact.end,
            fact.start is None,
            fact.unit,
        )
        run = versions[key]
        if len(run) >= 2 and run[-1].value == run[-2].value == fact.value:
            run[-1] = fact
        else:
            run.append(fact)
    return tuple(fact for key in sorted(versions) for fact in versions[key])


def _known(ticker: str, answers: dict[Part, Answer | tuple[Gap, ...]]) -> None:
    """Raise `NotFound` when not one part was served and somebody says that the ticker is unknown."""
    gaps = [gap for answer in answers.values() if not isinstance(answer, Answer) for gap in answer]
    served = any(isinstance(answer, Answer) for answer in answers.values())
    if not served and any(gap.reason == Reason.UNKNOWN for gap in gaps):
        raise NotFound(
            f"no provider knows the ticker {ticker!r}; check it (companies change theirs), give the CIK, or "
            "send reports",
            param="ticker",
        )


async def _contradictions(
    ticker: str,
    as_of: date,
    providers: Sequence[Provider],
    answers: dict[Part, Answer | tuple[Gap, ...]],
    timeout_s: float,
) -> list[Gap]:
    """Where another provider tells other facts or prices than the one that served: both are named, none is chosen."""
    gaps = []
    for part, compare in ((Part.FACTS, _other_facts), (Part.BARS, _other_closes)):
        answer = answers.get(part)
        if not isinstance(answer, Answer):
            continue
        rest = [one for one in providers if one.name != answer.provider]
        second = await ask(part, ticker, as_of, rest, timeout_s=timeout_s)
        if isinstance(second, Answer) and (said := compare(answer.served.rows, second.served.rows)):
            names = f"{answer.provider} and {second.provider}"
            gaps.append(Gap(part.value, Reason.CONTRADICTED.value, f"{names}: {said}"))
    return gaps


def _other_facts(one: Sequence[Fact], two: Sequence[Fact]) -> str:
    def key(fact: Fact) -> tuple[Any, ...]:
        return (fact.taxonomy, fact.concept, fact.unit, fact.start, fact.end, fact.accession)

    values = {key(fact): fact.value for fact in one}
    off = [fact for fact in two if values.get(key(fact), fact.value) != fact.value]
    if not off:
        return ""
    first = min(off, key=lambda fact: (fact.concept, fact.end))
    return f"{len(off)} facts differ, such as {first.concept} to {first.end}"


def _other_closes(one: Sequence[Bar], two: Sequence[Bar]) -> str:
    closes = {bar.day: bar.close for bar in one}
    off = [
        bar for bar in two if bar.day in closes and abs(bar.close / closes[bar.day] - 1) > CROSS_OFF
    ]
    if not off:
        return ""
    last = max(off, key=lambda bar: bar.day)
    return f"{len(off)} closes differ, such as that of {last.day}: {closes[last.day]:g} and {last.close:g}"


def _symbol(text: str, param: str) -> str:
    name = text.strip().upper()
    if not TICKER.fullmatch(name):
        raise InputError(
            f"{param}: {text!r} is no ticker; write it like AAPL or BRK.B", param=param
        )
    return name


def _filing_order(one: Filing) -> tuple[date, str, str]:
    return one.filed, one.accession, one.url


def _hash(rows: Sequence[Any]) -> str:
    """SHA-256 of the rows as canonical JSON."""
    return content_hash(ANY_ROWS.dump_python(tuple(rows), mode="json"))
