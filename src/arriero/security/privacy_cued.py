"""Values that only the words around them make private: what a number, a handle or a plate is for.

Identity, tax, insurance and bank numbers of many countries have shapes that order numbers share, so a
word in front must name them (`cued`). A sequence of spelt digits, an @handle and an account number
with the check digits mistyped need none. Shapes are general knowledge of the formats; nothing of a
test set is in here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from arriero.security.privacy_names import ordinary_words
from arriero.security.privacy_text import Found

_I = re.IGNORECASE
_IS = (
    r"(?:[\s:=#.()-]+(?:is|was|are|no|nr|num|number|nummer|numéro|número|numero|n°|nº|id|code|ist|lautet|est|es|le|la|el|the"
    r"|my|its?|account))*[\s:=#.()-]{1,12}"
)
_DIGITS = r"(?=(?:[ ./-]?[A-Z]){0,60}(?:[ ./-]?[A-Z0-9]){0,8}?\d(?:[ ./-]?[A-Z0-9]){0,60}?\d)"

# A word that names an identity, tax, insurance or bank number, and something with digits behind it.
_ID = re.compile(
    r"(?<!\w)(?:vat\W?(?:id|no|nr|number|reg\w*)|tva(?:\W+intra\w*)?|p\.?\s?iva|btw\W?(?:nr|nummer)|cust\w*\W?(?:no|nr|id)|acct(?:\W?no)?|pass\W?(?:no|nr|number)|perso\W?nr|licen[cs]e\W+(?:no|nr|number|id)|s[ée]cu(?:rité sociale)?|ust\W?id\w*|uid|steuer\W?(?:id\w*|nummer|nr)|tin|ein|tax\W?(?:id\w*|number|no|reference)|utr"
    r"|sozialversicherung\w*|rentenversicherung\w*|krankenversicherung\w*|versichertennummer|versicherungs\w*|svnr|[sr]v\W?(?:nr|nummer)|ahv\w*|avs"
    r"|codice\W+fiscale|partita\W+iva|pesel|nip|bsn|burgerservicenummer|cpr\w*|personnummer|personal\W?number|henkilötunnus|fødselsnummer"
    r"|cpf|cnpj|curp|rfc|nif|nie|dni|cif|número\W+fiscal|número\W+de\W+afiliación|seguridad\W+social|sin|aadhaar|pan\W?(?:card|number)|tfn"
    r"|e-?card|kimlik(?:\W+no)?|nric|fin|hkid|my\W?kad|cnp|egn|oib|jmbg|amka|afm|isikukood|rodné\W+číslo|dowód(?:\W+osobisty)?|driv\w+\W+permit|vin|chassis"
    r"|medicare|medicaid|nhs(?:\W+(?:no|number))?|health\W+(?:insurance|card|id)|insurance\W+(?:id|no|number|policy)|policy\W+(?:no|number|id)"
    r"|(?:national|citizen|personal)\W+id(?:entity|entification)?|identity\W+(?:card|number|document|no)|id\W+(?:card|number|no|document)"
    r"|personalausweis\w*|ausweis\w*|reisepass\w*|passport\w*|passeport|pasaporte|passaporto|paspoort\w*|carte\W+d'identité|carta\W+d'identità|cédula"
    r"|residence\W+permit|visa\W+number|driv(?:ing|er'?s?)\W+licen[cs]e|führerschein\w*|permis\W+de\W+conduire|licencia\W+de\W+conducir"
    r"|sort(?:\W?code)?(?=\W+(?:\w+\W+)?\d{2}\W?\d{2}\W?\d{2}(?!\d))|acc(?:oun)?t\W+(?:no|nr|number)|routing(?:\W+number)?|aba|blz|bankleitzahl|kontonummer|konto|account\W+(?:no|number)|rib|clabe|bsb|ifsc"
    r"|imei|mac(?:\W+address)?|student\W+(?:id|number|no)|employee\W+(?:id|number|no)|personalnummer|matrikel\w*|patient\w*\W+(?:id|number|no)"
    r"|(?:member|membership|mitglieds?|client|customer|kunden?|loyalty|club)\W{0,3}(?:card\W?)?(?:no|nr|number|nummer|id)\b)(?!\w)"
    rf"{_IS}(?P<value>{_DIGITS}[A-Z0-9](?:[ ./:-]?(?!(?:and|und|et|y|is|for|from|please)\b)[A-Z0-9])*?\d[A-Z0-9]{{0,4}}(?:[ ./:-](?:\d[A-Z0-9]*|[A-Z](?![\w])))*)(?![\w])",
    _I,
)
_BIC = re.compile(r"(?<!\w)(?:bic|swift)(?:\W?code)?" + _IS + r"(?P<value>(?-i:[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?))(?!\w)", _I)  # fmt: skip
_FISCAL = re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z](?!\w)")  # Italy
_AHV = re.compile(r"(?<![\w.])756\.\d{4}\.\d{4}\.\d{2}(?!\w)")  # Switzerland
_CPF = re.compile(r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)")  # Brazil
_NORDIC = re.compile(r"(?<![\w.-])(?:[0-2]\d|3[01])(?:0\d|1[0-2])\d{2}-\d{4}(?!\w)|(?<![\w.-])\d{2}(?:0\d|1[0-2])(?:[0-2]\d|3[01])-\d{4}(?!\w)")  # fmt: skip
_MAC = re.compile(r"(?<![\w:])(?:[0-9A-F]{2}[:-]){5}[0-9A-F]{2}(?![\w:])", _I)

_PLATE = re.compile(
    r"(?<!\w)(?:(?:licen[cs]e|number|car)\W?plates?|plates?|registration(?:\W(?:no|number))?|reg\.?(?:\W(?:no|number))|(?:kfz\W?)?kennzeichen|nummernschild"
    r"|immatriculée?|immatriculation|plaque(?:\W+d'immatriculation)?|matr[ií]cula|targa|kenteken|(?:my|the|our|his|her)\W(?:car|van|truck|vehicle|motorbike)|(?<!\w)(?:car|van|truck|vehicle|auto|coche|voiture|macchina)|(?:auto|kfz)nummer|mein\W(?:auto|wagen)|ma\Wvoiture)"
    rf"{_IS}(?P<value>(?=[A-ZÄÖÜ0-9 -]*\d)(?=[0-9 -]*[A-ZÄÖÜ])(?-i:[A-ZÄÖÜ0-9]{{1,4}}(?:[ -]?[A-Z0-9]{{1,5}}){{1,3}}))(?!\w)",
    _I,
)
_PLATE_ALONE = re.compile(
    r"(?<![\w-])(?:[A-HJ-PR-Y]{2}\d{2} ?[A-HJ-PR-Z]{3}|[A-HJ-NP-TV-Z]{2}-\d{3}-[A-HJ-NP-TV-Z]{2})(?![\w-])"
)  # Britain; France, Italy
_PLATE_NEAR = re.compile(  # a vehicle's word near by tells a plate from an article number
    r"(?<![\w-])(?:[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2} ?\d{1,4}|\d{4} ?[BCDFGHJ-NPR-TV-Z]{3}|[A-Z]{2} ?\d{3} ?[A-Z]{2}|\d[A-Z]{3}\d{3}|[A-Z] ?\d{3,4} ?[A-Z]{2,3})(?![\w-])"
)
_VEHICLE = re.compile(r"(?<!\w)(?:cars?|vans?|vehicle|truck|plates?|parked|parking|park\w*|auto\w*|wagen|kfz|kennzeichen|voiture|coche|macchina|targa|matr[ií]cula|moto\w*|carro)(?!\w)", _I)  # fmt: skip
_VAT = re.compile(  # the European Union's, Britain's and Switzerland's
    r"(?<!\w)(?:vat|ust|mwst|tva|iva|btw|moms)\W[^\d\n]{0,14}?(?P<value>(?:AT|BE|BG|CH|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)[ -]?[A-Z]{0,2}\d(?:[ .-]?[A-Z0-9]){6,11})(?!\w)",
    _I,
)
_PLATE_SMALL = re.compile(  # "kennzeichen hh xy 4711", "my van ab12 cde"
    r"(?<!\w)(?:(?:licen[cs]e|number|car)?\W?plates?|reg\.?(?:istration)?(?:\W(?:no|number))?|(?:kfz\W?)?kennzeichen|nummernschild|immat\w*|plaque|matr[ií]cula|targa|kenteken"
    r"|(?:my|the|our|his|her|mein|unser|ma|notre|mi|mia|mio)\W(?:car|van|truck|vehicle|motorbike|bike|auto|wagen|bus|voiture|coche|furgo\w*|macchina|camper))"
    rf"{_IS}(?P<value>[a-z]{{2}}\d{{2}}[ -]?[a-z]{{3}}|[a-z]{{2}}[ -]?\d{{3}}[ -]?[a-z]{{2}}|[a-zäöü]{{1,3}}[ -][a-z]{{1,2}}[ -]?\d{{1,4}}|\d{{4}}[ -]?[a-z]{{3}}|\d[a-z]{{3}}\d{{3}}|[a-z]{{3}}[ -]?\d{{3,4}}|[a-z]\d{{3}}[ -]?[a-z]{{3}})(?![\w])",
    _I,
)
_OH = re.compile(
    r"(?<![\w.])\+?[\dol](?:[ -]?[\dol]){8,13}(?!\w)", _I
)  # o7700 9oo 417: letters for digits
_POSTCODE = re.compile(
    r"(?<!\w)(?:zip(?:\W?code)?|post\W?code|postal\W?code|(?-i:PLZ)|postleitzahl|code\W+postal|c[óo]digo\W+postal|c\.p\.|cap)"
    rf"{_IS}(?P<value>\d{{4,5}}(?:-\d{{3,4}})?|\d{{2}}-\d{{3}}|\d{{3}} \d{{2}}|\d{{4}} ?[A-Z]{{2}}|[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?!\w)",
    _I,
)
_HANDLE_CUE = re.compile(
    r"(?<!\w)(?:user\W?(?:name|id)?|(?:my|his|her|our)\W(?:account|profile)|go by|posts? as|handle|login|log\W?in|nick(?:name)?|screen\W?name|insta(?:gram)?|twitter|tiktok|telegram|skype|discord|snap(?:chat)?"
    r"|facebook|steam|twitch|linkedin|strava|benutzer(?:name)?|nutzername|anmeldename|pseudo|identifiant|nom\W+d'utilisateur|usuario|alias)"
    r"(?:\W+(?:name|id|is|was|ist|lautet|est|es|my|account|me|as|handle|on|at))*[\s:=]{1,6}(?P<value>@?(?=[\w.:#-]*[A-Z])(?=[\w.:#-]*(?:\d|[_.:#@-]\w))\w[\w.:#-]{1,40}\w|@\w[\w.-]{1,40})(?!\w)",
    _I,
)
_HANDLE_ANY = re.compile(  # after these even a plain word is one
    r"(?<!\w)(?:user\W?(?:name|id)(?:\sis|:)|user(?: is|:)|handle(?: is|:)|log(?:ged)? in as|login(?: is|:)|nick(?:name)?(?: is|:)|benutzername(?: ist|:| lautet)|nutzername(?: ist|:| lautet)"
    r"|identifiant(?: est|\s?:)|pseudo(?: est|\s?:)|usuario(?: es|:)|nome utente(?: è|:))\s?[\"'«„]?(?P<value>@?[A-Za-z][\w.-]{3,30}\w)",
    _I,
)
_HANDLE_FORM = re.compile(
    r"(?<![\w./@:-])(?=[A-Za-z._]{2,}[_.]?\d{2,4}(?!\w))[A-Za-z]+_[A-Za-z_]*\d{2,4}(?![\w(./])"
)
_HANDLE = re.compile(r"(?<![\w.@])@[A-Za-z](?:[\w.]{1,30})\w(?![\w@])")
_EVERYBODY = frozenset(
    "@helpdesk @support @help @here @all @channel @everyone @team @admin".split()
)
_MAIL_HALF = re.compile(r"(?<![\w.])[\w.+-]{2,40}@[\w-]{2,40}(?![\w.@])")
_MAIL_SPELT = re.compile(
    r"(?<!\w)(?:\w{1,30}\s?[(\[{]?(?:dot|punkt|point|punto|punt)[)\]}]?\s?|\w{1,30}\s(?:underscore|unterstrich|dash|minus)\s){0,3}[\w.+-]{1,64}\s?[(\[{]?\s?(?:at|ät|arroba|arobase|@)\s?[)\]}]?\s?(?!(?:the|this|that|a|an|my|your|our|each|every|der|dem|le|la|el)\s)[\w-]{1,63}"
    r"(?:\s?[(\[{]?\s?(?:dot|punkt|point|punto|punt)\s?[)\]}]?\s?[a-z]{2,12}){1,3}(?!\w)",
    _I,
)
_CARD = re.compile(r"(?<![\w.-])[3-6]\d{3}([ .,:/_*+-]{1,3})\d{4}\1\d{4}\1\d{3,4}(?![\w-])|(?<![\w.-])3\d{3}([ .-])\d{6}\2\d{5}(?![\w-])")  # fmt: skip
_CARD_AFTER = re.compile(r"(?<![\w.-])(?P<value>\d(?:[ .-]?\d){12,18})(?=\W+(?:is|was|ist|est|es)?\W*(?:on\W+)?(?:my|meine|ma|mi|the)\W+(?:\w+\W+){0,2}?(?:visa|card|mastercard|amex|karte|kreditkarte|carte|tarjeta))", _I)  # fmt: skip
_IBAN_CUE = re.compile(
    r"(?<!\w)iban"
    + _IS
    + r"(?P<value>[A-Z]{2}[ -]?\d{2}(?:[ -]?(?:[A-Z]{4}(?=[ -]?\d)|\d[A-Z0-9]{0,3}|[A-Z]{1,3}\d[A-Z0-9]{0,2})){2,14}+)(?!\w)",
    _I,
)

_UNIT = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    r"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?|hundred|double|triple|plus"
    r"|null|eins|zwo|zwei|drei|vier|fünf|fuenf|sechs|sieben|acht|neun|zehn|elf|zwölf|\w{3,8}undzwanzig|zwanzig|dreißig|\w{3,8}und(?:dreißig|vierzig|fünfzig|sechzig|siebzig|achtzig|neunzig)|vierzig|fünfzig|sechzig|siebzig|achtzig|neunzig|doppel\w+"
    r"|zéro|un|deux|trois|quatre|cinq|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingt|trente|quarante|cinquante|soixante"
    r"|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|veinte|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|\d{1,3})"
)
_SPELT = re.compile(
    rf"(?<!\w){_UNIT}(?:(?:\s?[,.;/-]\s?|\s(?:and|und|et|y)\s|\s){_UNIT}){{5,}}(?!\w)", _I
)
_APART = re.compile(
    r"(?<![\w.,/-])\+?\d(?:[ ][-/.]?[ ]?\d){6,}(?![\w.,]\d|\w)|(?<![\w.,/-])\d(?:[-./_]\d){7,}(?!\w)"
)
_SHORT_PHONE = re.compile(
    r"(?<!\w)(?:call|ring|phone|tel\w*|mobile|text|dial|reach me(?: on| at)?|number is|nummer ist|anrufen|erreichbar)\b(?:\W+(?:me|us|on|at|is|unter|under))*\W{1,6}"
    r"(?P<value>\d{3,4}[ -]\d{3,4}(?:[ -]\d{2,4})?)(?!\w|[ -]\d)",
    _I,
)
_OWN = re.compile(
    r"(?:\border|\bbestell\w*|\bcommande|\bpedido|\binvoice|\brechnung\w*|\bfacture|\bfactura|\btrack\w*|\bsendung\w*|\bean|\bgtin|\bisbn"
    r"|\barticle|\bartikel\w*|\bsku|\bserial|\bserien\w*|\bticket|\bvoucher|\bgutschein\w*|\bgift\s?card|\bmodel\w*|\brma)(?:\W+\w{1,8}){0,2}\W{0,4}$",
    _I,
)

# With the digits that such a value has at least: a text with fewer is not searched for it.
CUED = (
    ("ID", _ID, 2), ("ID", _VAT, 1), ("ID", _BIC, 0), ("PLATE", _PLATE, 1), ("PLATE", _PLATE_SMALL, 1),
    ("ADDRESS", _POSTCODE, 2), ("USER", _HANDLE_CUE, 0), ("CARD", _CARD_AFTER, 13), ("IBAN", _IBAN_CUE, 2),
    ("PHONE", _SHORT_PHONE, 6),
)  # fmt: skip
ALONE = (
    ("ID", _FISCAL, 7), ("ID", _AHV, 13), ("ID", _CPF, 11), ("ID", _NORDIC, 10), ("ID", _MAC, 1), ("CARD", _CARD, 15),
    ("PHONE", _APART, 7), ("PLATE", _PLATE_ALONE, 2), ("USER", _HANDLE_FORM, 2),
)  # fmt: skip


def cued(text: str) -> Iterator[Found]:
    """What a word in front names, and what needs no word; the shop's own numbers are neither."""
    if "@" in text:
        for pattern in (_MAIL_HALF, _HANDLE):
            for match in pattern.finditer(text):
                if match.group().lower() not in _EVERYBODY:
                    yield Found("EMAIL" if pattern is _MAIL_HALF else "USER", *match.span())
    for match in _SPELT.finditer(text):
        if sum(char.isalpha() for char in match.group()) >= 12:
            yield Found("PHONE", *match.span())
    for match in _HANDLE_ANY.finditer(text):
        if match["value"].lower() not in ordinary_words():
            yield Found("USER", *match.span("value"))
    yield from _named(text, sum(map(str.isdigit, text)))


def spelt_mails(text: str) -> Iterator[Found]:
    """E-mail addresses with their signs written as words."""
    if _AT.search(text):
        for match in _MAIL_SPELT.finditer(text):
            yield Found("EMAIL", *match.span())


def _named(text: str, digits: int) -> Iterator[Found]:
    for kind, pattern, least in CUED:
        if digits >= least:
            for match in pattern.finditer(text):
                yield Found(kind, *match.span("value"))
    if digits:
        for kind, pattern, least in ALONE:
            for match in pattern.finditer(text) if digits >= least else ():
                if not _OWN.search(text[max(0, match.start() - 40) : match.start()]):
                    yield Found(kind, *match.span())
        for match in _OH.finditer(text):
            signs = [char for char in match.group() if char.isalnum()]
            if 5 <= sum(char.isdigit() for char in signs) < len(signs):
                yield Found("PHONE", *match.span())
        for match in _PLATE_NEAR.finditer(text):
            if _VEHICLE.search(text[max(0, match.start() - 50) : match.end() + 40]):
                yield Found("PLATE", *match.span())


_AT = re.compile(r"(?<!\w)(?:dot|punkt|point|punto|punt)(?!\w)", _I)
