"""Private values with digits or an @ in them: checksums first, then formats, then a cue in front.

A bare number is private only when its check digits fit, its format belongs to a telephone, or the
words before it say what it is: order numbers, prices, dates and tracking codes stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from arriero.security.privacy_text import Found

_I = re.IGNORECASE
_DOT = r"(?:\s?\.\s?(?=\w)|\s?[(\[{]\s?(?:dot|punkt|point|punto|punt)\s?[)\]}]\s?|\s(?:dot|punkt|point|punto|punt)\s)"
_POINT = r"(?:\.|\s\.\s?(?=[a-z]{2,3}\b)|\s?[(\[{]\s?(?:dot|punkt|point|punto|punt)\s?[)\]}]\s?|\s(?:dot|punkt|point|punto|punt)\s)"
_EMAIL = re.compile(
    rf"(?<![\w.+-])[\w.+-]{{1,64}}\s?@\s?[\w-]{{1,63}}(?:{_POINT}[\w-]{{1,63}}){{1,4}}"
    rf"|[\w.+-]{{1,64}}\s?[(\[{{]\s?(?:at|a|ät|arroba|arobase|@)\s?[)\]}}]\s?[\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}}){{1,4}}"
    rf"|[\w.+-]{{1,64}}\s(?:at|arroba|arobase)\s(?!(?:the|this|that|a|an|my|your|our|each|every|some|which)\s)[\w-]{{1,63}}(?:\s(?:dot|punkt|point|punto|punt)\s[\w-]{{2,63}}){{1,4}}"
    rf"|(?<![\w.+-])[\w+-]{{0,64}}[\d._][\w.+-]{{0,64}}\s(?:at|arroba|arobase)\s[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,3}}\.[a-z]{{2,6}}\b",
    _I,
)
_IBAN = re.compile(r"(?<![^\W_])[A-Z] ?[A-Z] ?\d ?\d(?:[ .-]?[A-Z0-9]|\n\d){11,30}(?![^\W_])", _I)
# Where a bank number is this long in these countries (SWIFT's IBAN registry), the rest is no part of it.
_IBAN_LENGTHS = {
    code: int(length)
    for code, length in (
        pair.split(":")
        for pair in (
            "AD:24 AE:23 AL:28 AT:20 AZ:28 BH:22 BA:20 BE:16 BG:22 BR:29 CH:21 CY:28 CZ:24 DE:22 DK:18 EE:20 "
            "ES:24 FI:18 FR:27 GB:22 GI:23 GR:27 HR:21 HU:28 IE:22 IL:23 IS:26 IT:27 LI:21 LT:20 "
            "LU:20 LV:21 MC:27 MT:31 NL:18 NO:15 PL:28 PT:25 RO:24 RS:22 SA:24 SE:24 SI:19 SK:24 "
            "SM:27 TR:26 UA:29"
        ).split()
    )
}
_LONG_NUMBER = re.compile(r"(?<![\w])(?<!\d[.,-])\d(?:[ .-]{0,2}\d){12,24}(?![\w])")
_CARD_STARTS = ("2", "30", "34", "35", "36", "37", "38", "39", "4", "5", "6")

_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_NINO = re.compile(
    r"(?<!\w)(?!bg|gb|nk|kn|tn|nt|zz)[a-ceghj-prstw-z][a-ceghj-nprstw-z] ?\d\d ?\d\d ?\d\d ?[a-d](?!\w)",
    _I,
)
_STEUER = re.compile(r"(?<![\w-])\d{2} ?\d{3} ?\d{3} ?\d{3}(?![\w-])")
_NIR = re.compile(
    r"(?<![\w-])[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?![\w-])", _I
)
_DNI = re.compile(r"(?<![\w-])(?:\d{8}|[XYZ][ -]?\d{7})[ -]?[A-Z](?!\w)", _I)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_IPV4 = re.compile(
    r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)"
)
_IPV6 = re.compile(
    r"(?<![\w:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?![\w:])"  # all eight groups: 00:42:10 is a time
    r"|(?<![\w:])(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5})?(?![\w:])",
    _I,
)

_NOBODYS = frozenset("127.0.0.1 0.0.0.0 255.255.255.255 8.8.8.8 8.8.4.4 1.1.1.1 9.9.9.9".split())

_MONTH = (
    r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|janv|févr?|fevr?|mars|avr|juin"
    r"|juil|août|aout|déc|ene|abr|ago|dic|enero|febrero|marzo|abril|mayo|junio|julio|agosto)[^\W\d]*\.?"
)
DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]{1,2}\d{1,2}[-/. ]{1,2}(?:\d{4}|\d{2})"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.)?\s(?:of\s|de\s)?{_MONTH}(?:,|\sde|\sdel)?\s\d{{2,4}}"
    rf"|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{2,4}})"
)
_LEADS = r"(?:is|was|on|the|in|at|am|ist|le|est|el|es|en|due|date|my|:|à|a|il|dnia)"
_BORN = re.compile(
    r"\b(?:born|birth\w*|b-?day|d\.?o\.?b|geboren|geburts\w*|geb(?=\.)|née?|naissance|naci\w*|nací|nacimiento"
    r"|cumpleaños|anniversaire|turn(?:ed|ing)? \d{2}|nato|nata|urodzon\w|urodził\w*|nascid\w|nascimento|fødselsdato|fødselsdag|født|född|födelsedatum|geboortedatum|doğum\w*|narozen\w*|syntymä\w*|data di nascita)\b"
    rf"(?:\W+(?:(?:in|at|à|en|a)\s(?!{_LEADS}\b)\w+|{_LEADS}\b))*"
    rf"\W{{0,5}}(?P<value>{DATE})(?!\d)"
    rf"|(?:(?<=\bb\. )|(?<=\* )|(?<=\*))(?P<born>{DATE})(?!\d)",
    _I,
)
# A whole date of the last century or of its childhood: no order is that old.
_LONG_AGO = re.compile(rf"(?<![\w./-]){DATE}(?![\w]|[./-]\d)", _I)
_YEARS = re.compile(r"(?<!\d)(?:19[2-9]\d|200\d|201[0-2])(?!\d)")
_SINCE = re.compile(
    r"\b(?:since|founded|established|est|opened|published|released|copyright|version|seit|gegründet|depuis|desde|from)\b[^.!?]{0,20}$",
    _I,
)
# Before a number, these words say that it is the shop's own and nobody's private one.
_OWN = re.compile(
    r"(?:\border|\bbestell\w*|\bcommande|\bpedido|\binvoice|\brechnung\w*|\bfacture|\bfactura|\btrack\w*"
    r"|\bsendung\w*|\bsuivi|\bseguimiento|\bparcel|\bpaket|\bean|\bgtin|\bisbn|\barticle|\bartikel\w*|\bsku"
    r"|\bserial|\bserien\w*|\bticket|\bcase|\bref\w*|\bcoupon|\bvoucher|\bgift\s?card|\bmodel\w*)"
    r"(?:\W+(?:no|nr|num\w*|n|is|ist|est|es|code|lautet|de|id|my|was|war)\b)*\W{0,4}$",
    _I,
)
_JOIN = r"(?:\W+(?:is|was|no|nr|num|number|nummer|numéro|numero|número|n|id|code|ist|lautet|est|le|la|es|el|the|my|me|us|at|on|to|under|unter|au|al|a|sur|en|by|:|please|bitte|mobile|cell|phone|call)\b)*"
_PHONE_CUE = re.compile(
    r"(?:\b(?:tele?ph?on\w*|phone\w*|tel|tél\w*|tel[eé]fono|mobile?|mobil\w*|móvil|cell\w*|handy\w*|portable|fax"
    r"|whats?app|viber|sms|hp|handphone|ph|gsm|cel|celular|tlf|telefonn?r|numer|text|call|ring|dial|reach|anruf\w*|rufen?|erreich\w*|erreiche|joindre|joignable|appel\w*"
    r"|ll[aá]m[ae](?:me|nme|rme|r)|rückruf\w*|contact|kontakt\w*|my number|meine nummer|mon numéro|mi número)\b)"
    r"(?:[\W_]+(?!\d)[^\W\d_]+){0,4}?[^\w+(]{0,6}(?<!\w)(?P<value>[+(]?\d(?:[ ()/.-]{0,3}\d){5,14})(?!\w|[ .-]\d)",
    _I,
)
_PHONE = re.compile(
    # +49 170 1234567, 0033 1 23 45 67 89
    r"(?<![\w+])(?<!\d )(?:\+ ?|00 ?)[1-9](?:[ ()/.-]{0,3}\d){7,13}(?:\s?(?:x|ext\.?)\s?\d{1,5})?(?!\w)"
    # (415) 555-2671, 415-555-2671, 1-415-555-2671
    r"|(?<![\w-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?:\s?(?:x|ext\.?)\s?\d{1,5})?(?![\w-])"
    # 0171 1234567, 020 7946 0958, 06 12 34 56 78, 0431/935283
    r"|(?<![\w.,-])(?<!\d )\(?0[1-9]\d{0,4}\)?(?:[ ()/.-]{0,3}\d){5,10}(?!\w)"
    # (11) 98765-4321
    r"|(?<![\w-])\(\d{2,3}\) ?9?\d{4}-\d{4}(?![\w-])"
    # 612 345 678, 91 234 56 78
    r"|(?<![\w.,-])(?<!\d )[6-9]\d{2}[ .-]\d{3}[ .-]\d{3}(?![ .-]?\w)"
    r"|(?<![\w.,-])(?<!\d )[6-9]\d{1,2} \d{2,3} \d{2} \d{2}(?![ .-]?\w)"
)
_PLAIN_MOBILE = re.compile(
    r"(?<![\w.,-])(?<!\d )[67]\d{8}(?![\w]|[.,]\d)|(?<![\w.,-])9\d{2}-\d{6}(?!\w)"
)
_SPELLED = re.compile(r"(?<!\w)[+(]?[ ]?(?:\d (?:[()] )?){7,}\d(?!\w)")  # 0 6 1 2 3 4 5 6 7 8
_DATE_ONLY = re.compile(
    r"(?<!\d)\d{1,2}([./-])\d{1,2}\1(?:19|20)\d{2}(?!\d)|^\d{1,2} \d{1,2} (?:19|20)\d{2}$"
)

_ID_CUE = re.compile(
    r"\b(?:ssn|social\W+security|sécurité\W+sociale|sécu|secu|nir|ni\W?(?:no|nr|num\w*)|perso(?:nal)?\W?(?:nr|no|nummer)?|national\W+insurance|n\.?i\.?\W+n(?:o|umber)\b|nino"
    r"|steuer\W?(?:id\w*|nummer|nr)|tax\W?id\w*|passports?|reisepass\w*|personalausweis\w*|ausweis\w*|passeport"
    r"|pasaporte|identity\W?card|id\W?card|carte\W+d'identité|dni|nie|nif|driving\W+licen[cs]e|driver'?s\W+licen[cs]e"
    r"|führerschein\w*)\b"
    rf"{_JOIN}[^\w]{{0,4}}(?P<value>(?=(?:[ -]?[A-Z0-9]){{0,17}}\d)[A-Z0-9](?:[ -]?[A-Z0-9]){{5,17}})(?!\w)",
    _I,
)
_ACCOUNT_CUE = re.compile(
    r"\b(?:customer|client|account|acct|membership|member|loyalty|club\W?card|user|kunden?|konto|mitglieds?|cliente|compte"
    r"|cuenta|socio|adhérent|abonné|patient|policy|versicherungs?)"
    r"(?:\W{0,2}(?:card|no|nr|number|numbers|nummer|num|id|code|n|karte|kennung|konto)\b)?"
    rf"{_JOIN}\W{{0,4}}(?P<value>(?=[A-Z0-9-]*\d[A-Z0-9-]*\d[A-Z0-9-]*\d[A-Z0-9-]*\d[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{{4,17}})(?![\w-])",
    _I,
)
_CARD_CUE = re.compile(
    r"\b(?:card|credit\s?card|debit\s?card|visa|mastercard|amex|kreditkarte|karte|carte|tarjeta)\b"
    rf"{_JOIN}\W{{0,4}}(?P<value>\d(?:[ .-]{{0,2}}\d){{12,18}})(?!\w)",
    _I,
)
_IBAN_CUE = re.compile(
    r"\biban\b\W{0,4}(?:\w+\W+)?(?P<value>[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]){11,30})(?!\w)", _I
)


def numbers(text: str) -> Iterator[Found]:
    """E-mail, bank, card, identity and telephone numbers, IP addresses, dates of birth."""
    if "@" in text or _AT.search(text):
        yield from _all("EMAIL", _EMAIL, text)
    digits = sum(map(str.isdecimal, text))
    if digits < FEWEST:
        return
    yield from _ibans(text, digits)
    if digits >= CARD_DIGITS:
        yield from _cards(text)
    for shape in SHAPES:
        if digits >= shape.digits:
            yield from _all(shape.kind, shape.pattern, text, shape.proves)


_AT = re.compile(r"\b(?:at|ät|arroba|arobase)\b", _I)

Proof = Callable[[re.Match[str]], bool]


def _all(
    kind: str, pattern: re.Pattern[str], text: str, proves: Proof = lambda match: True
) -> Iterator[Found]:
    """Every match that `proves` accepts; its group `value` where the pattern has one."""
    for match in pattern.finditer(text):
        if proves(match):
            named = "value" in pattern.groupindex and match["value"] is not None
            start, end = match.span("value" if named else 0)
            yield Found(kind, start, end)


def _ibans(text: str, digits: int) -> Iterator[Found]:
    yield from _all("IBAN", _IBAN_CUE, text, lambda match: is_iban(match["value"]))
    for match in _IBAN.finditer(text) if digits >= IBAN_DIGITS else ():
        if end := _iban_end(match.group()):
            yield Found("IBAN", match.start(), match.start() + end)


def _iban_end(candidate: str) -> int | None:
    """How many characters of `candidate` are an IBAN: it may run on into the next words."""
    places = [at for at, char in enumerate(candidate) if char.isalnum()]
    country = (candidate[places[0]] + candidate[places[1]]).upper()
    length = _IBAN_LENGTHS.get(country, len(places) + 1)
    if length > len(places):
        return None
    end = places[length - 1] + 1
    digits = sum(char.isdigit() for char in candidate[:end])
    # A digit mistyped makes it no less private: country and length are enough. But "no 4000..." is a card's.
    if candidate[:3].islower() and candidate[2] == " " and not is_iban(candidate[:end]):
        return None
    return (
        end
        if digits >= IBAN_DIGITS and (country in _IBAN_LENGTHS or is_iban(candidate[:end]))
        else None
    )


def _cards(text: str) -> Iterator[Found]:
    """Card numbers, also with an order number before or an expiry date behind them."""
    for match in _LONG_NUMBER.finditer(text):
        run, at = match.group(), match.start()
        places = [place for place, char in enumerate(run) if char.isdigit()]
        for first, last in _windows(places):
            piece = run[places[first] : places[last] + 1]
            if is_card(piece) and "".join(filter(str.isdigit, piece)).startswith(_CARD_STARTS):
                yield Found("CARD", at + places[first], at + places[last] + 1)
                break


def _windows(places: list[int]) -> Iterator[tuple[int, int]]:
    """First and last digit of every stretch of 14 to 19 digits that ends where a group ends."""
    many = len(places)
    starts = [at for at in range(many) if at == 0 or places[at] - places[at - 1] > 1]
    ends = [at for at in range(many) if at == many - 1 or places[at + 1] - places[at] > 1]
    for first in starts:
        for last in reversed(ends):
            if 14 <= last - first + 1 <= 19:
                yield first, last


def is_card(value: str) -> bool:
    """Whether the digits pass the Luhn check (ISO/IEC 7812-1 annex B)."""
    digits = [int(char) for char in reversed(value) if char.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(digits) >= 13 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def is_iban(value: str) -> bool:
    """Whether the check digits fit (ISO 13616, mod 97-10)."""
    plain = value.replace(" ", "").replace("-", "").upper()
    moved = plain[4:] + plain[:4]
    if not (15 <= len(plain) <= 34 and moved.isascii() and moved.isalnum()):
        return False
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def is_tax_id(value: str) -> bool:
    """Whether it is a German Steuer-ID: ISO/IEC 7064 MOD 11,10, and a digit that comes 2 or 3 times."""
    digits = [int(char) for char in value if char.isdigit()]
    if len(digits) != 11 or digits[0] == 0:
        return False
    if max(digits[:10].count(digit) for digit in range(10)) not in {2, 3}:
        return False
    product = 10
    for digit in digits[:10]:
        product = 2 * ((digit + product) % 10 or 10) % 11
    return (11 - product) % 10 == digits[10]


def _opens_no_sentence(match: re.Match[str]) -> bool:
    """Whether the value begins as a number does, and not with a word: "passport scanning stops at 60"."""
    return not _TWO_WORDS.match(match["value"])


_TWO_WORDS = re.compile(r"[a-z]{3,}[ -][a-z]{2,}[ -]")


def _is_a_birth(match: re.Match[str]) -> bool:
    """Whether it is that long ago, and nothing in front says that something was founded on that day."""
    return _YEARS.search(match.group()) is not None and not _SINCE.search(
        match.string[max(0, match.start() - 30) : match.start()]
    )


def _is_nir(match: re.Match[str]) -> bool:
    """Whether the two last digits are the key: 97 less the number modulo 97 (Corsica: 2A 19, 2B 18)."""
    plain = match.group().replace(" ", "").upper().replace("2A", "19").replace("2B", "18")
    return plain.isdigit() and 97 - int(plain[:-2]) % 97 == int(plain[-2:])


def _is_dni(match: re.Match[str]) -> bool:
    """Whether the letter is the one that the number modulo 23 stands for."""
    plain = re.sub(r"[ -]", "", match.group()).upper()
    number = plain[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and _DNI_LETTERS[int(number) % 23] == plain[-1]


def _is_phone(match: re.Match[str]) -> bool:
    value = match["value"] if "value" in match.re.groupindex else match.group()
    digits = sum(char.isdigit() for char in value)
    return 6 <= digits <= 15 and not _DATE_ONLY.search(value) and _not_own(match)


def _not_own(match: re.Match[str]) -> bool:
    start = match.start("value") if "value" in match.re.groupindex else match.start()
    return not _OWN.search(match.string[max(0, start - 40) : start])


@dataclass(frozen=True, slots=True)
class Shape:
    """What values of a kind look like, and what proves one. None has fewer than so many `digits`.

    A text with fewer is not searched for it: most hold an order's number and no longer one.
    """

    kind: str
    pattern: re.Pattern[str]
    digits: int
    proves: Proof = lambda match: True


FEWEST, IBAN_DIGITS, CARD_DIGITS = 3, 8, 14
SHAPES = (
    Shape("BIRTH", _BORN, 3),
    Shape("BIRTH", _LONG_AGO, 5, _is_a_birth),
    Shape("IP", _IPV4, 4, lambda match: match.group() not in _NOBODYS),
    Shape("IP", _IPV6, 0),
    Shape("ID", _SSN, 9, _not_own),
    Shape("ID", _NINO, 6),
    Shape("ID", _NIR, 14, _is_nir),
    Shape("ID", _DNI, 7, _is_dni),
    Shape("ID", _ID_CUE, 1, _opens_no_sentence),
    Shape("CARD", _CARD_CUE, 13),
    Shape("ACCOUNT", _ACCOUNT_CUE, 5),
    Shape("ID", _STEUER, 11, lambda match: is_tax_id(match.group())),
    Shape("PHONE", _PHONE_CUE, 6, _is_phone),
    Shape("PHONE", _SPELLED, 8, _not_own),
    Shape("PHONE", _PHONE, 7, _is_phone),
    Shape("PHONE", _PLAIN_MOBILE, 9, _not_own),
)
