"""What looks private and is a company's: its address, its service number, a brand, a place named after a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from arriero.security.privacy_names import elsewhere, given_names
from arriero.security.privacy_text import Found

_I = re.IGNORECASE
_UP = r"[A-ZÀ-ÖØ-ÞŁŚŹŻŠČŘŽĐ]"
_YOURS = r"(?:your|ihre?[rnms]?|eure?[rnms]?|votre|vuestr[oa]|tu)"
_OFFICE = re.compile(  # "your office at", "Sparbank Nord AG,", "Shop 12,"
    rf"(?:\b{_YOURS}\s(?:\w+\s)?(?:office|shop|store|branch|depot|warehouse|showroom|headquarters|practice|surgery|clinic|filiale|laden|büro|geschäft|agence|magasin|boutique|tienda|oficina)(?:\s(?:is|on|at|in|an|auf|der|dem|de|en|à|a|sur|la))*\s*"
    r"|\s(?-i:GmbH|AG|KG|OHG|SE|Ltd|LTD|Limited|Inc|LLC|LLP|plc|PLC|SARL|SAS|BV|SpA|SRL|Corp|e\.V)\.?,\s*|\b(?:shop|stall|kiosk)\s)\Z",
    _I,
)
_SERVICE = re.compile(  # numbers that no person has, where they are said to be the company's
    r"(?:00800|0800|0808|0180|0900|03\d\d|08[47]\d|09\d\d|\(?1?[ .-]?\(?8(?:00|33|44|55|66|77|88)|90[0-2])(?=\D|\d{6})"
)
_YOUR_NUMBER = re.compile(
    rf"(?:\b(?:{_YOURS}|the|their)\s(?:\w+\s){{0,2}}?(?:number|phone|line|hotline|helpline|nummer|telefonnummer|numéro|número|teléfono)(?:\W+(?:on|at|is|the|your|site|website|page|letter|bill|card|back|of|app|just|ist|auf|der|website)\b){{0,6}}"
    r"|\b(?:hotline|helpline|freephone|toll[- ]free|numéro vert|customer (?:services?|care|support)|kundenservice)\b[^.!?\d]{0,20})\W{0,3}\Z",
    _I,
)
# Brands of which a part is a person's name. `_ALIKE` are also what people are called: only beside an article.
_BRAND = re.compile(
    r"(?<!\w)(?:jack wolfskin|helly hansen|peter storm|charles schwab|hugo boss|calvin klein|ralph lauren|tommy hilfiger|louis vuitton|christian dior"
    r"|wells fargo|dr\.? martens|marc o'polo|jack (?:&|and) jones|johnson (?:&|and) johnson|marks (?:&|and) spencer|ben (?:&|and) jerry'?s|black (?:&|and) decker|ernst (?:&|and) young"
    r"|harley[ -]davidson|rolls[ -]royce|aston martin|alfa romeo|mercedes[ -]benz|morgan stanley|merrill lynch|hewlett[ -]packard|yves rocher|yves saint laurent|betty barclay|bruno banani"
    r"|daniel wellington|thomas sabo|rosetta stone|black diamond|big agnes|klean kanteen|terra nova|snow peak|maier sports|henri lloyd|mountain hardwear)(?!\w)",
    _I,
)
_ALIKE = re.compile(
    r"\b(?i:the|a|an|this|these|at)\s(?P<brand>(?:Paul Smith|John Lewis|Ted Baker|Thomas Cook|Tom Ford|Tom Tailor|Eddie Bauer|Fred Perry|Laura Ashley|Michael Kors|Kate Spade|John Deere|Robert Bosch|Gerry Weber|Oliver Bonas|Jimmy Choo|Marc Jacobs))(?=\s[a-z])"
)
_PLACE = re.compile(  # "on Rosemary Lane", "Larkfield Vets", "St. Mary's"
    rf"(?:(?<=\bin )|(?<=\bon )|(?<=\bat )|(?<=\bnear )|(?<=\bthe ))(?P<near>{_UP}[^\W\d_]+(?:\s{_UP}[^\W\d_]+)?(?:'s)?\s(?:Lane|Street|Castle|Park|Hill|Hall|Green|Bridge|Church|Court|Gardens|Cross|Gate|Way|Close|Bay|Beach|Head|Tower|House))(?!\w|\s\d)"
    rf"|(?<!\w)(?P<kind>{_UP}[^\W\d_]+(?:'s)?\s(?:Valley|Avenue|Road|Square|Station|Airport|Hospital|Clinic|Surgery|University|College|School|Academy|Museum|Theatre|Arena|Stadium|Festival|Marathon|Vets|Veterinary|Dental|Dentists?|Pharmacy|Partners|Solicitors|Bakery|Brewery|Hotel|Hostel|Inn|Bank|Foundation|Trust|Scouts))(?!\w)"
    rf"|(?<!\w)(?P<saint>St\.?\s{_UP}[^\W\d_]+'s)(?!\w)"
)
_IN_COUNTRY = re.compile(
    rf"(?<!\w)(?P<town>{_UP}[^\W\d_]+),\s(?P<country>{_UP}[^\W\d_]+)(?:'s)?(?![\w])"
)
_COUNTRIES = frozenset(
    """italy spain france germany austria switzerland portugal greece turkey ireland england scotland wales belgium netherlands denmark norway
    sweden finland poland czechia hungary romania croatia serbia usa canada mexico brazil argentina chile india china japan australia italia
    españa deutschland österreich schweiz frankreich italien spanien texas california florida oregon arizona ohio maine""".split()
)
_DISEASE = re.compile(r"(?<!\w)(?:Parkinson|Alzheimer|Crohn|Hodgkin|Huntington|Tourette|Asperger|Hashimoto)(?:'s)?(?!\w)")  # fmt: skip
_FACULTY = re.compile(
    rf"\b(?:Lehrstuhl|Institut|Abteilung|Fachbereich|Fakultät|Klinik|Zentrum|Department|Faculty|Institute|School|Ministry|Institut|Faculté)\s(?:für|of|for|de|d')\s?(?P<field>{_UP}[^\W\d_]+)"
)
_MONEY = re.compile(r"(?<!\w)(?:RON|EUR|USD|GBP|CHF|PLN|SEK|NOK|DKK|HUF|CAD|AUD|INR|JPY|TRY|ILS|LEI|ALL|MAD|RUB)(?=\s?\d)|(?<=\d\s)(?:RON|MAD|ALL|LEI)(?!\w)")  # fmt: skip


def ours(text: str, found: Found) -> Found:
    """`found`, or nothing's place when the words in front say that the address or number is a company's."""
    before = text[max(0, found.start - 60) : found.start]
    if found.kind == "ADDRESS" and _OFFICE.search(before):
        return Found("", found.start, found.end)
    if found.kind == "PHONE" and _SERVICE.match(text, found.start) and _YOUR_NUMBER.search(before):
        return Found("", found.start, found.end)
    return found


def public_names(text: str) -> Iterator[tuple[int, int]]:
    """Where brands and places stand that a person's name is part of."""
    for match in _BRAND.finditer(text):
        yield match.span()
    for match in _ALIKE.finditer(text):
        yield match.span("brand")
    for match in _PLACE.finditer(text):
        yield match.span()
    for pattern in (_MONEY, _DISEASE, _FACULTY):
        for match in pattern.finditer(text):
            yield match.span()
    for match in _IN_COUNTRY.finditer(text):
        town, country = match["town"].lower(), match["country"].lower()
        if country in _COUNTRIES:
            yield match.span()
        elif town in elsewhere() and country in given_names():
            yield match.span("country")
