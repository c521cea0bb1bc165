"""Hard facts: what an answer states as a number, date, id, address or link must stand in its sources."""

from __future__ import annotations

import re
from collections.abc import Iterable

from arriero.checks.base import Exhibit, check

MONTHS = {
    name: str(number)
    for number, names in enumerate(
        (
            "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|"
            "september sep sept|october oct|november nov|december dec"
        ).split("|"),
        start=1,
    )
    for name in names.split()
}
NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}
# "one" and "two" are often pronouns or enumerations, not facts: they count only in a source.
_LOOSE = {"zero", "one", "two"}
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>()\"']+|(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+")
_LINK_SIGNS = ("@", "://", "www.")
SHORTEST_CODE = 4  # letters and digits; "A4" is no id
_CODE = re.compile(r"(?<![A-Z0-9]-)\b(?=[A-Z-]*+\d)(?=[0-9-]*+[A-Z])[A-Z0-9]+(?:-[A-Z0-9]+)*\b")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[a-z]+")


def facts_in(text: str, *, generous: bool = False) -> frozenset[str]:
    """The hard facts of `text`, normalised so that "4.90", "4,90" and "4.9" are one fact.

    Number words up to twelve count; `generous` (for sources) also counts the loose ones.
    """
    found, rest = set[str](), text
    if any(sign in text for sign in _LINK_SIGNS):  # hardly ever, and the pattern is slow
        found = {link.rstrip(".,;:!?").lower() for link in _LINK.findall(text)}
        rest = _LINK.sub(" ", text)

    def unless_code(match: re.Match[str]) -> str:
        if len(match[0]) < SHORTEST_CODE:
            return match[0]
        found.add(match[0].lower())
        return " "

    found |= {plain(number) for number in _NUMBER.findall(_CODE.sub(unless_code, rest))}
    words = set(_WORD.findall(rest.lower()))
    found |= {
        NUMBER_WORDS[word] for word in words & NUMBER_WORDS.keys() if generous or word not in _LOOSE
    }
    found |= {f"month:{MONTHS[word]}" for word in words & MONTHS.keys() if word != "may"}
    return frozenset(found)


@check("facts")
def facts_are_sourced(exhibit: Exhibit) -> tuple[float, str]:
    """Every number, price, date, id, address and link of the answer stands in its sources or facts."""
    known = facts_in(" ".join(supports(exhibit)), generous=True)
    stated = facts_in(exhibit.text)
    unknown = sorted(stated - known)
    if not unknown:
        return 1.0, ""
    return 1 - len(unknown) / len(stated), f"not in the sources: {', '.join(unknown)}"


def supports(exhibit: Exhibit) -> Iterable[str]:
    """The texts that an answer may rest on."""
    return (*(source.quote for source in exhibit.sources), *exhibit.facts)


def plain(number: str) -> str:
    """One spelling a value: a decimal comma becomes a point, separators and trailing zeros go."""
    whole, point, part = number.replace(",", ".").rpartition(".")
    if not point:
        return part.lstrip("0") or "0"
    if len(part) == 3 and whole.strip("0"):  # 1,200 and 1.200 are thousands, 0.250 is a quarter
        return (whole.replace(".", "") + part).lstrip("0") or "0"
    part = part.rstrip("0")
    whole = whole.replace(".", "").lstrip("0") or "0"
    return f"{whole}.{part}" if part else whole
