"""Addresses by what closes them: a postcode with its town, whatever the street is called and in any case.

Who types on a telephone writes "kalkofenbreite 30, 34414 bad karlshafen": no capital, and a street whose
kind no list holds. The closing part (a code and a town, or a town, a state and a code) is read first;
from there the way leads back to the house number, with the street before it or behind it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from arriero.security.privacy_names import ordinary_words
from arriero.security.privacy_text import Found

_I = re.IGNORECASE
_NAME = r"[^\W\d_]+(?:[.'-][^\W\d_]+)*"
_WHOLE = r"[^\W\d_]++(?:[.'-][^\W\d_]++)*+"  # gives nothing back: hyphens would part it in very many ways
# 34414, D-34414, 1021 JL, 60-810, 281 43, 1200-018
_CODE = r"(?:[a-z]{1,2}-)?(?:\d{5}|\d{4}-\d{3}|\d{4}\s[a-z]{2}|\d{4}|\d{2}-\d{3}|\d{3}\s\d{2})"
_CODE_TOWN = re.compile(rf"(?<![\w#.,/-])(?P<code>{_CODE})[ ](?P<town>{_NAME})(?![\w@])", _I)
_BRITISH = (  # the areas of British postcodes (Royal Mail)
    r"(?:ab|al|b|ba|bb|bd|bh|bl|bn|br|bs|bt|ca|cb|cf|ch|cm|co|cr|ct|cv|cw|da|dd|de|dg|dh|dl|dn|dt|dy|e|ec|eh|en|ex|fk"
    r"|fy|g|gl|gu|gy|ha|hd|hg|hp|hr|hs|hu|hx|ig|im|ip|iv|je|ka|kt|kw|ky|l|la|ld|le|ll|ln|ls|lu|m|me|mk|ml|n|ne|ng|nn|np"
    r"|nr|nw|ol|ox|pa|pe|ph|pl|po|pr|rg|rh|rm|s|sa|se|sg|sk|sl|sm|sn|so|sp|sr|ss|st|sw|sy|ta|td|tf|tn|tq|tr|ts|tw|ub|w|wa"
    r"|wc|wd|wf|wn|wr|ws|wv|yo|ze)"
)
_STATE = (
    r"(?:al|ak|az|ar|ca|co|ct|de|fl|ga|hi|id|il|in|ia|ks|ky|la|me|md|ma|mi|mn|ms|mo|mt|ne|nv|nh|nj|nm|ny|nc|nd|oh|ok|or|pa"
    r"|ri|sc|sd|tn|tx|ut|vt|va|wa|wv|wi|wy|dc)"
)
_LAST = re.compile(
    rf"(?<![\w-])(?:{_BRITISH}\d[a-z\d]?\s?\d[abd-hjlnp-uw-z]{{2}}"
    rf"|{_STATE}\.?,?\s\d{{5}}(?:-\d{{4}})?|(?:nsw|vic|qld|wa|sa|tas|act|nt)\s\d{{4}}"
    r"|(?:(?:on|qc|bc|ab|mb|sk|ns|nb|pe|nl)\s)?[abceghj-nprstvxy]\d[a-z]\s?\d[a-z]\d)(?![\w-])",
    _I,
)
_HOUSE = r"\d{1,5}\s?(?:[a-z](?![\w']))?(?:\s?[-/]\s?\d{1,4}\s?[a-z]?(?!\w))?(?:\s(?:bis|ter|quater)(?!\w))?"
# What may stand between the street and the code: a flat, a floor, a staircase.
_INSIDE = (
    r"(?:[, ]+(?:(?:d|kat|lgh|ap|apt|st|top|stiege|hs|bus|et|et\.|piso|bajo|esc|int|bât|bat|apto|piano|scala)[:.]?\s?\w{0,4}"
    r"|(?:hinterhaus|vorderhaus|seitenflügel|rückgebäude|erdgeschoss|hh|vh|eg|dg|\d{1,2}\.?\s?(?:og|stock|etage|floor|étage|piso)|\d{1,2}(?:st|nd|rd|th)\s(?:floor|stage))(?![^\W_])"
    r"|\d{1,2}\s?\.?[ºª°]?\s?(?:\w{1,4})?\.?))"
)
_STREET_FIRST = re.compile(  # kalkofenbreite 30 [in] | 34414 ...
    rf"(?P<street>(?:{_WHOLE}\.?[ -]){{1,6}}?){_HOUSE}{_INSIDE}{{0,2}}[ ]?(?:[,\n][ ]?|[ ]|[ ]in[ ])\Z",
    _I,
)
_NUMBER_FIRST = re.compile(  # 9 montée du château | 26200 ...
    rf"(?<![\w.,/-])(?:(?:flat|apt|apartment|unit|suite|number|no\.?)\s?\w{{1,4}},?\s)?{_HOUSE},?[ ]"
    rf"(?P<street>(?:{_WHOLE}\.?[ ,-]{{1,2}}){{0,6}}{_WHOLE}\.?)[ ]?(?:[,\n][ ]?|[ ]|[ ]in[ ])\Z",
    _I,
)
# Three lines at most before a British or American code: house, street, town.
_ABROAD = re.compile(
    rf"(?<![\w.,/-])(?:(?:flat|apt|apartment|unit|suite)\s?\w{{1,4}},?\s)?(?:(?:number|no\.?)\s)?{_HOUSE},?\s"
    rf"(?P<street>(?:{_WHOLE}\.?(?:,\s|[\s-])){{1,8}})\Z",
    _I,
)
_LIVES = re.compile(r"\b(?:in|aus|from|à|en|a|te|i|w)[ ]\Z", _I)
# Words that lead in a street's name or join its parts.
_LINKS = frozenset(
    """am an im in auf hinter unter vor zur zum zu bei beim der dem den die das ober oberer obere obern unterer untere unterm hinterm
    vorm alte alter alten neue neuer neuen kleine kleiner kleinen kleinem große großer großen hohe hoher hohen lange langer langen
    de du des del della delle dei degli di da do dos das la le les el los las lo il al aux au san santa saint sainte sankt st
    old new north south east west upper lower great little high the of via rue calle avenida avda corso piazza rua ul ulica plaza oude
    nieuwe lange korte""".split()
)
_TOWNS_FIRST = frozenset(
    "bad saint sainte st sankt san santa la le les los las el den am new fort mont".split()
)
_TOWN_JOINS = frozenset(
    "an am im in ob der dem de la del della sur sous les lès en di aan den upon on".split()
)
_OTHERS = re.compile(  # numbers that are the shop's
    r"\b(?:orders?|bestell\w*|auftrag\w*|commande|pedido|ordine|bestelling|encomenda|invoice|rechnung\w*|facture|factura|tickets?|articles?"
    r"|artikel\w*|sizes?|größe|taille|talla|since|seit|vom|items?|parcel|paket|colis|tracking|ref\w*|nr|no|number|nummer|code|page|seite)\W*\Z",
    _I,
)
_WORDS = re.compile(_NAME)
_TOWN_WORD = re.compile(r"(?P<gap>[ -])(?P<word>[^\W\d_]{2,})(?![\w'@.]*\w)")
BEFORE = 110  # characters of an address before its code


def closed(text: str) -> Iterator[Found]:
    """Addresses that end in a code and a town, or in a town and a code."""
    for match in _CODE_TOWN.finditer(text):
        if not is_town(match["town"], _TOWNS_FIRST) or _names_an_own(text, match.start()):
            continue
        start = _start(text, match.start(), long=len(match["code"]) > 4)
        if start is not None:
            yield Found("ADDRESS", start, _town_end(text, match.end(), match["town"]))
    for match in _LAST.finditer(text):
        before = _ABROAD.search(text, max(0, match.start() - BEFORE), match.start())
        if before and _is_street(before["street"]) and not _names_an_own(text, before.start()):
            yield Found("ADDRESS", before.start(), match.end())


def _start(text: str, code: int, *, long: bool) -> int | None:
    """Where the address before the code begins: None when nothing there is a street with a number."""
    left = max(0, code - BEFORE)
    if first := _STREET_FIRST.search(text, left, code):
        start = _street_start(text, first.start("street"), first.end("street"))
        if start is not None and not _names_an_own(text, first.end("street")):
            return start
    if (
        (first := _NUMBER_FIRST.search(text, left, code))
        and _is_street(first["street"])
        and not _names_an_own(text, first.start())
    ):
        return first.start()
    return code if long and _LIVES.search(text, max(0, code - 8), code) else None


def _street_start(text: str, start: int, end: int) -> int | None:
    """Where the street's name begins, read backwards: its last word is any but the shop's own."""
    words = [(match.start(), match.group().lower()) for match in _WORDS.finditer(text, start, end)]
    at = None
    for count, (place, word) in enumerate(reversed(words)):
        if count and word in ordinary_words() and word not in _LINKS:
            break
        at = place
    if at is None or (
        all(word in ordinary_words() for place, word in words if place >= at)
        and not (words and words[0][1] in _LINKS)
    ):
        return None
    return at


def _is_street(name: str) -> bool:
    """Whether one of its words is no ordinary one: "2 tents in the sale" is no street."""
    return any(
        word.lower() not in ordinary_words() and word.lower() not in _LINKS
        for word in _WORDS.findall(name)
    )


def is_town(word: str, also: Collection[str] = ()) -> bool:
    """Whether a word after a postcode is its town's: no ordinary word and no mere two letters, or one of `also`."""
    low = word.lower()
    return low in also or low in _CITIES or (low not in ordinary_words() and len(low) > 2)


