"""Persons whom only their place in a text tells: in a mail header, a greeting, a signature, beside their kin.

Many names are words too ("Mark", "Joy", "Bauer"), and no list holds all others. In most sentences such a
word says nothing; after "Dear", before ", my husband" or alone on the last line it is somebody's name.
`names_also_words.txt` holds given names that are words of messages as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from arriero.security.privacy_likeness import folded, likeness
from arriero.security.privacy_names import (
    GERMAN,
    TITLES,
    Words,
    also_words,
    given_names,
    ordinary_words,
)
from arriero.security.privacy_text import Found

_I = re.IGNORECASE
_UP = r"[A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĖĘĚĜĞĠĢĤĪĮİĶĹĻĽŁŃŅŇŌŐŔŖŘŚŜŞŠŢŤŪŮŰŲŹŻŽ]"
_C = rf"(?:(?:{_UP}'|Mc|Mac)?{_UP}[^\W\d_A-Z]+(?:['-]{_UP}?[^\W\d_A-Z]+)*)"  # a word with its capital
_CS = rf"{_C}(?:\s(?:(?:van|von|de|da|der|den|di|al|bin|la|le|zu|del|dos)\s){{0,2}}{_C}){{0,2}}"
_KIN = (
    r"(?:mum|mom|mother|dad|father|wife|husband|partner|son|daughter|sister|brother|aunt|uncle|cousin|nephew|niece|gran|grandma|grandpa|grandmother"
    r"|grandfather|flatmate|roommate|housemate|neighbou?r|colleague|boss|assistant|friend|fiancée?|girlfriend|boyfriend|landlord|landlady|carer|tenant|stepson|stepdaughter"
    r"|mutter|vater|frau|mann|sohn|tochter|bruder|schwester|oma|opa|nachbar(?:in)?|kolleg(?:e|in)|chef(?:in)?|freund(?:in)?|mari|femme|fils|fille|mère|père|frère|sœur|voisine?"
    r"|marido|mujer|hij[oa]|herman[oa]|madre|padre|vecin[oa]|marito|moglie|figli[oa])"
)
_MY = r"(?:my|our|his|her|their|mein(?:e|em|en|er)?|unser(?:e|em|en|er)?|mon|ma|notre|mi|mio|mia)"
_GREETING = (
    r"(?:dear|hi|hiya|hello|hey|good (?:morning|afternoon|evening|day)|morning|thanks|thank you|cheers|liebe[rs]?|hallo|moin|servus|grüezi|danke|hola|querid[oa]"
    r"|estimad[oa]|gracias|bonjour|bonsoir|salut|ch[eè]re?|merci|ciao|buongiorno|car[oa]|grazie|hej|dag|beste|olá|prezad[oa]|sorry|ok(?:ay)?)"
)
_HEADER = re.compile(
    rf"^(?:>[ ]?)*(?:from|to|cc|bcc|reply-to|sender|von|an|de|para|à|da|van)[ ]?:[ ]?[\"']?(?P<who>(?-i:{_C}(?:,?[ ]{_C}){{0,3}}))[\"']?[ ]*(?=<|\[mailto|[ ;,]*[\w.+-]+@)",
    _I | re.MULTILINE,
)
_GREETED = re.compile(
    rf"(?:\A|[\n>.!?)]\s?|[,:-]\s)\s?{_GREETING}[ ,]{{1,2}}(?P<who>(?-i:{_C}(?:\s{_C})?))(?=\s?[,!.:;?\n-]|\s(?:and|thanks|thank|und|et|y)\b|\s*\Z)",
    _I,
)
_INTRODUCES = re.compile(  # "this is Hunter from accounts", "Hello, Mark here"
    rf"(?:\A|[\n.!?,]\s?)\s*(?:{_GREETING}[ ,]+)?(?:this is|it's|its|here is|here's|hier ist|hier spricht|(?:da|do|hie|hier) isch (?:de|dr|d|s)|ici|c'est|soy|aquí|qui è)\s(?P<who>(?-i:{_CS}))(?=\s(?:from|at|here|calling|speaking|writing|again|with|aus|von|vom|vo|de|da|di)\b)"
    rf"|(?:\A|[\n.!?,;-]\s?)\s*{_GREETING}[ ,]+(?P<here>(?-i:{_C}(?:\s{_C})?))\s(?=(?:here|speaking|writing|again)\b)",
    _I,
)
_BESIDE_KIN = re.compile(
    rf"(?<![\w@.'-])(?P<who>{_C}(?:\s{_C})?)(?P<sign>\s?\(|,\s|\s-\s)(?P<my>(?:(?i:{_MY})\s(?:\w+\s)?)?)(?i:{_KIN})(?!\w)"
)
_NAMED = re.compile(
    rf"\b(?i:(?:is|are|am|was|were|be|been|being|'s|'m|'re|people|persons?|man|woman|girl|boy|guy|lady|gentleman|someone|somebody|señora?|one)\s(?:called|named)|nickname(?:\sis)?|known as|by the name of|goes by|namens)\s(?P<who>{_CS})"
)
_LABEL = re.compile(
    r"(?<!\w)(?:vorname|nachname|familienname|geburtsname|mädchenname|zuname|(?:first|last|given|maiden|legal|family|sur)\s?name|apellidos?|prénom|nom de (?:famille|jeune fille)|cognome|efternamn|förnamn|achternaam|voornaam)"
    rf"(?:\s(?:is|was|ist|lautet|war|est|es|è|now|jetzt))*\s?[:=]?\s(?P<who>(?-i:{_CS}))",
    _I,
)
_SPEAKS_OF_NAMES = re.compile(r"(?:nach|familien|sur|last\s|maiden\s)name|apellido|nom de|cognome|efternamn|achternaam", _I)  # fmt: skip
_BEFORE_AND_NOW = re.compile(
    rf"\b(?i:bisher(?:ige[rnm]?)?|neue?[rnm]?|vorher|früher|jetzt|künftig|previously|formerly|old|new|avant|ahora|antes)\s?:?\s(?P<who>{_C})(?=\s?[,.;!?\n]|\s*\Z)"
)
_NAME_FIELD = re.compile(
    r"(?:\A|[,;.\n]\s?)name[ ](?P<who>[^\W\d_]{3,}(?:-[^\W\d_]+)*(?:[ ][^\W\d_]{2,}(?:-[^\W\d_]+)*)?)(?=\s?[.,;\n]|\s*\Z)",
    _I,
)
_PERSONAL = (  # what is done to persons and to nothing else
    r"(?:with|tell|told|ask|asked|asking|ask for|asked for|ring|phone|text|e?mail|thank|add|remove|invite|contact|meet|met|let|like|want|cc|speak to|spoke to|talk to|talked to|spoken to"
    r"|from|for|to|by|admin|driver|manager|nurse|big|little|old|poor|young|dear|teacher|trainer|coach|receptionist|technician|engineer)"
)
_MID = re.compile(
    rf"(?<=[\w,] )(?<![.!?] )(?P<cue>(?i:{_PERSONAL}))\s(?P<who>{_C})(?=\s(?!gold\b|red\b|green\b|blue\b)[a-zà-ž(]|\s?[,.;:!?)\n-]|'s\b|\s*\Z)"
)
_ROLE = re.compile(
    rf"\b(?i:(?:my|our|your|the|unser(?:e[nmr]?)?|mein(?:e[nmr]?)?|ihr(?:e[nmr]?)?)\s(?:(?:new|old|former|it)\s)?(?:admin(?:istrator)?|accountant|solicitor|lawyer|doctor|nurse|therapist|physio|dentist|courier|driver|postman|plumber|electrician|technician|engineer|trainer|tutor|carer|midwife"
    rf"|treasurer|bookkeeper|receptionist|supervisor|agent|adviser|advisor|apprentice|intern|techniker(?:in)?|fahrer(?:in)?|berater(?:in)?|mitarbeiter(?:in)?))\s(?P<who>{_C}(?:\s{_C})?)"
)
_SIGNED_OFF = re.compile(  # the last words of a message, on a line or after a sentence of their own
    rf"(?P<sign>[.!?)\]…]\s|-\s?|,\s|\n)\s*(?P<who>{_C}(?:\s{_C}){{0,2}}(?:\s{_UP}\.?)?)\s?[.!]?\s*\Z"
)
_REGARDS = re.compile(
    r"\b(?:regards|wishes|sincerely|faithfully|yours|greetings|grüße[n]?|grüsse[n]?|gruß|gruss|mfg|vg|lg|hochachtungsvoll|cordialement|à vous|salutations|saludos?|atentamente|saluti|cumprimentos|abraços|hilsen|hälsningar|groet(?:en|jes)?|pozdrawiam)"
    r"[ ]?(?P<gap>[,.!]?\s?\n\s*|,?[ ])(?P<who>[^\W\d_][\w'-]*(?:,?[ ][^\W\d_][\w'.-]*){0,2})[ ]?[.!]?\s*\Z",
    _I,
)
_CAPS = re.compile(
    rf"(?<![\w.-])(?P<who>(?P<last>{_UP}[A-ZÀ-Þ'-]{{2,}}),\s{_UP}\.)(?!\w)"
)  # SURNAME, M.
_MIDDLE = re.compile(rf"(?<![\w.-])(?P<who>{_C}\s{_UP}\.\s{_C})(?![\w-])")  # Anna B. Word
_LETTER_FIRST = re.compile(
    rf"(?<![\w.'])(?P<who>(?!I\b){_UP}\s(?P<last>{_UP}[^\W\d_]+-{_UP}[^\W\d_]+))(?![\w-])"
)
_GIVEN_AND_WORD = re.compile(  # "Tom Baker wrote"
    rf"(?<![\w@.'-])(?P<first>{_C})\s(?P<last>{_C})(?=\s[a-z]|\s?[,.;:!?)]|\s*\Z)"
)
_I_AM_TWO = re.compile(  # "ich bin rover grzybowska": the second word's letters tell
    r"(?:\A|[\n.!?,;-]\s?)\s*(?:i'?m|i am|ich bin|je suis|soy)\s(?P<who>[^\W\d_]{3,}\s(?P<last>[^\W\d_]{4,}))(?=\s?[.,;!\n]|\s-|\s*\Z)",
    _I,
)
_HELPS = frozenset(
    """team support service services customer customers care department desk office sales staff sir sirs madam all there everyone everybody
    folks guys people again you please thanks thank thx bye best kind many regards sent order number help hilfe danke ihr ihre eure euer
    dein deine your yours the and a from to me i so yes no ok hello hi hey kundin kunde kundenservice damen herren""".split()
)
_FUNCTION = frozenset(  # what opens a sentence whose full stop is left out
    """can could would should shall will may might must do does did is are was were am have has had what when where who why how which
    it we you they he she this that these those there here my your our his her their if as at in on by for with but not just also still
    since after before because monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december que quand où comment je il elle nous vous mi su el la los las un una no""".split()
)
_UNSURE = -1.5  # log-odds of a name below which an unlisted word after "Dear" is rather a company's
_COMMA = 0.0  # the same for a last word that has no line of its own


def addressed(text: str, words: Words) -> Iterator[Found]:
    """Persons in headers, greetings, introductions, beside their kin, and as the last words of a message."""
    if not _LETTER.search(text):
        return
    for pattern in (_HEADER, _NAMED, _LABEL):
        for match in pattern.finditer(text):
            first, _, rest = match["who"].partition(" ")
            after = pattern is not _HEADER and not _HELPS.intersection(rest.lower().split())
            if _is_called(first if after else match["who"], words):
                yield Found("PERSON", *match.span("who"))
    for match in _MIDDLE.finditer(text):
        first, last = match["who"].split()[0], match["who"].split()[-1]
        if first.lower() not in TITLES and any(_is_called(one, words) for one in (first, last)):
            yield Found("PERSON", *match.span("who"))
    if not GERMAN.search(text):
        for match in _GIVEN_AND_WORD.finditer(text):
            last = match["last"].lower()
            if folded(match["first"]) in given_names() and last not in _HELPS | _FUNCTION | TITLES:
                yield Found("PERSON", *match.span())
    for match in _GREETED.finditer(text):
        if _is_called(match["who"], words, _UNSURE):
            yield Found("PERSON", *match.span("who"))
    for match in _INTRODUCES.finditer(text):
        group = "who" if match["who"] else "here"
        if _is_called(match[group], words, _UNSURE):
            yield Found("PERSON", *match.span(group))
    for match in _BESIDE_KIN.finditer(text):
        said = match["my"] or "(" in match["sign"]
        if said and _is_called(match["who"], words, _COMMA):
            yield Found("PERSON", *match.span("who"))
    for match in _ROLE.finditer(text):
        if _is_called(match["who"], words, _COMMA):
            yield Found("PERSON", *match.span("who"))
    for match in _MID.finditer(text):
        if match["who"].lower() in also_words() and match["who"].lower() not in words.spare:
            yield Found("PERSON", *match.span("who"))
    if _SPEAKS_OF_NAMES.search(text):
        for match in _BEFORE_AND_NOW.finditer(text):
            if _is_called(match["who"], words):
                yield Found("PERSON", *match.span("who"))
    for match in _NAME_FIELD.finditer(text):
        if not any(part in ordinary_words() for part in match["who"].lower().split()):
            yield Found("PERSON", *match.span("who"))
    for match in _CAPS.finditer(text):
        if match["last"].lower() not in ordinary_words() and words.may_be(match["last"]):
            yield Found("PERSON", *match.span("who"))
    for match in _LETTER_FIRST.finditer(text):
        if any(words.may_be(part) for part in match["last"].split("-")):
            yield Found("PERSON", *match.span("who"))
    for match in _I_AM_TWO.finditer(text):
        last = match["last"]
        if likeness(last) >= 2.0 and words.may_be(last, floor=_COMMA):
            yield Found("PERSON", *match.span("who"))
    yield from _last_words(text, words)


def beside(text: str, persons: Collection[Found], words: Words) -> Sequence[Found]:
    """Names that stand beside one that was found: "Öztürk / Bauer", "shauna not shawna"."""
    return [
        Found("PERSON", *match.span("who"))
        for one in persons
        if (match := _BESIDE.match(text, one.end))
        and match["who"][0].isupper() == text[one.start].isupper()
        and (match["and"] or match["who"][:1].lower() == text[one.start].lower())
        and (_is_called(match["who"], words) or match["who"].islower())
        and words.may_be(match["who"], cued=True)
    ]


_BESIDE = re.compile(
    r"(?:(?P<and>\s?[/&]\s?)|,?\s(?:and\s)?(?:not|nicht|pas|no|statt|instead of)\s)(?P<who>[^\W\d_]{3,}(?:-[^\W\d_]+)?)(?!\w)"
)


def _last_words(text: str, words: Words) -> Iterator[Found]:
    end = text[-90:]
    offset = len(text) - len(end)
    if (match := _REGARDS.search(end)) and _signs(match["who"], "\n" in match["gap"], words):
        yield Found("PERSON", offset + match.start("who"), offset + match.end("who"))
    if (match := _SIGNED_OFF.search(end)) and match.start("who") + offset > 0:
        floor = _UNSURE if "\n" in match["sign"] else _COMMA
        if _is_called(match["who"], words, floor):
            yield Found("PERSON", offset + match.start("who"), offset + match.end("who"))


def _signs(who: str, own_line: bool, words: Words) -> bool:
    """Whether what follows "Kind regards" is a name, be one of its words any: nobody else stands there."""
    parts = [part.strip(".,") for part in who.split()]
    if any(part.lower() in _HELPS for part in parts):
        return False
    if all(part[0].isupper() for part in parts):
        return own_line or any(words.may_be(part, cued=True) for part in parts)
    return (
        own_line
        and len(parts) > 1
        and any(words.may_be(part, cued=True, floor=_UNSURE) for part in parts)
    )


def _is_called(who: str, words: Words, floor: float | None = None) -> bool:
    """Whether every word with a capital may be somebody's name, and the first surely is none of a company's.

    `floor`: how little the letters of an unlisted word may look like a name's (log-odds).
    """
    parts = [part for part in _PART.findall(who) if part[0].isupper()]
    return (
        all(
            words.is_listed(part)
            or (
                words.may_be(part, cued=True)
                and not words.is_elsewhere(part)
                and (floor is None or likeness(part) >= floor)
            )
            for part in parts
        )
        and not {part.lower() for part in parts} <= _HELPS
    )


_PART = re.compile(r"[^\W\d_]+")
_LETTER = re.compile(r"[^\W\d_]")
