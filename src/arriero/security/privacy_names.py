"""Person names: after a cue ("my name is"), in a signature, or a known given name with a capital.

A token with a digit in it is never a person. `names_given.txt` and `names_family.txt` hold names of
some fifty countries, in small letters without accents; `names_not.txt` the words of ordinary messages,
which are none after a weak cue; `names_elsewhere.txt` places, brands, companies and other words
written with a capital. A word in none of them is judged by its letters (`privacy_likeness`). What only
the place in a text tells is in `privacy_addressed`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from importlib.resources import files
from string import ascii_lowercase

from arriero.security.privacy_likeness import folded, likeness
from arriero.security.privacy_text import BEGINS, Found

_I = re.IGNORECASE
_WORD = r"[^\W\d_]+(?:['-][^\W\d_]+)*"
_TOKEN = re.compile(rf"(?<![\w@.-])(?:{_WORD})(?![\w@])")
_BETWEEN = re.compile(r"(?:\s|\.\s|,\s){1}")
_PARTICLES = frozenset(
    "de da do dos das del della der den di du el la le van von vom zu zum ten ter bin ibn al o mac mc y".split()
)
TITLES = frozenset(
    "mr mrs ms mx dr prof mme mlle sr sra srta hr dhr".split()
)  # stand outside a mask
_LONGEST_WORD = 40  # letters; what is longer is no name, and its slips would take long to try
LONGEST = 4  # words of a name, particles not counted

# What leads in a name whatever it looks like, also in lower case.
_STRONG = re.compile(
    rf"{BEGINS}"
    r"(?:\b(?:name|names) on (?:the|my|our) \w+(?: \w+)? (?:is|are|says|reads|was)|\b(?:bell|buzzer|door|label|klingel|schild) (?:says|reads|steht)|\bcitofono|\bcampanello"
    r"|\b(?:fam|familie|famille|familia|hr|fru|dhr|mevr|sig|sig\.ra|signora?|pani?|dott|dra|ing|mag|sra?)\.?(?=\s(?-i:[A-ZÀ-ÖØ-ÞŁŚŹŻŠČŘŽĐ]))"
    r"|\b(?:nazywam się|mam na imię|jag heter|jeg heter|jeg hedder|ik heet|mijn naam is|mi chiamo|il mio nome è|chamo-me|me chamo|meu nome é|jmenuji se|ad\u0131m|ismim|nimeni on|mă numesc|numele meu este|zovem se|moje ime je|a nevem|tnv)"
    r"|\b(?:my|the|full|first|last|given|maiden|middle|birth|account|his|her|whose)\s(?:full\s|first\s|last\s|maiden\s|middle\s)?names?(?:\s(?:is|was|are)|:|\s?=)"
    r"|\bcardholder(?:'s name)?(?: is|:)?|\bcard holder(?: is|:)?|\baccount holder(?: is|:)?|\bkontoinhaber(?:in)?:?|\bkarteninhaber(?:in)?:?|\btitulaire:?|\btitular:?|\bshould (?:say|read)|\bin care of|\bco-?signed by"
    r"|\b(?:put|file|filed|book|booked|registered|listed|runs|goes|is|it's|its|be) (?:it )?under(?: the names?(?: of)?)?|\bthe name'?s|\bgoes by|\bauf den namen|\bname ist|\bnom d'utilisateur au nom de"
    r"|\bsul nome(?: di)?|\ba nome(?: di)?|\bop naam van|\bem nome de|\bi nazwisko to"
    r"|\bnames?\s?(?:is|:)|\bin (?:the )?names? of|\baddressed to|\bthe recipient (?:is|to)|\brecipient:|\brecipient to|\bsurname(?: is|:)"
    r"|\bsigned by|\bsent by|\bordered by|\battn\.?:?|\battention:|\bc/o\b|\bcalled me|\bthey call me"
    r"|\b(?:mr|mrs|ms|miss|mx|dr|prof|mister|doctor|professor)\b\.?"
    r"|\bmein name (?:ist|lautet)|\bname:|\bich hei(?:ß|ss)e|\bauf den namen|\bim namen von|\bz\.?\s?hd\.?|\bempfänger(?:in)?:?(?:\s(?:ist|war|heißt|heisst|lautet))?|\bherrn?|\bfrau"
    r"|\bje m'appelle|\bmon nom est|\bau nom de|\bnom\s?:|\bà l'attention de|\bmadame|\bmonsieur|\bmme|\bmlle|\bmademoiselle"
    r"|\bme llamo|\bmi nombre es|\ba nombre de|\bnombre\s?:|\bseñora?|\bsr\.|\bsra\.|\bsrta\.|\bdoña|\bdon(?=\s(?-i:[A-Z])))\s*",
    _I,
)
# What leads in a name, or any other word: only what is no ordinary word counts.
_WEAK = re.compile(
    rf"{BEGINS}"
    r"(?:\b(?:i am|i'm|im|am|iam|it is|it's|this is|here is|we are|sp(?:eak|eaking|oke|oken) (?:to|with)|(?:talk|chatt?|dealt|deal)(?:ed|ing)? (?:to|with)|ask(?:ed)? for"
    r"|(?:someone|somebody|person|colleague|guy|woman|man|agent|lady) (?:called|named)|tell|thank|collected by|signed for by|helped by|served by|dealt with|left (?:it )?with|say hi to|behalf of"
    r"|(?:my|his|her|our) (?:wife|husband|partner|son|daughter|mother|father|mum|mom|dad|sister|brother|friend|neighbou?r|colleague|boss|assistant|flatmate|roommate|housemate|landlord|landlady|tenant|girlfriend|boyfriend|fiancée?|cousin|aunt|uncle|nephew|niece|gran|grandma|grandpa|grandmother|grandfather|kid|ex|spouse|caretaker|guide|mate|pal|buddy|bro|sis|stepson|stepdaughter|stepdad|stepmum|stepmom|grandson|granddaughter|godson|goddaughter|partner|missus|hubby|wifey|bf|gf|client|customer|student|pupil|secretary|manager|coach|teacher)(?: is)?"
    r"|(?:aunt|auntie|aunty|uncle|granny|nana|grandpa|grandma|cousin|coach|sister|brother|father|captain|sergeant|nurse|tante|onkel|oma|opa|tía|tío|tata|tonton|mamie|papi|mémé|pépé|zia|zio|nonna|nonno)"
    r"|(?:wrote|write|written|spoke|speak|addressed|belongs|handed|given|change it|it) to"
    r"|(?:gift|present|parcel|order|it|is|was|one) (?:is |was )?for|contact|you may contact|instead of|signature of"
    r"|hier ist|hier spricht|hier schreibt|ich bin(?: die| der)?|(?:mein|unser|dein|der|die|den|dem)(?:e|en|em|er)? (?:mann|frau|sohn|tochter|mutter|vater|freund|freundin|bruder|schwester|nachbar|nachbarin|kolleg(?:e|in|en)|chef|chefin|cousin|cousine|schwager|schwägerin|schwiegermutter|schwiegervater|schwiegersohn|enkel|enkelin|mitbewohner|mitbewohnerin|vermieter|vermieterin|hausmeister|partner|partnerin|verlobte|verlobter|kumpel)(?: heißt| heisst|,|n)?"
    r"|lieferung an|paket an|bitte an|an:|für|(?<!size )(?<!taille )(?<!größe )(?<!talla )m\.|je suis(?! de\b)|(?:moi,? )?c'est|c pour|ici|(?:ma|ta|notre|la|une) (?:femme|fille|mère|soeur|sœur|voisine|amie|copine|patronne|collègue|tante|cousine|grand-mère|compagne|nièce)|(?:mon|notre|le|un) (?:mari|fils|père|frère|voisin|ami|copain|patron|collègue|oncle|cousin|grand-père|compagnon|neveu)"
    r"|livrez à|soy (?:el|la) \w+ de|soy(?! de\b)|habla|(?:mi|nuestr[oa]|el|la) (?:marido|mujer|esposa|esposo|hijo|hija|novi[oa]|herman[oa]|madre|padre|vecin[oa]|amig[oa]|jef[ea]|tía|tío|prim[oa]|abuel[oa]|suegr[oa]|cuñad[oa]|pareja|compañer[oa])"
    r"|(?:io )?sono(?! (?:di|io)\b)|(?:mio|mia|il mio|la mia) (?:marito|moglie|figlio|figlia|fratello|sorella|madre|padre|vicino|vicina|amico|amica|capo|zio|zia|cugino|cugina|nonno|nonna|compagno|compagna)"
    r"|ik ben|(?:mijn|onze) (?:man|vrouw|zoon|dochter|broer|zus|moeder|vader|buurman|buurvrouw|vriend|vriendin|collega|baas)|sou (?:o|a)?|(?:meu|minha|o meu|a minha) (?:marido|esposa|mulher|filho|filha|irmão|irmã|mãe|pai|vizinho|vizinha|amigo|amiga)"
    r"|jestem|(?:mój|moja|moją|mojego) (?:mąż|żona|syn|córka|brat|siostra|mama|tata)|jag är|jeg er|(?:min|mitt) (?:man|fru|kone|mann|son|sønn|søn|dotter|datter|bror|søster|syster|granne|nabo)|bestellt (?:auf|von|für)|vom"
    r"|to|by|with|from|von|mit|para|pour|par|avec|con)(?!\w))\s*[,:(]?\s*",
    _I,
)
# Cues that are also ordinary words: after these a name needs its capital.
_CAPITAL = frozenset(
    "vom to by with from von mit para pour par avec con für c'est ici contact it is it's an:".split()
)
# After these stands a person and no verb, so letters say nothing; after "ask for" where it opens a sentence.
_NAMING = re.compile(
    r"(?:called|named|behalf of|signature of|bestellt auf|heißt|heisst|(?:wr[io]t\w+|sp[eo]\w+|talk\w*|chatt?\w*) (?:to|with)|^tell|^thank|hier spricht)$"
)
# Of those, they may lead in one without a capital where a sentence begins.
_MAY_OPEN = frozenset({"c'est", "ici"})
# After these an adjective or a verb is likelier than a name.
_TELLS_HOW = frozenset({"i am", "i'm", "im", "we are", "it is", "it's", "this is", "here is"}) | {
    "am", "iam", "ich bin", "ich bin der", "ich bin die", "je suis", "c'est", "soy", "sono", "io sono", "ik ben", "jestem", "jag är", "jeg er", "sou", "sou a", "sou o", "ici", "moi c'est", "moi, c'est", "by", "with", "from", "to", "for", "it for", "is for",
}  # fmt: skip
_CLOSING = re.compile(
    r"(?:\b(?:regards|rgds|rgrds|br|kr|xoxo|hugs|signed|wishes|cheers|thanks|thank you|many thanks|thx|sincerely|faithfully|yours|truly|best|love|respectfully|greetings"
    r"|grüße[n]?|grüsse[n]?|gruß|gruss|hochachtungsvoll|danke|vielen dank|mfg|vg|lg|cordialement|bien à vous|salutations|merci|bises"
    r"|saludos?|mvh|vh|hilsen|hälsningar|hälsn|pozdrawiam|s pozdravem|groetjes|groeten|groet|cordiali saluti|distinti saluti|saluti|atenciosamente|abraços|cumprimentos|sayg\u0131lar\u0131mla|üdvözlettel|terveisin|atentamente|gracias|cordialmente|un abrazo|distinguidos)\b[ \t]*[,.!:;-]*\s*|(?:^|(?<=\s))[-~]{1,2}[ \t]*|\n\s*)",
    _I,
)
_BREAK = re.compile(r"[\n,.!:;-]")
_HERE = re.compile(r"\s(?:here|speaking|writing|hier|à l'appareil|al habla)\b", _I)
_END = re.compile(r"[\s.,!)-]*(?:\Z|\n)")
# "Hi, W W here": whoever greets so says who writes, be one of the names a word.
_INTRODUCED = re.compile(
    r"(?:\A|[\n.!?,;-])\s*(?:hi|hello|hey|good (?:morning|afternoon|evening|day)),?\s(?P<who>[^\W\d_][\w'-]*(?:,? [^\W\d_][\w'-]*){0,2})\s(?:here|speaking|writing)\b",
    _I,
)
# "Best wishes\nRover, Bertrand"
_TURNED = re.compile(r"(?P<last>[A-Z][\w'-]+), (?P<first>[A-Z][\w'-]+)")


@cache
def given_names() -> frozenset[str]:
    """Given names, in lower case and without accents."""
    return _words("names_given.txt")


@cache
def family_names() -> frozenset[str]:
    """Family names that are neither words nor places, in lower case and without accents."""
    return _words("names_family.txt")


@cache
def elsewhere() -> frozenset[str]:
    """Places, brands, companies and German nouns: words with a capital that are no persons."""
    return _words("names_elsewhere.txt")


@cache
def also_words() -> frozenset[str]:
    """Given names that are words of messages too, in lower case: only a place in the text tells them."""
    return _words("names_also_words.txt")


@cache
def ordinary_words() -> frozenset[str]:
    """Words of ordinary messages, in lower case."""
    return _words("names_not.txt")


def _swapped(word: str) -> bool:
    """Whether two neighbouring letters changed places in an ordinary word: a slip makes no name of it."""
    return any(
        word[:at] + word[at + 1] + word[at] + word[at + 2 :] in ordinary_words()
        for at in range(len(word) - 1)
    )


@lru_cache(maxsize=4_096)
def _slipped(word: str) -> bool:
    """Whether a letter too many, a letter missing or two swapped ones make it no ordinary word."""
    known = ordinary_words()
    return (
        _swapped(word)
        or (len(word) > 5 and any(word[:at] + word[at + 1 :] in known for at in range(len(word))))
        or any(
            word[:at] + letter + word[at:] in known
            for at in range(1, len(word))
            for letter in (ascii_lowercase if len(word) > 5 else word[at])
        )
    )


def _words(file: str) -> frozenset[str]:
    return frozenset((files("arriero.security") / file).read_text(encoding="utf-8").split())


def names(text: str, words: Words) -> Iterator[Found]:
    """The persons in `text`, of which `words` are."""
    for cue in _STRONG.finditer(text):
        if end := words.name_at(cue.end(), strict=False):
            yield Found("PERSON", cue.end(), end)
    for field in _FIELD.finditer(text):
        yield Found("PERSON", *field.span("value"))
    yield from _signatures(text, words)
    for match in _INTRODUCED.finditer(text):
        if who := words.introduced(match.start("who"), match.end("who")):
            yield Found("PERSON", *who)
    for match in _HERE.finditer(text):
        before = list(_TOKEN.finditer(text, max(0, match.start() - 60), match.start()))
        for token in before[-LONGEST:]:
            if words.name_at(token.start(), strict=True) == match.start():
                yield Found("PERSON", token.start(), match.start())
                break
    at = 0
    while weak := _WEAK.search(text, at):
        lowered = " ".join(weak.group().lower().split()).rstrip(",:( ")
        sure = lowered not in _TELLS_HOW
        opened = _OPENS.search(text, max(0, weak.start() - 20), weak.start()) is not None
        capital = lowered in _CAPITAL and not (opened and lowered in _MAY_OPEN)
        naming = _NAMING.search(lowered) is not None or (opened and lowered == "ask for")
        end = words.name_at(weak.end(), strict=True, capital=capital, sure=naming, floor=_HOW_FLOOR)
        if end and not sure and not _STOPS.match(text, end):
            end = words.name_at(weak.end(), strict=True, capital=capital)
        # "from China", "by SEPA": after a mere preposition one word is more often a place or a thing.
        said = text[weak.end() : end].strip() if end else ""
        if end and (not capital or (" " in said and words.may_follow(said))):
            yield Found("PERSON", weak.end(), end)
        at = weak.start() + 1
    for match in _OF_OURS.finditer(text):
        if all(words.may_be(part) for part in match["who"].split()):
            yield Found("PERSON", *match.span("who"))
    yield from _given(text, words)
    yield from _likely(text, words)
    yield from _doing(text, words)
    for match in _PAIR.finditer(text):
        parts = [part for part in _PART.findall(match.group()) if part[0].isupper()]
        if {part.lower() for part in parts} & _PLACES or not all(map(words.may_be, parts)):
            continue
        article = _ARTICLE.search(text, max(0, match.start() - 12), match.start())
        if words.are_a_name(parts, after_article=article is not None) and not _THING.match(
            text, match.end()
        ):
            yield Found("PERSON", *match.span())
    for match in _INITIALS.finditer(text):
        if words.may_be(match["last"]):
            yield Found("PERSON", *match.span())


_HOW_FLOOR = -2.5  # log-odds of a name in small letters where the sentence stops after it
_HOW_SURE = 1.5  # from here on an adjective's ending or a slip of the fingers says nothing
# How adjectives, participles and trades end in the languages of the shop.
_HOW = tuple(
    """lich ig isch los bar sam haft voll iert elt ert igt end eux euse ique é ée és ées ant ante ent ente eur ien ienne ado ada ido
    ida oso osa ista ero era ivo iva ato ata ito ita uto uta ico ica bile ale lijk ish ic ary ory ist est ozen oken sen gen tten ty ry""".split()
)
_STOPS = re.compile(
    r"\s*(?:\Z|[\n,.;:!?()-]|(?:and|und|et|y|e|en|i|och|og|from|aus|vom|de|du|von|della|z|here|again|with|mit|who|your)\b)",
    _I,
)
_OPENS = re.compile(
    r"(?:\A|[\n.,!?;:-])\s*(?:(?:hi|hey|hello|hallo|bonjour|bonsoir|salut|allo|hola|ciao|oui|yes|moi)[ ,]+)?\Z",
    _I,
)
_OF_OURS = re.compile(  # "perpetua from customer care told me"
    rf"(?:\A|[\n.,!?;]\s?|\b(?:and|but|that|hi|hey|hello)\s)(?P<who>{_WORD}(?:\s{_WORD})?)\s(?:from|at|in|of|vom|von|du|del|de)\s"
    r"(?:(?:your|the|ur|customer|eurem|ihrem|euer|votre|le|vuestro)\s)?(?:\w+\s)?(?:team|support|service|care|shop|store|office|sales|side|warehouse"
    r"|returns|accounts|crew|staff|kundendienst|kundenservice|laden|lager|sav|boutique|magasin|tienda|almacén)\b",
    _I,
)
_FIELD = re.compile(  # "Name: ravi shankar": a form's field holds a name whatever its words are
    rf"(?:^|[\n,;.]\s?)(?:full |first |last |customer |contact |account )?(?:name|nom|nombre|nome|naam|recipient|empfänger|absender|kunde|customer|client|cliente|passenger|guest|patient|member|holder|sender|payee|beneficiary|bénéficiaire|beneficiario|destinataire|destinatario)\s?(?:[:=]|\s-)\s?"
    rf"(?P<value>{_WORD}\.?(?:[ ]{_WORD}\.?){{1,3}})(?=\s*(?:[\n,;.]|$))",
    _I,
)
_DOES = (
    "wants|wanted|said|says|asked|asks|ordered|bought|called|paid|signed|lives|told|tells|wrote|writes|thinks|phoned"
    "|promised|thought|loves|hates|received|picked|moved|complained|veut|voulait|habite|quiere|vive|compró|pidió"
)
_DOER = re.compile(
    rf"(?<![\w@.-])(?P<who>[A-ZÀ-ÖØ-ÞŁŚŹŻŠČŘŽĐ](?=[a-zà-ž])[^\W\d_]{{2,}}(?:['-][^\W\d_]+)*)(?=\s(?:{_DOES})\b)"
)
_CAP = r"[A-ZÀ-ÖØ-ÞŁŚŹŻŠČŘŽĐ]"
_ONE = rf"(?:{_CAP}'|Mc|Mac|Fitz)?{_CAP}[a-zß-ž]+(?:['-]{_CAP}[a-zß-ž]+)*"
# Two words in a row that no ordinary sentence has, each with a capital: nearly always a person (35 such
# pairs, most of them names, in 9,000 messages of public and own sets; none in the sample's articles).
_PAIR = re.compile(
    rf"(?<![\w@.'-]){_ONE}(?:\s{_CAP}\.)?(?:\s(?:van|von|de|da|der|den|di|el|al|bin|la|le)){{0,2}}\s{_ONE}(?![\w'-])"
)
_PLACES = frozenset(
    """mr mrs ms miss mx dr prof sir lady herr frau madame monsieur señor señora mount mont monte lake hill hills valley river
    island park bridge cape bay beach peak pass gore tex san saint santa new north south east west""".split()
)
_PART = re.compile(r"[^\W\d_]+")
_INITIALS = re.compile(
    r"(?<![\w.])(?:(?:[A-Z]\.\s?){1,2}|[A-Z]\s[A-Z]\s)(?P<last>[A-ZÀ-ÖØ-ÞŁŚŹŻŠČŘŽĐ][^\W\d_]{2,}(?:['-][^\W\d_]+)*)(?!\w)"
)


_LETTERS = 1.0  # log-odds of a name; on words left out 86 % of names and 12 % of others are above
_LETTERS_ABROAD = 2.0  # where the text is not English
_ENGLISH = re.compile(r"\b(?:the|is|my|and|you|i|it|for|please|was|have|not|your|can)\b", _I)
GERMAN = re.compile(
    r"\b(?:der|die|das|und|ist|nicht|ich|mein|meine|ein|eine|für|mit|wann|wir|habt|habe|bei|im)\b",
    _I,
)
_SURE_LETTERS = 3.0  # after an article or a preposition of place, where things and towns stand
_POSSESSIVE = re.compile(r"'s?$")
_SAINT = re.compile(r"\b(?:st|saint|san|santa|santo|sankt|sainte|mount|mt|lake|lac|rio)\.?\s$", _I)
_THING = re.compile(  # what makes a thing or a company of the name before it
    r"'?s?[\s-](?:\d|&|(?:tents?|jackets?|packs?|backpacks?|bags?|boots?|shoes?|socks?|stoves?|mats?|poles?|gloves?|hats?|trousers|pants|shirts?|fleece"
    r"|stores?|shops?|ltd|limited|inc|llc|gmbh|ag|kg|plc|corp|company|group|bank|hotel|hostel|street|road|university|school|airlines?|express|sports?|outdoor"
    r"|textil|collection|series|edition|model|trail|pass|peak|valley|river|island|national|park|airport|station|city|coast|mountains?|range"
    r"|zelt|jacke|rucksack|schlafsack|schuhe|kocher|tente|veste|sac|tienda|mochila|chaqueta)\b)",
    _I,
)
_INSIDE = re.compile(
    r"(?<=[a-zß-ž,;:(\d] )(?P<word>[A-ZÀ-ÖØ-ÞŁŚŹŻŠČŘŽĐ][a-zß-ž]+(?:['-][A-Z][a-z]+)?)(?![\w@/])"
)
_ARTICLE = re.compile(
    r"\b(?:the|a|an|your|my|our|this|that|der|die|das|den|dem|des|ein|eine|einen|einem|eines|kein|keine|im|am|zum|zur|beim|ins|le|la|les|un|une|du|des|el|los|las|una|il|lo|gli"
    r"|in|at|near|nach|aus|bei|to|en|à|via|over|auf|mein|meine|meinen|meiner|ihre|ihr|ihren|ihrer|und|oder|neue|neuen|diese|dieser|dieses)\s$",
    _I,
)


def _doing(text: str, words: Words) -> Iterator[Found]:
    """Whoever does what only persons do, under a name that is no ordinary word."""
    for match in _DOER.finditer(text):
        if words.may_be(match["who"]) and not words.is_elsewhere(match["who"]):
            yield Found("PERSON", *match.span())


def _signatures(text: str, words: Words) -> Iterator[Found]:
    """A name between a closing formula, a dash or a line's start and the end of the line or text."""
    for closing in _CLOSING.finditer(text):
        start = closing.end()
        formula = any(char.isalpha() for char in closing.group())
        bare = not closing.group().strip()
        if formula and not _BREAK.search(closing.group()):
            formula = False  # "thanks heaps": a word of its own kind may follow on the line
        last = not formula and "\n" not in text[start:].strip()
        floor = _HOW_FLOOR if last and not bare else 0.0
        end = words.name_at(
            start, strict=True, capital=bare and not last, sure=formula, floor=floor
        )
        if end and _END.match(text, end) and (formula or text[end:].strip(" .,!)-\n") == ""):
            yield Found("PERSON", start, end)
        elif (
            formula
            and (turned := _TURNED.match(text, start))
            and _END.match(text, turned.end())
            and words.may_be(turned["first"], cued=True)
        ):
            yield Found("PERSON", *turned.span())


