"""Postal addresses: a street with its number as English, German, French and Spanish write it.

The town is masked with the street it belongs to; a town alone ("Is the shop in Vienna open?") is
nobody's address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from arriero.security.privacy_names import ordinary_words
from arriero.security.privacy_text import BEGINS, Found
from arriero.security.privacy_towns import closed, is_town

_I = re.IGNORECASE
# Possessive: a word gives nothing back, or "a-a-a-..." could be taken for some words in very many ways.
_WORD = r"[^\W\d_]++(?:['.-][^\W\d_]++)*+"

# Words that stand between a number and "way" or "place" in ordinary sentences.
_NO_STREET = (
    r"(?!(?:on|in|of|a|an|is|are|was|were|and|or|for|to|the|my|your|it|this|that|by|at|with|from|days?|weeks?"
    r"|months?|hours?|minutes?|years?|times?|x|eur|euros?|usd|pieces?|items?|people|star|stars|if|no|not|all"
    r"|any|but|have|has|had|will|can|be|been|still|only|more|than|am|pm|until|after|before|i|you|we|they)\b)"
)
_EN_KIND = (
    r"(?:street|str|st|road|rd|avenue|ave|lane|ln|drive|dr|close|court|ct|way|terrace|crescent|cres|boulevard"
    r"|blvd|place|pl|square|sq|trail|grove|gardens|mews|parade|highway|hwy|row|walk|quay|circle|cir|parkway|pkwy)"
)
_EN_LOOSE = (
    r"(?:corner|rise|hill|vale|view|green|end|mead|bank|wharf|yard|fold|gate|croft|drove|loop|bend|ridge|run|path|crossing"
    r"|common|heath|meadows?|wynd|brae|villas|cottages|hollow|glen|bluff|knoll|point|side|reach|approach|causeway|esplanade)"
)
_FLAT = r"(?:(?:flat|apt|apartment|unit|suite|ste|room|house|top)\.?\s*#?\w{1,4}\s*[,/]?\s+)?"
_EN = re.compile(
    rf"(?<![\w.,-]){_FLAT}\d{{1,5}}\s?[a-z]?,?\s+(?:[nsew]\.?\s+)?(?:{_NO_STREET}{_WORD}\s+){{1,4}}?{_EN_KIND}\b\.?"
    r"(?:,?\s+(?:flat|apt|apartment|unit|suite)\.?\s*#?\w{1,4})?",
    _I,
)
_EN_NAMED = re.compile(  # 19 Gallows Corner; without capitals only after "number"
    rf"(?<![\w.,-]){_FLAT}\d{{1,5}}\s?[a-z]?,?\s(?-i:(?:[A-Z][\w'-]+\s){{1,3}}){_EN_LOOSE}\b"
    rf"|\b(?:number|house)\s\d{{1,4}}\s?[a-z]?,?\s(?:{_WORD}\s){{1,2}}(?:{_EN_LOOSE}|{_EN_KIND})\b",
    _I,
)
_FLAT_ALONE = re.compile(r"\b(?:flat|apt|apartment|unit|suite)\.?\s*#?\d{1,4}[a-z]?,?\s+$", _I)
_DE_KIND = r"(?:straße|strasse|str\.?|weg|gasse|platz|allee|ufer|chaussee|pfad|graben|stieg|steig|anger|damm|promenade|twiete)"
_DE_LOOSE = (
    r"(?:ring|hang|wall|berg|feld|hof|markt|kamp|garten|hain|blick|heide|tor|bogen|rain|wiese|höhe|winkel|brink|horst|park|grund|tal"
    r"|schlag|busch|loh|breite|anger|bach|born|brunnen|eck|egge|furt|gärten|geest|hecke|hügel|insel|kai|kuhle|leite|lehne|mühle|ried"
    r"|siedlung|teich|trift|wald|weide|werder|wehr|zeile|steg|stiege|gang|stich|brücke|kehre|bühl|halde|acker|moor|see|wiesen|felder)"
)
# Syllables before such an end that make another word of it: "Aufschlag 4", "Eingang 2".
_NO_DE = r"(?!(?:vor|um|rück|über|auf|nach|ein|aus|ab|zu|an|be|ge|ver|zer|unter|durch|zwischen|neben)(?:schlag|gang|gänge|stich|stieg|breite|tor|see|halde|zug)\b)"
_HOUSE = r"(?:\s+|(?<=str\.))\d{1,4}(?:\s?[a-z](?![\w]))?(?:\s?[-/]\s?\d{1,3}){0,3}(?![\w]|[.,:]\d|\s?(?:%|€|eur|kg|cm|mm|l\b|g\b))"
_DE = re.compile(
    rf"(?<!\w)(?:(?:(?-i:[A-ZÄÖÜ])[^\W\d_]*|von|zu|der|den|dem)[ ]|[^\W\d_]+-){{0,4}}[^\W\d_]*(?<=[\w-]){_DE_KIND}{_HOUSE}"
    rf"|(?<!\w){_NO_DE}(?-i:[A-ZÄÖÜ])[^\W\d_]{{2,}}(?<!e)(?<!u)(?<!sp)(?<!a)(?<!o){_DE_LOOSE}{_HOUSE}",
    _I,
)
# Without a capital such a word is a street only where one is expected.
_DE_LOWER = re.compile(
    r"(?:(?<=, )|(?<=\n))(?:am |im |zum |zur )?[^\W\d_]{3,}(?<!e)(?<!u)(?<!sp)(?<!a)(?<!o)"
    rf"(?:ring|hang|kamp|hof|feld|berg|markt|hain|horst|brink){_HOUSE}"
    r"|(?<!\w)(?:am|im|zum|zur)\s[^\W\d_]{3,}(?:ring|hang|kamp|hof|feld|berg|markt|hain|horst|brink)"
    rf"{_HOUSE}(?=[,\n ]+\d{{5}}\s)",
    _I,
)
_DE_AT = re.compile(
    r"(?<!\w)(?:am|an der|an den|auf der|auf dem|zur|zum|hinter der|hinter dem|unter den|unter der|vor dem|bei der|beim)\s"
    r"(?!(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|januar|februar|märz|april|mai|juni|juli"
    r"|august|september|oktober|november|dezember|preis|bestellung|artikel|größe|rechnung|nummer|ende|anfang"
    r"|produkt|paket|telefon|tag|wochenende)\b)"
    rf"(?:(?:alten?|neuen?|großen?|kleinen?|hohen?|langen?)\s)?(?:(?-i:[A-ZÄÖÜ])[^\W\d_]+|(?<=alten )[^\W\d_]+){_HOUSE}",
    _I,
)
_FR_KIND = r"(?:rue|avenue|av\.?|boulevard|bd\.?|blvd|impasse|chemin|place|allée|quai|cours|route|square|passage|sentier|faubourg|ruelle|voie|esplanade|promenade|cité|résidence|villa|lotissement|montée|venelle|traverse|côte|cour|galerie|mail|parvis|rond-point|clos|sente|levée|corniche|rampe)"
_FR_LINK = r"(?:(?:de\sla|des|de|du|la|les|le|aux|au|en)\s|(?:de\s)?l'|d')"
_FR = re.compile(
    rf"(?<![\w.,-])\d{{1,4}}(?:\s?(?:bis|ter|quater)\b)?\s?,?\s+{_FR_KIND}\s+{_FR_LINK}{{0,2}}{_WORD}"
    rf"(?:[ -](?!(?:et|est|s'il|svp|merci|pour|dans|où|je|il|elle|mon|ma|mes|c'est|a|à)\b)(?:{_FR_LINK}{{0,2}})(?-i:[A-ZÉÈÀÂ])[^\W\d_]+(?:-[^\W\d_]+)*){{0,3}}",
    _I,
)
_ES_KIND = r"(?:calle|c/|avda\.?|avenida|av\.|paseo|plaza|plza\.?|pza\.?|camino|ronda|travesía|carretera|ctra\.?|glorieta|pasaje|urbanización|urb\.|rambla|callejón|cuesta)"
_ES = re.compile(
    rf"(?<!\w){_ES_KIND}\s*(?:(?:de|del|la|las|los|el)\s+)*{_WORD}(?:\s+{_WORD}){{0,4}}?\s*,?\s*(?:n[º°.]?\s*)?\d{{1,4}}(?![\d.,]\d)"
    r"(?:,?\s*(?:\d{1,2}\s?[ºª°](?:\s?[a-z]\b)?|(?:piso|planta|bajo|esc\w*|puerta|pta)\.?\s*\w{0,3}))*",
    _I,
)
_ABROAD = re.compile(
    # Italian, Portuguese, Polish: the kind of street first
    rf"(?<!\w)(?:via|viale|piazza|piazzale|corso|largo|vicolo|strada|rua|travessa|praça|estrada|alameda|ul\.|ulica|al\.|aleja|pl\.|plac|os\.|ulitsa)\s"
    rf"(?:{_WORD}\s){{0,3}}(?-i:[A-ZÀ-ÖØ-ÞŁŚŹŻŠČŘŽĐ])[^\W\d_]*,?\s(?:n\.?\s?)?\d{{1,4}}[a-z]?(?:\s?/\s?\d{{1,4}})?(?![\w])"
    # Dutch, Nordic, Czech: the kind of street as the word's end
    rf"|(?<!\w)(?-i:[A-ZÅÄÖØÆ])[^\W\d_]*(?:straat|gracht|laan|plein|kade|singel|dijk|steeg|gatan|gata|vägen|veien|vegen|gränd|torget|gade|vej|stræde|plads|allé|katu|tie|ova|ská)"
    rf"\s\d{{1,4}}\s?[a-z]?(?:[-/]\d{{1,4}})?(?![\w])",
    _I,
)
_NUMBERED = re.compile(  # 350 W 42nd St
    rf"(?<![\w.,-]){_FLAT}\d{{1,5}}\s+(?:[nsew]{{1,2}}\.?\s+)?\d{{1,3}}(?:st|nd|rd|th)\s+{_EN_KIND}\b\.?",
    _I,
)
_HOUSE_NAME = re.compile(  # The Old Rectory, Church Lane; Rose Cottage
    r"(?<!\w)(?-i:(?:The\s)?(?:[A-Z][\w'-]+\s){1,3}(?:Cottage|Rectory|Vicarage|Farm|Farmhouse|Lodge|Manor|Barn|Mill|Villa|Hall)\b)"
    r"(?=,\s(?-i:[A-Z]))(?:,\s(?-i:[A-Z])[\w'-]+(?:\s(?-i:[A-Z])[\w'-]+){0,2}){1,2}"
)
_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-ÞŁŚŹŻŠČŘŽĐİ])"
_EIRCODE = re.compile(
    r"(?<!\w)(?P<value>(?-i:[AC-FHKNPRTV-Y])\d(?:\d|(?-i:W))[ ]?(?=[A-Z]*\d)(?-i:[AC-FHKNPRTV-Y0-9]{4}))(?!\w)"
)  # Ireland
_LIEU_DIT = re.compile(
    rf"(?<!\w)(?P<value>(?:lieu[- ]dit|hameau|résidence|domaine|mas)\s(?:(?:de|du|des|la|le|les)\s){{0,2}}(?:{_CAPITAL}[\w'-]*\s?){{1,3}}(?:,?\s\d{{5}}\s{_CAPITAL}[\w'-]*)?)",
    _I,
)
_NUMBER_WORD = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred)"
_SPELT_HOUSE = re.compile(
    rf"(?<!\w)(?P<value>(?:number\s)?{_NUMBER_WORD}(?:[ -](?:and\s)?{_NUMBER_WORD}){{0,3}},?\s(?:{_CAPITAL}[\w'-]*\s){{1,3}}{_EN_KIND}(?!\w))",
    _I,
)
_HOUSE_FIRST = re.compile(
    rf"(?<!\w)(?P<value>(?:hausnummer|haus nr\.?|house number|number|no\.|nr\.)\s?\d{{1,4}}\s?[a-z]?,?\s(?:in der |in |on |of )?{_CAPITAL}[^\W\d_]*(?:{_DE_KIND}|\s{_EN_KIND})(?!\w))",
    _I,
)
_UNNUMBERED = re.compile(  # "third house on Tollgate Lane", "I live in the Gartenstraße"
    rf"\b(?:house|live|lives|living|moved|door|flat|home|wohne|wohnt|haus|habite|vivo)\b[^.!?\n]{{0,25}}?\b(?:on|in|at|to|off|der|rue)\s(?P<value>(?:{_CAPITAL}[\w'-]*\s){{1,3}}{_EN_KIND}|{_CAPITAL}[^\W\d_]*{_DE_KIND})(?![\w])",
    _I,
)
_WITH_CODE = re.compile(  # any street with a number, then a code and a town: Bulevar kralja Aleksandra 73, 11000 Beograd
    rf"(?<![\w])(?:{_CAPITAL}[\w.'-]*\s)(?:[\w.'/:-]+\s){{0,4}}?(?:no[:.]?\s?)?\d{{1,4}}\s?[a-z]?(?:[/-]\d{{1,4}}){{0,3}}(?:,?\s(?:d|kat|lgh|ap|apt|st|top|stiege|hs|bus|et)[:.]?\s?\d{{1,4}})?\s?[,\n]\s?"
    rf"(?:[A-Z]{{1,2}}-)?(?:\d{{4,6}}|\d{{3}} \d{{2}}|\d{{2}}-\d{{3}}|\d{{4}}-\d{{3}}|\d{{4}}\s?(?-i:[A-Z]{{2}}))\s(?P<town>{_CAPITAL}[^\W\d_]+)(?:[ /-]{_CAPITAL}[^\W\d_]+){{0,2}}",
    _I,
)
# "Please send it to", "My new address is", "We have moved." before such a street are no part of it.
_LEAD = re.compile(
    rf"(?:\b(?:to|at|is|ist|lautet|nach)\s|(?<=[^\W\d_]{{4}})(?<!str)[.!?]\s)(?={_CAPITAL})"
)
_CODE_TOWN = re.compile(
    rf"(?<![\w#.,-])(?<!\d )(?:[A-Z]{{1,2}}-)?\d{{5}}\s(?P<town>{_CAPITAL}[a-zß-ž]{{2,}})(?:[- ]{_CAPITAL}[a-zß-ž]+)?(?![\w])"
)
_SHOP_NUMBER = re.compile(
    r"(?:order|bestell\w*|commande|pedido|ordine|rechnung|invoice|ticket|article|artikel|nr|no|number|nummer|#)\W*$",
    _I,
)
_BOX = re.compile(
    rf"{BEGINS}"
    r"(?:\bp\.?\s?o\.?\s?box|\bpost\s?box|\bpostfach|\bboîte\s+postale|\bboite\s+postale|(?-i:\bBP)|\bapartado(?:\s+de\s+correos)?"
    r"|\bapdo\.?|\bcasilla)\s*(?:no\.?|nr\.?|n°|nº|:|#)?\s*(?P<value>\d[\d ]{1,7}(?<=\d))(?!\w)",
    _I,
)
_CAPITALS = rf"{_CAPITAL}[^\W\d_]+(?:[ '-](?:(?:y|yr|the|of|on|upon|under|le|de|sur)[ -])?{_CAPITAL}[^\W\d_]*)*+"
_FLAT_ONLY = re.compile(  # "not the one in Flat 14"
    r"(?<!\w)(?:flat|apt\.?|apartment|appartement|wohnung|whg\.?)\s?(?:(?:no\.?|nr\.?|number)\s?)?#?\d{1,4}\s?[a-z]?(?=[,;:!?)\n]|\.(?!\d)|\s*\Z|\s(?:and|not|or|in|at|is|was|opposite|next|instead|und|nicht|oder)\b)",
    _I,
)
_ESPLANADE = re.compile(  # streets of one word: 9 Esplanade, 5 The Green
    rf"(?<![\w.,-]){_FLAT}\d{{1,4}}[a-z]?,?\s(?-i:(?:The\s)?(?:Esplanade|Promenade|Parade|Broadway|Strand)|The\s[A-Z][a-z]+)(?![\w'])(?=[,.;!?)\n]|\s*\Z)",
    _I,
)
_TOWN_CODE = re.compile(  # Austin TX 78701, Laval QC H7N 2K4
    rf"(?<!\w){_CAPITAL}[^\W\d_]+(?:[ -]{_CAPITAL}[^\W\d_]+){{0,2}},?\s(?:(?:AB|BC|MB|NB|NL|NS|NT|NU|ON|PE|QC|SK|YT)\s[A-Z]\d[A-Z]\s?\d[A-Z]\d"
    r"|(?:AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC)\s\d{5}(?:-\d{4})?)(?!\w)"
)
_LINES = re.compile(  # the lines of an address before its British code
    rf"(?:(?:\A|[\n:.]\s?|\b(?:at|to|in|is)\s)(?P<value>(?:{_CAPITALS},[ \n]){{1,4}}(?:{_CAPITALS},?[ \n])?))\Z"
)
_LEADS_IN = re.compile(
    r"\b(?:address|moved|live|lives|living|home|deliver\w*|send|ship|post)\b", _I
)
_ONLY_TOWN = re.compile(
    rf",\s(?P<town>{_CAPITAL}[^\W\d_]+)(?:\s(?-i:[A-Z]{{1,2}}\d{{1,2}})(?!\w)|(?=[,.;\n]|\s*\Z))"
)
_UK_CODE = r"[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}"
_TOWN = rf"{_WORD}(?:[ -]{_WORD}){{0,3}}?"
# What may follow a street: a code and a town, or a town and a code.
_TAIL = re.compile(
    rf"(?:\s[NSEW]{{1,2}}\b)?(?:,?\s*\d{{1,2}}\s?[ºª°]\s?\w{{0,12}}\.?)?\s*[,;/\n-]?\s*(?:(?:\d{{4}}\s?(?-i:[A-Z]{{2}})|\d{{2}}-\d{{3}}|\d{{3}}\s\d{{2}}|\d{{4}}-\d{{3}})\s+(?-i:[A-ZÀ-ÖØ-ÞŁŚŹŻŠČŘŽĐ]){_WORD}"
    rf"|{_TOWN},?\s+(?-i:[A-Z]{{2,3}})\s+(?:\d{{4,5}}|(?-i:[A-Z])\d(?-i:[A-Z])\s?\d(?-i:[A-Z])\d)(?!\w)|(?:[A-Z]{{1,2}}-)?\d{{4,5}}\s+(?:(?:bad|saint|sankt|st\.?|san|santa|la|le|les|los|las|el|den|am)[ -])?{_WORD}(?:-{_WORD})*(?:,\s+(?-i:[A-Z])[^\W\d_]+)?"
    rf"|{_TOWN},?\s+{_UK_CODE}\b|{_TOWN},?\s+(?-i:[A-Z]{{2}}|[a-z]{{2}})\s+\d{{5}}(?:-\d{{4}})?\b|{_UK_CODE}\b|\d{{5}}(?:-\d{{4}})?\b)",
    _I,
)
_POSTCODE = re.compile(r"(?<![\w-])[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?![\w-])")
_CUE = re.compile(
    rf"{BEGINS}"
    r"(?:\badd?r(?:ess?(?:es)?)?\b|\b(?:drop|leave|bring)(?:ped)?(?: it| them| this)?(?: off)? at\b|\bwe'?re at\b|\bi'?m at\b|\bmy place is\b|\bc'est au\b|\badres\w*|\badresa\b|\bindirizzo\b|\bmorada\b|\bendereço\b|\bbor på\b|\bbor i\b|\babito in\b|\bmoro na\b|\bmieszkam\b|\b(?:jeg|jag|vi) bor\b|\bik woon\b|\bwe wonen\b|\bspedi\w+ a\b|\babito\b|\babitiamo\b|\bmand\w+(?:lo|me)? a\b|\bmora[mr]?os? na\b|\bbydlím\b|\badresse\b|\banschrift\b|\bdirección\b|\bdomicilio\b|\bi live (?:at|in|on)\b|\bwe live (?:at|in|on)\b"
    r"|\bliv(?:e|ing) at\b|\bmoved to\b|\bdeliver\w*(?: it| them| this)? (?:to|at)\b|\b(?:ship|send|post|mail)(?:ed|s|ing)?\b[^.!?\n]{0,25}?\bto\b"
    r"|\bich wohne\b|\bwohn(?:e|t|en|st)?(?: jetzt| nun| derzeit| seit \w+)?\b|\bwohnhaft\b|\b(?:wir sind|ich bin) (?:jetzt|nun|ab sofort|umgezogen)\b|\bsteht bei\b|\bliefer\w*\b[^.!?\n]{0,20}?\b(?:an|nach|in)\b|\bbitte an\b|\bj'?habite\b|\b(?:livr|envoy|expédi|expedi)\w*\b[^.!?\n]{0,15}?\b(?:au|à|a|chez)\b"
    r"|\bvivo en\b|\benví\w*\b[^.!?\n]{0,15}?\ba\b|\bstreet:|\bstraße:|\brue\s?:|\bcalle:)"
    r"(?:\s+(?:is|ist|lautet|est|es|now|changed|to|in|der|die|den|dem|the|at|au|à|a|en|la|el)\b|\s*:)*\s*(?P<value>[^.!?\n;]{0,50}?[^\W\d_]{3,}[^.!?\n;]{0,20}?)"
    r"(?=[.!?\n;]|$|,\s)",
    _I,
)
_CUED = re.compile(
    rf"(?:(?:{_WORD}[ ,-]+){{1,5}}\d{{1,4}}\s?[a-z]?(?!\w|[.,]\d)|\d{{1,4}}\s?[a-z]?,?\s+{_NO_STREET}{_WORD}(?:[ -](?!and\b|et\b|und\b|y\b|please\b|bitte\b){_WORD}){{0,3}})",
    _I,
)
_WHO = re.compile(rf"(?:{_WORD}\.?[ ]){{0,3}}{_WORD},[ ]", _I)  # "an Jo Berg, Kalkofenbreite 30"
_NOT_PLACE = re.compile(
    r"\b(?:box|postfach|apartado|stores?|shop|locker|door|gate|platform|terminal|floor|shelf|filiale|packstation|fach|halle|percent|prozent|places|points|stars|am|pm|uhr"
    r"|order|bestellung|commande|pedido|email|e-mail|mail|days?|tage|jours|días|size|größe|taille|talla|@)\b",
    _I,
)


def places(text: str) -> Iterator[Found]:
    """Streets with their number and town, post boxes, British postcodes, and what an address cue leads in."""
    if not any(char.isdigit() for char in text):
        for match in _HOUSE_NAME.finditer(text):
            yield Found("ADDRESS", *match.span())
        for pattern in (_SPELT_HOUSE, _UNNUMBERED, _LIEU_DIT):
            for match in pattern.finditer(text):
                yield Found("ADDRESS", *match.span("value"))
        return
    for match in _BOX.finditer(text):
        yield Found("ADDRESS", *match.span("value"))
    for pattern in (_EIRCODE, _LIEU_DIT, _SPELT_HOUSE, _HOUSE_FIRST, _UNNUMBERED):
        for match in pattern.finditer(text):
            yield Found("ADDRESS", *match.span("value"))
    yield from closed(text)
    for match in _WITH_CODE.finditer(text):
        if not _NOT_PLACE.search(match.group()) and match["town"].lower() not in ordinary_words():
            leads = [lead.end() for lead in _LEAD.finditer(match.group())]
            yield Found("ADDRESS", match.start() + max(leads, default=0), match.end())
    for match in _CODE_TOWN.finditer(text):
        before = text[max(0, match.start() - 20) : match.start()]
        if is_town(match["town"]) and not _SHOP_NUMBER.search(before):
            yield Found("ADDRESS", *match.span())
    for pattern in (
        _FR,
        _ES,
        _NUMBERED,
        _EN,
        _EN_NAMED,
        _DE,
        _DE_LOWER,
        _DE_AT,
        _ABROAD,
        _HOUSE_NAME,
    ):
        for match in pattern.finditer(text):
            start = match.start()
            if flat := _FLAT_ALONE.search(text[max(0, start - 16) : start]):
                start -= len(flat.group())
            end = _whole_name(text, match.end()) if pattern is _FR else match.end()
            yield Found("ADDRESS", start, _with_town(text, end))
    for match in _POSTCODE.finditer(text):
        yield Found("ADDRESS", _first_line(text, match.start()), match.end())
    for pattern in (_FLAT_ONLY, _ESPLANADE, _TOWN_CODE):
        for match in pattern.finditer(text):
            yield Found("ADDRESS", *match.span())
    for cue in _CUE.finditer(text):
        start = cue.start("value")
        inside = _CUED.match(text, start)
        if inside is None and (named := _WHO.match(text, start)):
            start = named.end()
            inside = _CUED.match(text, start)
        if inside and not _NOT_PLACE.search(inside.group()):
            yield Found("ADDRESS", start, _with_town(text, inside.end()))


def _whole_name(text: str, end: int) -> int:
    """Where a street's name ends that is written without capitals: before the next ordinary word."""
    while (word := _NEXT_WORD.match(text, end)) and word["word"].lower() not in ordinary_words():
        end = word.end()
    return end


_NEXT_WORD = re.compile(r"[ -](?P<word>[^\W\d_]+)(?![\w'])")


def _first_line(text: str, code: int) -> int:
    """Where an address of names alone begins that ends in the code: "Rose Cottage, Long Lane, Crewe"."""
    left = max(0, code - 110)
    lines = _LINES.search(text, left, code)
    if lines and _LEADS_IN.search(text, max(0, lines.start("value") - 50), lines.start("value")):
        return lines.start("value")
    return code


def _with_town(text: str, end: int) -> int:
    """Where the address ends whose street ends at `end`: after its town, if one follows."""
    tail = _TAIL.match(text, end)
    if tail and not _IN_SENTENCE.search(tail.group()):
        return tail.end()
    only = _ONLY_TOWN.match(text, end)
    return only.end() if only and is_town(only["town"]) else end


_IN_SENTENCE = re.compile(
    r"\b(?:it|this|that|came|is|was|from|i|my|we|please|bitte|auf|mein|meine|konto|je|mon|ma|mi|soy|est|ist)\b",
    _I,
)