_CITIES = frozenset(  # large ones, which messages hold as words
    """berlin hamburg münchen köln frankfurt stuttgart düsseldorf leipzig dresden bremen hannover essen dortmund bonn wien graz linz zürich
    basel genf paris lyon marseille lille nice bordeaux madrid barcelona sevilla valencia bilbao roma milano torino napoli lisboa porto
    amsterdam rotterdam utrecht bruxelles antwerpen kraków warszawa praha brno budapest oslo stockholm københavn""".split()
)


def _town_end(text: str, end: int, first: str) -> int:
    """Where the town ends: with its next words, as long as they are no ordinary ones."""
    joined = first.lower() in _TOWNS_FIRST
    for _ in range(4):
        word = _TOWN_WORD.match(text, end)
        if word is None or (first[0].isupper() and not word["word"][0].isupper() and not joined):
            break
        low = word["word"].lower()
        if low in _TOWN_JOINS and (after := _TOWN_WORD.match(text, word.end())):
            if after["word"].lower() in ordinary_words() - _TOWN_JOINS:
                break
        elif low in ordinary_words() and not joined and word["gap"] == " ":
            break
        joined, end = low in _TOWN_JOINS, word.end()
    return end


def _names_an_own(text: str, start: int) -> bool:
    return _OTHERS.search(text, max(0, start - 24), start) is not None
