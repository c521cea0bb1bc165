"""Annual reports of a company that does not exist, in the manners in which filers set their risk factors."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence

Factor = tuple[str, Sequence[str]]
Group = tuple[str, Sequence[Factor]]

GROUPS: Sequence[Group] = (
    (
        "Risks Related to Our Salt Works",
        (
            (
                "We obtain brine from a single lake, and a dry year could reduce what we can pump.",
                (
                    (
                        "The lake of Quillagua lost a fifth of its water between two surveys. Our permits allow us to pump "
                        "until the level falls to a mark that was set before anybody expected such years. If the mark is "
                        "reached, the ponds stand idle, and a pond that stands idle for a season takes two to recover."
                    ),
                    "We hold brine for about five months. That would not last through a dry year.",
                ),
            ),
            (
                "Our ponds, wells and pipelines may be damaged by earthquakes and floods.",
                (
                    (
                        "The works stand on a fault. Two earthquakes in the last thirty years broke pipelines and cost us "
                        "a quarter of a season each. Insurance pays for the pipes but not for the brine that ran out, and "
                        "an insurer may decline to renew a policy after a third event of this kind."
                    ),
                ),
            ),
            (
                "We depend on a small number of chemists and pond masters who would be difficult to replace.",
                (
                    (
                        "Nine people know how to bring a pond from one season to the next. Four of them are past the age "
                        "at which they may retire, and neither of the two schools that used to train pond masters still "
                        "does. We pay more than we used to, and still lost two of them in the past year."
                    ),
                ),
            ),
        ),
    ),
    (
        "Risks Related to Markets and Law",
        (
            (
                "Competitors in other countries produce potash at costs that we cannot match.",
                (
                    (
                        "Three producers have mines that need no pumping. When prices fell six years ago they went on "
                        "selling below our cost for eleven months, and we closed a third of the ponds. Another such time "
                        "would force us to close more, and what is closed is not opened again for years."
                    ),
                ),
            ),
            (
                "New rules on the use of water could raise our costs or end our permits.",
                (
                    (
                        "The ministry has announced a law on closed basins. A draft would set what may be pumped by the "
                        "needs of the wetlands alone, and would leave what has been granted before without compensation. "
                        "We cannot tell whether it will pass, nor in what form, nor when."
                    ),
                ),
            ),
            (
                "Changes in exchange rates affect what we earn, because we sell in dollars and pay in pesos.",
                (
                    (
                        "Nine tenths of our costs are in pesos. An increase of the peso by a tenth, other things equal, "
                        "would have cost us 14 million dollars in fiscal 2025. We hedge less than half of it, and only "
                        "for the six months that lie ahead."
                    ),
                ),
            ),
            (
                "The price of our shares has moved widely and may do so again.",
                (
                    (
                        "Between its highest and its lowest point of the past year the price of our shares fell by more "
                        "than half. Few shares change hands on most days, so that an order of modest size is enough to "
                        "move the price by several percent."
                    ),
                ),
            ),
        ),
    ),
)
CAPTIONS = [caption for _, factors in GROUPS for caption, _ in factors]
HEADINGS = [heading for heading, _ in GROUPS]
INTRO = (
    "The following describes what could go wrong. It does not describe everything that could, and what we "
    "hold to be small today may turn out to be large. Read it together with the rest of this report."
)
# Titles for the manner in which captions carry capitals and no full stop.
TITLES = (
    "We Obtain Brine from a Single Lake",
    "Earthquakes and Floods May Damage Our Works",
    "We Depend on a Small Number of Chemists",
    "Competitors Produce Potash at Lower Costs",
    "New Rules on Water Could End Our Permits",
    "Changes in Exchange Rates Affect Our Earnings",
    "The Price of Our Shares Has Moved Widely",
)


def factors() -> list[Factor]:
    return [factor for _, group in GROUPS for factor in group]


def plain(*, titles: bool = False, feet: bool = False) -> str:
    """Item 1A as text, a paragraph a line; `feet` break pages, also in the middle of a paragraph."""
    lines = ["Item 1A. Risk Factors", INTRO]
    names = iter(TITLES)
    page = 11
    for heading, group in GROUPS:
        lines.append(heading)
        for caption, texts in group:
            lines.append(next(names) if titles else caption)
            for text in texts:
                if feet and len(text) > 150:
                    middle = text.index(" ", 120)
                    page += 1
                    lines += [
                        text[:middle],
                        str(page),
                        "Table of Contents",
                        "Salt & Sons, Inc. | 2025 Form 10-K",
                        text[middle + 1 :],
                    ]
                else:
                    lines.append(text)
    return "\n".join(lines) + "\n"


def wrapped() -> str:
    """The same in columns of 78 letters with empty lines between paragraphs, as old filings are."""
    return "\n\n".join(textwrap.fill(line, 78) for line in plain().split("\n"))


def run_in(mark: str) -> str:
    """Captions with capitals at the beginning of their paragraph, then `mark`, then the text."""
    lines = ["Item 1A. Risk Factors", INTRO]
    for title, (_, texts) in zip(TITLES, factors(), strict=True):
        lines += [f"{title}{mark}{texts[0]}", *texts[1:]]
    return "\n".join(lines) + "\n"


def item_html(*, caption: str = "font-weight:700;font-style:italic", within: bool = False) -> str:
    """Item 1A as HTML: captions in a paragraph of their own, or `within` the first of their text."""
    parts = [
        '<div><span style="font-weight:700">Item 1A.&#160;&#160;Risk Factors</span></div>',
        f"<div><span>{_e(INTRO)}</span></div>",
    ]
    for heading, group in GROUPS:
        parts.append(f'<div style="font-weight:700;text-decoration:underline">{_e(heading)}</div>')
        for title, texts in group:
            strong = f'<span style="{caption}">{_e(title)}</span>'
            if within:
                parts.append(f"<p>{strong}<span> {_e(texts[0])}</span></p>")
            else:
                parts += [f"<p>{strong}</p>", f"<p>{_e(texts[0])}</p>"]
            parts += [f"<p>{_e(text)}</p>" for text in texts[1:]]
    return "\n".join(parts)


def report(item: str, *, contents: bool = True) -> str:
    """A 10-K around an Item 1A, with a table of contents, a reference to the item, and inline XBRL's header."""
    table = (
        "<table><tr><td><a href='#a'>Item 1A.</a></td><td>Risk Factors</td><td>11</td></tr>"
        "<tr><td>Item 1B.</td><td>Unresolved Staff Comments</td><td>19</td></tr>"
        "<tr><td>Item 2.</td><td>Properties</td><td>20</td></tr></table>"
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<html xmlns:ix="http://www.xbrl.org/2013/inlineXBRL"><head><title>x</title></head><body>
<div style="display:none"><ix:header><ix:hidden><ix:nonNumeric>hidden</ix:nonNumeric></ix:hidden></ix:header></div>
<p>Salt &amp; Sons, Inc. (an invented company)</p>
{table if contents else ""}
<div>Item 1. Business</div>
<p>We make potash. What could go wrong is told in Item 1A of this report under the heading Risk Factors.</p>
{item}
<div>Item 1B. Unresolved Staff Comments</div>
<p>None.</p>
<div>Item 2. Properties</div>
<p>We own the works at the lake.</p>
<div>Item 7. Management's Discussion</div>
<p>Our costs rose, as Item 1A says they may.</p>
</body></html>"""


def submission(main: str, *exhibits: tuple[str, str]) -> str:
    """EDGAR's full submission: several documents in one text."""
    parts = [("10-K", main), *exhibits]
    return "\n".join(
        f"<DOCUMENT>\n<TYPE>{kind}\n<SEQUENCE>{at}\n<TEXT>\n{text}\n</TEXT>\n</DOCUMENT>"
        for at, (kind, text) in enumerate(parts, 1)
    )


def _e(text: str) -> str:
    return html.escape(text, quote=False)
