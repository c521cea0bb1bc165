"""What nobody but its owner should know, and numbers that a word further off names.

Passwords, PINs and card codes have no form of their own: a word for them stands within a few words. So it
is with a policy, a health card or a sort code that is told a second time. `cued` wants its word just in
front; here it may stand some words off, and the value must show more of itself for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from arriero.security.privacy_names import ordinary_words
from arriero.security.privacy_text import Found

_I = re.IGNORECASE
_PASS = r"(?:pass\W?(?:word|wort|code|phrase)s?|p\W?w[d]?|pwd|kennwort|mot\W+de\W+passe|mdp|contraseña|clave|senha|palavra-passe|wachtwoord|hasło|lösenord|parola)"  # noqa: S105  # the words for one
_PIN = (
    r"(?:pins?|pin\W?(?:code|number)|puk|cvv2?|cvc2?|cvn|csc|security\W+(?:code|number)|(?:one\W?time|verification|access|entry|door|gate|alarm|unlock)\W+(?:code|pin|password)"
    r"|otp|m?tan|geheimzahl|geheimnummer|prüf(?:ziffer|nummer)|sicherheits(?:code|nummer)|türcode|zugangscode|code\W+(?:secret|pin|confidentiel|d'accès|de\W+vérification)"
    r"|cryptogramme|digicode|código\W+(?:pin|de\W+seguridad|secreto)|codice\W+(?:pin|segreto)|pincode|beveiligingscode)"
)
_DIGITS = re.compile(  # "my PIN, I think it was 4408", "security code on the front 1284"
    rf"(?<![\w-]){_PIN}(?!\w)(?:(?!\b(?:orders?|bestell\w*|commande|pedido|invoice|ticket|parcel|within|after|since|until)\b)[^\d\n?]){{0,32}}?(?<![\w.,€$£-])(?P<value>\d{{3,8}})(?![\w%€]|[.,:/-]\d|\s?(?:eur|%|€|days|times|pm|am|uhr)\b)",
    _I,
)
_LAST_FOUR = re.compile(
    r"\b(?:last|letzten|derniers|últim\w+)\s(?:4|four|vier|quatre|cuatro|3|three|drei)\b[^\d\n]{0,40}(?:\n?[^\d\n]{0,24})(?<![\w.,])(?P<value>\d{3,4})(?![\w%]|[.,:/-]\d)",
    _I,
)
_AFTER_PASS = re.compile(  # "temp pw: qW8#rrLm2", "the password was Biscuit2014"
    rf"(?<![\w-])(?:{_PASS}|{_PIN})(?![\w-])(?:\W{{0,3}}(?:is|was|are|ist|war|lautet|est|es|era|è|for|to|as|my|the|temp|set|me|now|current|old|new|neu|alt|auf|à|a|still))*\s?[:=]?\s?[\"'“„«`]?(?P<value>(?=\S*\d|\S*[a-z]\S*[#$%&*!^~+@_]\S)(?=\S*[A-Za-z])[^\s\"'”“«»`,;()\[\]{{}}]{{4,40}}?)(?=[\"'”“«»`]|[.,;:)]*(?:\s|\Z))",
    _I,
)
_QUOTED = re.compile(
    rf"(?<![\w-]){_PASS}(?![\w-])(?:\W{{0,3}}(?:is|was|ist|war|lautet|est|es|era|è))?\s?[:=]?\s?(?:[\"“„«`](?P<value>[^\"“”„«»`\n]{{4,40}})[\"”“»`])",
    _I,
)
_BARE = re.compile(
    rf"(?<![\w-]){_PASS}\s?[:=]\s?(?P<value>[^\s,;<()\[\]{{}}]{{5,40}}?)(?=[.,;)]*(?:\s|\Z))", _I
)
_SET_TO = re.compile(  # "reset it to Summer2025!"
    r"\b(?:re)?set\s(?:\w+\s){1,3}?(?:to|back\sto|auf)\s[\"'“„]?(?P<value>[A-Za-zÀ-ž]{3,20}\d{2,6}[!?#$*@.%&]{0,2})(?=[\"'”]?(?:[\s,;.]|\Z))",
    _I,
)
_WORD_AND_YEAR = re.compile(
    r"(?<![\w@/.#-])(?P<value>[A-ZÀ-Þ]?[a-zà-ž]{3,20}\d{2,6}[!#$*]{0,2})(?![\w@/(-]|\.\w)"
)
_MIXED = re.compile(  # letters, digits and a sign inside one word: nothing else is written so
    r"(?<![\w@/.:=&?<-])(?=[^\s]{0,30}[a-z])(?=[^\s]{0,30}[A-Z])(?=[^\s]{0,30}\d)(?P<value>[A-Za-z0-9]{1,20}[#!$%*^~][A-Za-z0-9#!$%*^~]{3,20})(?![\w@/=])"
)
_SPEAKS_OF_PASS = re.compile(rf"(?<![\w-])(?:{_PASS}|log\W?in|passw\w*)(?![\w-])", _I)

_GAP = r"(?:(?!\b(?:orders?|bestell\w*|commande|pedido|invoice|rechnung\w*|ticket|parcel|paket)\b)[^\d\n]){0,34}?"
_LONG = r"(?<![\w.,/-])(?P<value>(?:[A-Z]{1,4}[ ./-]?){0,2}\d(?:[ ./-]{0,2}\d){5,14}(?:[ ./-]?[A-Z\d](?!\w))?)(?![\w]|[.,/-]\d)"
_INSURED = re.compile(  # "insured with Barmer, no. K772 104 938", "policy LI.2290.4471"
    rf"(?<!\w)(?:polic(?:y|e|za|ies)|póliza|polizza|polis(?:nummer)?|versicherten?\w*|versicherungs?\w*|krankenkasse|pflegekasse|assuré\w*|mutuelle|aseguradora|insur(?:ed|er|ance)|health\W?card|krankenkarte"
    rf"|passports?|reisepass|passeport|pasaporte|member(?:ship)?|id\W?card|ausweis|residence\W+permit|social\W+(?:security|insurance)|patient|case\W?file|aok|barmer|debeka|dak|ikk|tk|vhi|bupa|axa|allianz)(?!\w){_GAP}{_LONG}",
    _I,
)
_NAMED = re.compile(  # national numbers whose names are few letters
    r"(?<!\w)(?:ppsn?|bvn|nin|pan|tckn|vkn|pps|abn|tfn|nuban|ndis|chi|hetu|cuil?t|cuil|rut|rg|cedula|c[ée]dula)(?:\W+(?:no|nr|number|num|card|is|was|it's|of|my|id))*\W{1,3}(?P<value>(?=(?:[ ./-]?[A-Z]){0,6}(?:[ ./-]?\d){4})[A-Z0-9](?:[ ./-]?[A-Z0-9]){5,16}?)(?=[^\w./-]|[./-](?!\w)|\Z)",
    _I,
)
_PERSONAL_ID = re.compile(  # "the Polish ID ABC 123456"
    r"(?<!order )(?<!ticket )(?<!case )(?<!product )(?<!item )(?<!session )(?<!device )(?<!transaction )(?<!booking )(?<!tracking )(?<!payment )(?<![\w])ID(?:\W(?:card|no|number|is))*\W{1,2}(?P<value>[A-Z]{1,3}[ -]?\d{5,9}[A-Z]?)(?!\w)"
)
_OF_STATES = re.compile(
    r"(?<![\w-])(?:[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]|GHA-\d{9}-\d|\d{7}[A-W][ABHW]|ATU\d{8}|NL\d{9}B\d{2}|IE\d{7}[A-W][A-I]?|\d{3}-\d{4}-\d{7}-\d|[1-9]\d{4}-\d{7}-\d)(?![\w-])"
)  # India, Ghana, Ireland; VAT in Austria, the Netherlands, Ireland; the Emirates, Pakistan
_BANK = re.compile(
    r"\b(?:sort\W?code|bank\W+(?:details|account)|account\W+(?:no|number|details)|bacs|faster\W+payment)\b",
    _I,
)
_SORT = re.compile(r"(?<![\w.,/-])\d{2}-\d{2}-\d{2}(?![\w/-]|[.,]\d)")
_EIGHT = re.compile(r"(?<![\w.,/#-])(?<!order )(?<!ticket )(?<!invoice )\d{8}(?![\w/-]|[.,]\d)", _I)
_ACCOUNT = re.compile(
    r"(?<!\w)(?:acc|acct|a/c|account)(?:\W{1,3}(?:no|nr|number|is|num))*[\s.:#]{1,3}(?P<value>\d{7,12})(?!\w)",
    _I,
)
_DOMAIN_USER = re.compile(
    r"(?<![\w\\/])[A-Z][A-Z0-9-]{1,14}\\{1,2}(?P<value>[A-Za-z][\w.-]{1,30}\w)"
)
_SPEAKS_OF_USER = re.compile(
    r"(?<!\w)(?:nick\W?names?|user\W?(?:names?|ids?)|handles?|profil\w*|log\W?ins?|forum|benutzer\w*|pseudo\w*|usuario|gamer\W?tag|screen\W?name)(?!\w)",
    _I,
)
_UNDERSCORED = re.compile(
    r"(?<![\w@/.:\\-])(?P<value>[^\W\d_]{2,20}(?:_[^\W_]{1,20}){1,2})(?![\w@/(]|\.\w)"
)
_PHONE_SPACED = re.compile(
    r"(?<!\w)\(0 ?\d(?: ?\d){0,4}\)(?:[ ./-]{0,2}\d){5,10}(?!\w)"
)  # (0 89) 12 34 56-78
_REG = re.compile(
    r"(?<!\w)(?:reg(?:istration)?|number\W?plate|plate|kennzeichen|matr[ií]cula|targa)\b\.?(?:\W{1,3}(?:no|nr|number|is|was|ist))*[\s.:]{1,3}(?P<value>(?-i:[A-Z]{1,3}[ -]?\d{1,4}[ -]?[A-Z]{1,3}|\d{1,4}[ -]?[A-Z]{1,3}[ -]?\d{0,4}|\d{2,3}-[A-Z]{1,2}-\d{1,6}))(?!\w)",
    _I,
)

# With the digits that such a value has at least: a text with fewer is not searched for it.
PATTERNS = (
    ("SECRET", _DIGITS, 3), ("SECRET", _AFTER_PASS, 0), ("SECRET", _QUOTED, 0), ("SECRET", _SET_TO, 2), ("SECRET", _MIXED, 1),
    ("SECRET", _LAST_FOUR, 3), ("ID", _NAMED, 4), ("ID", _INSURED, 6), ("ID", _PERSONAL_ID, 5), ("ACCOUNT", _ACCOUNT, 7),
    ("PLATE", _REG, 1), ("ID", _OF_STATES, 4), ("PHONE", _PHONE_SPACED, 7),
)  # fmt: skip


def secrets(text: str) -> Iterator[Found]:
    """Passwords, codes and numbers that a word some way off makes private."""
    for match in _BARE.finditer(text):
        if _is_a_password(match["value"]):
            yield Found("SECRET", *match.span("value"))
    for match in _DOMAIN_USER.finditer(text):
        yield Found("USER", *match.span("value"))
    digits = sum(map(str.isdigit, text))
    if not digits:
        yield from _underscored(text)
        return
    for kind, pattern, least in PATTERNS:
        if digits >= least:
            for match in pattern.finditer(text):
                yield Found(kind, *match.span("value" if "value" in pattern.groupindex else 0))
    if _SPEAKS_OF_PASS.search(text):
        for match in _WORD_AND_YEAR.finditer(text):
            yield Found("SECRET", *match.span("value"))
    if _BANK.search(text):
        for pattern in (_SORT, _EIGHT):
            for match in pattern.finditer(text):
                yield Found("ACCOUNT", *match.span())
    yield from _underscored(text)


def _is_a_password(word: str) -> bool:
    """Whether what follows "password:" is one, and no word of the sentence, type or name of a program."""
    if any(char.isdigit() for char in word):
        return True
    return word.isalpha() and word.lower() not in ordinary_words() | _TYPES


_TYPES = frozenset(
    "string optional bytes varchar nvarchar boolean integer secretstr none null".split()
)


def _underscored(text: str) -> Iterator[Found]:
    if "_" in text and _SPEAKS_OF_USER.search(text):
        for match in _UNDERSCORED.finditer(text):
            yield Found("USER", *match.span("value"))