def _given(text: str, words: Words) -> Iterator[Found]:
    """A given name, or a family name with its capital, and what follows it; no saint and no company."""
    known = given_names()
    for match in _TOKEN.finditer(text):
        word = match.group()
        first = folded(word.partition("-")[0])
        bare = folded(_POSSESSIVE.sub("", word))
        if not (bare in known or first in known or (bare in family_names() and word[0].isupper())):
            continue
        if not word[0].isupper() and (
            len(bare) < 4 or not word.isascii() or word.lower() in ordinary_words()
        ):
            continue
        if bare in elsewhere() and bare not in known:
            continue
        if _SAINT.search(text, max(0, match.start() - 8), match.start()):
            continue
        end = words.name_at(match.start(), strict=True) or match.start() + len(bare)
        if words.may_be(word) and not (bare in family_names() and _THING.match(text, end)):
            yield Found("PERSON", match.start(), end)


def _likely(text: str, words: Words) -> Iterator[Found]:
    """A word that no list holds, with a capital inside a sentence, if its letters look like a name's."""
    for match in _INSIDE.finditer(text):
        word = match["word"]
        if len(word) < 4 or folded(word) in elsewhere() or not words.may_be(word):
            continue
        article = _ARTICLE.search(text, max(0, match.start() - 12), match.start("word"))
        needed = _SURE_LETTERS if article else words.letters
        end = words.name_at(match.start("word"), strict=True) or match.end()
        if likeness(word) >= needed and not _THING.match(text, end):
            yield Found("PERSON", match.start("word"), end)


