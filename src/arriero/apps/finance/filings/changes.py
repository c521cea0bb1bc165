"""What changed in the risk factors from one report to the next.

That filers rewrite what matters is the finding of Cohen, Malloy and Nguyen, "Lazy Prices", Journal of Finance
75(3), 2020; whether it does in a given case is not claimed here: the changes are shown, and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from arriero.apps.finance.filings.base import Changes, Reworded, RiskText

SAME = 0.55  # likeness from which two captions tell of one risk; below it one went and another came
BODY_SHARE = 0.4  # what the text under a caption weighs beside the caption itself
_WORD = re.compile(r"[a-z0-9]+(?:['\u2019-][a-z0-9]+)*")
Bag = Counter[str]


@dataclass(frozen=True, slots=True)
class _Told:
    """A risk factor as bags of words."""

    plain: str
    caption: Bag
    body: Bag


def changes(old: RiskText, new: RiskText) -> Changes:
    """Captions that came, went, were reworded or stayed, from the older report to the newer.

    Each caption has at most one partner: the likest pairs first, of equal ones the earlier. Case, punctuation
    and line breaks are no change.
    """
    before, after = _told(old), _told(new)
    pairs = sorted(
        (
            (-_likeness(was, now), i, j)
            for i, was in enumerate(before)
            for j, now in enumerate(after)
        ),
    )
    partner: dict[int, tuple[int, float]] = {}
    taken: set[int] = set()
    for likeness, i, j in pairs:
        if -likeness < SAME:
            break
        if i not in taken and j not in partner:
            taken.add(i)
            partner[j] = (i, -likeness)
    met = [
        (new.captions[j], old.captions[i], like, before[i].plain == after[j].plain)
        for j, (i, like) in sorted(partner.items())
    ]
    typed = {caption.label.type for caption in old.captions if caption.label}
    came = [caption.label.type for caption in new.captions if caption.label]
    return Changes(
        added=tuple(one for j, one in enumerate(new.captions) if j not in partner),
        removed=tuple(one for i, one in enumerate(old.captions) if i not in taken),
        reworded=tuple(
            Reworded(was, now, round(like, 4)) for now, was, like, same in met if not same
        ),
        kept=tuple(now for now, _, _, same in met if same),
        words_before=old.words,
        words_after=new.words,
        types_added=tuple(one for one in dict.fromkeys(came) if one not in typed),
    )


def _told(risks: RiskText) -> Sequence[_Told]:
    return [
        _Told(
            " ".join(_words(caption.text)),
            Counter(_words(caption.text)),
            Counter(_words(caption.body.of(risks.text))),
        )
        for caption in risks.captions
    ]


def _words(text: str) -> Sequence[str]:
    return _WORD.findall(text.casefold())


def _likeness(was: _Told, now: _Told) -> float:
    """Dice's coefficient of the words, captions and texts apart; equal captions are alike whatever stands under them."""
    if was.plain == now.plain:
        return 1.0
    captions = _dice(was.caption, now.caption)
    bodies = _dice(was.body, now.body)
    return (1 - BODY_SHARE) * captions + BODY_SHARE * bodies


def _dice(one: Bag, other: Bag) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
