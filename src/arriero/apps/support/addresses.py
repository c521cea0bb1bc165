"""A delivery address out of what somebody typed. Pure, and strict: what is unclear is asked again."""

from __future__ import annotations

import re
from dataclasses import dataclass

PLACEHOLDER = re.compile(r"<[A-Z]+(?:_[A-Z]+)*_\d+>")  # what masking put in a value's place

# Where the sample shop delivers and its neighbours: English and own names -> ISO 3166-1 alpha-2.
COUNTRIES = {
    name: code
    for code, names in {
        "AT": "austria österreich",
        "BE": "belgium belgië belgique",
        "CH": "switzerland schweiz suisse svizzera",
        "DE": "germany deutschland",
        "DK": "denmark danmark",
        "ES": "spain españa",
        "FI": "finland suomi",
        "FR": "france",
        "GB": "england scotland wales uk britain",
        "IE": "ireland éire",
        "IT": "italy italia",
        "LU": "luxembourg luxemburg",
        "NL": "netherlands nederland holland",
        "NO": "norway norge",
        "PL": "poland polska",
        "PT": "portugal",
        "SE": "sweden sverige",
        "SI": "slovenia slovenija",
        "US": "usa america",
    }.items()
    for name in names.split()
}

_CUE = re.compile(
    r"(?:\bnew (?:delivery )?address(?: is|:)?|\baddress(?: is| to|:)|\bto(?: this address)?:?|\binstead:?"
    r"|\bis(?: now)?|\bshould be|:)\s+",
    re.IGNORECASE,
)
_WORDS = r"[^\W\d_][\w'\u2019.-]*(?: [^\W\d_][\w'\u2019.-]*){0,4}"
_HOUSE = r"\d{1,4} ?[a-zA-Z]?(?:[/-]\d{1,4}[a-zA-Z]?){0,3}"
_CITY = r"(?:(?:[A-Z]{1,2}-)?\d{4,5} |D\d\d [A-Z0-9]{4} )?[^\W\d_][\w'\u2019-]*(?: [^\W\d_][\w'\u2019-]*){0,2}"
_ADDRESS = re.compile(
    rf"(?P<street>{_WORDS} {_HOUSE}|{_HOUSE},? {_WORDS})(?:\s*[,;\n]\s*| in |\s+(?=\d{{4,5}} ))"
    rf"(?P<city>{_CITY})(?:\s*[,;\n]\s*(?P<country>[^\W\d_]+(?: [^\W\d_]+)?))?"
    r"(?=\s*(?:[.,;!?\n]|$|please\b|instead\b|thanks?\b|thank\b))"
)
_MOST = 160  # characters; a longer text is not one address
_NOT_A_CITY = re.compile(r"\s+(?:please|instead|thanks?|thank you|bitte)\b.*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """`country` is ISO 3166-1 alpha-2 when the text names one, else empty: the same as before."""

    street: str
    city: str
    country: str = ""

    def __str__(self) -> str:
        return f"{self.street}, {self.city}"


def address_in(message: str) -> str | None:
    """The part of a message that is an address: an address that `parsed` takes, or a placeholder."""
    if masked := re.search(r"<[A-Z_]*ADDRESS[A-Z_]*_\d+>", message):
        return masked.group()
    found = _last(message)
    return _NOT_A_CITY.sub("", found.group()) if found else None


def _last(text: str) -> re.Match[str] | None:
    """The address behind the last cue that has one, so that "send it to" is no part of a street."""
    starts = [0, *(match.end() for match in _CUE.finditer(text))]
    return next(filter(None, (_ADDRESS.match(text, start) for start in reversed(starts))), None)


def parsed(text: str) -> Address | None:
    """Street, city and country of an address that ends its text; None when it is not clear."""
    text = " ".join(text.replace("\n", ", ").split()).strip(" .")
    found = _last(text)
    if found is None or len(text) > _MOST or found.end() < len(text):
        return None
    named = (found["country"] or "").casefold()
    last = found["city"].split()[-1].casefold()
    code = COUNTRIES.get(named) or COUNTRIES.get(named.split(" ")[-1]) or COUNTRIES.get(last, "")
    if named and not code:
        return None  # a third part that is no country that we know
    return Address(found["street"].strip(), found["city"].strip(), code)