class Words:
    """Reads names off a text; `spare` are words (in lower case) that are none, such as brands."""

    def __init__(self, text: str, spare: Collection[str]) -> None:
        self.text = text
        self.spare = spare
        # Where nouns have capitals too, or the ordinary words are less well known, letters must say more.
        self.letters = _LETTERS if _ENGLISH.search(text) else _LETTERS_ABROAD
        if GERMAN.search(text):
            self.letters = _SURE_LETTERS

    def may_follow(self, said: str) -> bool:
        """Whether what stands after a mere preposition is a person, and no thing with its article."""
        first = said.partition(" ")[0].lower()
        parts = [part for part in _PART.findall(said) if part[0].isupper()]
        return self.are_a_name(parts, after_article=first in _PARTICLES)

    def are_a_name(self, parts: Collection[str], *, after_article: bool) -> bool:
        """Whether words with capitals in a row are a person's: a known name among them, or the letters."""
        bare = [folded(part) for part in parts]
        if any(one in given_names() for one in bare):
            return True
        if any(one in elsewhere() for one in bare):
            return False
        if any(one in family_names() for one in bare):
            return not after_article
        return not after_article and sum(map(likeness, bare)) >= self.letters - _LETTERS

    def may_be(self, word: str, *, cued: bool = False, floor: float = 0.0) -> bool:
        """Whether an ordinary sentence would not have this word, `cued` as it is or not.

        `floor`: how little its letters may look like a name's; below 0 it may be no adjective either.
        """
        lowered = word.lower()
        if lowered in self.spare or lowered in TITLES or len(word) > _LONGEST_WORD:
            return False
        if folded(word) in given_names():
            return True
        if _CONTRACTION.sub("", lowered) in ordinary_words():
            return False
        if not cued and word.islower() and len(word) > 5 and lowered.endswith(_ENDINGS):
            return floor < 0 and lowered.endswith("ed") and likeness(word) >= _NAME_IN_ED
        if not cued and word.islower() and len(word) > 2:
            looks = likeness(word)
            if looks < floor and not (floor < 0 and lowered.endswith(_QUALITIES)):
                return False
            if floor < 0 and looks < _HOW_SURE and (lowered.endswith(_HOW) or _slipped(lowered)):
                return False
        return cued or len(word) < 6 or not _swapped(lowered)

    def is_listed(self, word: str) -> bool:
        """Whether a list holds it as a name, be it a word as well."""
        bare = folded(word)
        return word.lower() not in self.spare and (
            bare in given_names() or bare in family_names() or bare in also_words()
        )

    def is_elsewhere(self, word: str) -> bool:
        """Whether it is known as a place, a brand or another word with a capital."""
        return word.lower() in elsewhere() or folded(word) in elsewhere()

    def name_at(
        self,
        start: int,
        *,
        strict: bool,
        capital: bool = False,
        sure: bool = False,
        floor: float = 0.0,
    ) -> int | None:
        """Where the name that begins at `start` ends; None when none does.

        `strict`: its first word must be no ordinary one. `capital`: it must begin with a capital.
        `sure`: a slip of the fingers or a verb is not to be expected there. `floor`: see `may_be`.
        Once a word has a capital, so must the next ones have.
        """
        text, at, end, count = self.text, start, None, 0
        upper: bool | None = None
        while count < LONGEST and (token := _TOKEN.match(text, at)):
            word = token.group()
            lowered = word.lower()
            if count and lowered in _PARTICLES and (after := self._next(token.end())):
                following = _TOKEN.match(text, after)
                if following is None or not self._fits(
                    after, following.group(), upper, strict=True
                ):
                    break
                at = after
                continue
            if (
                not count
                and lowered in _PARTICLES
                and lowered not in {"o", "la", "le", "el", "do", "y", "zu", "zum", "al"}
            ):
                at = self._next(token.end()) or token.end()
                if at == token.end():
                    break
                continue
            # "the recipient is Peljo Rover": after a sure cue a capital goes on with the name.
            open_to_all = (sure or not strict) and upper is True and word[0].isupper()
            if not self._fits(
                at,
                word,
                upper,
                strict=not open_to_all if count else strict,
                sure=sure or count > 0,
                floor=floor,
            ):
                break
            if not count and capital and not word[0].isupper():
                break
            if upper is None:
                upper = word[0].isupper()
            end, count = token.end(), count + 1
            if end < len(text) and text[end] == "." and len(word) == 1:
                end += 1
            following_at = self._next(end)
            if following_at is None:
                break
            if text[end:following_at].startswith(",") and (
                count > 1 or not self._fits_after_comma(following_at)
            ):
                break
            at = following_at
        return end

    def _fits(
        self,
        at: int,
        word: str,
        upper: bool | None,
        *,
        strict: bool,
        sure: bool = False,
        floor: float = 0.0,
    ) -> bool:
        if upper and not word[0].isupper():
            return False
        if upper is False and word[0].isupper():
            return False
        if len(word) == 1:
            if upper is None:  # "regards, p. ballantyne"
                return (sure or not strict) and self._initial_first(at)
            return self.text[at + 1 : at + 2] in {".", " "} and self._initial(at)
        if not strict and word[0].isupper():
            return word.lower() not in _NEVER and word.lower() not in TITLES
        cued = sure or not strict or self._another(at + len(word))
        return self.may_be(word, cued=cued, floor=floor)

    def introduced(self, start: int, end: int) -> tuple[int, int] | None:
        """Where the name in `start` to `end` stands, of which one word at least is no ordinary one."""
        parts = [(start + m.start(), m.group()) for m in _PART.finditer(self.text[start:end])]
        names = [at for at, word in parts if self.may_be(word, cued=True)]
        if not names:
            return None
        led = [at for at, word in parts if word[0].isupper() and word.lower() not in _NEVER]
        return min(names + led), end

    def _initial_first(self, at: int) -> bool:
        """Whether an initial with its full stop stands at `at`, and a word behind it that is a name."""
        after = self._next(at + 2) if self.text[at + 1 : at + 2] == "." else None
        token = _TOKEN.match(self.text, after) if after else None
        return (
            token is not None and len(token.group()) > 2 and self.may_be(token.group(), cued=True)
        )

    def _another(self, end: int) -> bool:
        """Whether the next word is no ordinary one either: then the two are a name."""
        after = self._next(end)
        token = _TOKEN.match(self.text, after) if after else None
        if token is not None and len(token.group()) == 1:
            return self.text[token.end() : token.end() + 1] == "."
        return token is not None and self.may_be(token.group())

    def _initial(self, at: int) -> bool:
        """Whether the single letter at `at` is an initial: a capital, or one with a full stop."""
        return self.text[at].isupper() or self.text[at + 1] == "."

    def _next(self, end: int) -> int | None:
        gap = _GAP.match(self.text, end)
        return gap.end() if gap else None

    def _fits_after_comma(self, at: int) -> bool:
        """Whether "Last, First": one word, and then the name is over."""
        token = _TOKEN.match(self.text, at)
        if token is None or not self.may_be(token.group(), cued=True):
            return False
        rest = self.text[token.end() :].lstrip(" ")
        return not rest or not rest[0].isalpha() or rest[:1].islower()


_CONTRACTION = re.compile(r"(?:n't|'(?:s|m|re|ve|ll|d))$")
# How verbs, adverbs and adjectives end that follow "I am": "travelling", "struggling", "unsatisfied".
_ENDINGS = ("ing", "ed", "ly", "ful", "ous", "ive", "able", "ible", "less", "ient")
# Nobody says "I am temperance" of how he is: there a quality is somebody's name.
_QUALITIES = ("ance", "ence")
_NAME_IN_ED = -1.0  # log-odds from which a word in "-ed" is a name and no participle
_GAP = re.compile(r",? ")
# After a strong cue any capitalised word is taken, but for these.
_NEVER = frozenset(
    """i the a an and or my your his her our their this that is are was it you we they he she who which not und
    oder der die das ich et ou le la les el los y o no yes ja nein oui si sí please bitte order bestellung""".split()
)
