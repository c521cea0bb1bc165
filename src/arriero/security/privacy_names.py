"""Person names: after a cue ("my name is"), in a signature, or a known given name with a capital.

A token with a digit in it is never a person. `names_given.txt` and `names_family.txt` hold names of
some fifty countries, in small letters without accents; `names_not.txt` the words of ordinary messages,
which are none after a weak cue; `names_elsewhere.txt` places, brands, companies and other words
written with a capital. A word in none of them is judged by its letters (`privacy_likeness`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache
from importlib.resources import files

from arriero.security.privacy_likeness import folded, likeness
from arriero.security.privacy_text import Found

_I = re.IGNORECASE
_WORD = r"[^\W\d_]+(?:['-][^\W\d_]+)*"
_TOKEN = re.compile(rf"(?<![\w@.-])(?:{_WORD})(?![\w@])")
_BETWEEN = re.compile(r"(?:\s|\.\s|,\s){1}")
_PARTICLES = frozenset(
    "de da do dos das del della der den di du el la le van von vom zu zum ten ter bin ibn al o mac mc y".split()
)
LONGEST = 4  # words of a name, particles not counted

# What leads in a name whatever it looks like, also in lower case.
_STRONG = re.compile(
    r"(?:\b(?:name|names) on (?:the|my|our) \w+(?: \w+)? (?:is|are|says|reads|was)|\b(?:bell|buzzer|door|label|klingel|schild) (?:says|reads|steht)|\bcitofono|\bcampanello"
    r"|\b(?:fam|familie|famille|familia|hr|fru|dhr|mevr|sig|sig\.ra|signora?|pani?|dott|dra|ing|mag|sra?)\.?(?=\s(?-i:[A-ZÀ-ÖØ-ÞŁŚŹŻŠČŘŽĐ]))"
    r"|\b(?:nazywam się|mam na imię|jag heter|jeg heter|jeg hedder|ik heet|mijn naam is|mi chiamo|il mio nome è|chamo-me|me chamo|meu nome é|jmenuji se|ad\u0131m|ismim|nimeni on|mă numesc|numele meu este|zovem se|moje ime je|a nevem|tnv)"
    r"|\b(?:my|the|full|first|last|given|maiden|middle|birth|account|his|her|whose)\s(?:full\s|first\s|last\s|maiden\s|middle\s)?names?(?:\s(?:is|was|are)|:|\s?=)"
    r"|\bcardholder(?:'s name)?(?: is|:)?|\bcard holder(?: is|:)?|\baccount holder(?: is|:)?|\bkontoinhaber(?:in)?:?|\bkarteninhaber(?:in)?:?|\btitulaire:?|\btitular:?|\bshould (?:say|read)|\bin care of|\bco-?signed by"
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
    r"(?:\b(?:i am|i'm|im|it is|it's|this is|here is|we are|speak(?:ing)? (?:to|with)|talk(?:ed|ing)? (?:to|with)|ask(?:ed)? for"
    r"|(?:someone|somebody|person|colleague|guy|woman|man|agent|lady) (?:called|named)|tell|thank|collected by|signed for by|helped by|served by|dealt with|left (?:it )?with|say hi to|behalf of"
    r"|(?:my|his|her|our) (?:wife|husband|partner|son|daughter|mother|father|mum|mom|dad|sister|brother|friend|neighbou?r|colleague|boss|assistant|flatmate|roommate|housemate|landlord|landlady|tenant|girlfriend|boyfriend|fiancée?|cousin|aunt|uncle|nephew|niece|gran|grandma|grandpa|grandmother|grandfather|kid|ex|spouse|caretaker|guide)(?: is)?"
    r"|(?:wrote|write|written|spoke|speak|addressed|belongs|handed|given|change it|it) to"
    r"|(?:gift|present|parcel|order|it|is|was|one) (?:is |was )?for|contact|you may contact|instead of|signature of"
    r"|hier ist|hier spricht|hier schreibt|ich bin(?: die| der)?|mein(?:e|en|em)? (?:mann|frau|sohn|tochter|mutter|vater|freund|freundin|bruder|schwester|nachbar|nachbarin|kollege|kollegin)"
    r"|lieferung an|paket an|bitte an|an:|für|(?<!size )(?<!taille )(?<!größe )(?<!talla )m\.|je suis|c'est|ici|ma femme|mon mari|mon fils|ma fille|livrez à|soy|habla|mi marido|mi mujer|mi esposa|mi esposo|mi hijo|mi hija"
    r"|to|by|with|from|von|mit|para|pour|par|avec|con)(?!\w))\s*[,:]?\s*",
    _I,
)
# Cues that are also ordinary words: after these a name needs its capital.
_CAPITAL = frozenset(
    "to by with from von mit para pour par avec con für c'est ici contact it is it's an:".split()
)
# After these an adjective or a verb is likelier than a name.
_TELLS_HOW = frozenset({"i am", "i'm", "im", "we are", "it is", "it's", "this is", "here is"}) | {
    "ich bin", "je suis", "c'est", "soy", "by", "with", "from", "to", "for", "it for", "is for",
}  # fmt: skip
_CLOSING = re.compile(
    r"(?:\b(?:regards|rgds|rgrds|br|kr|xoxo|hugs|signed|wishes|cheers|thanks|thank you|many thanks|thx|sincerely|faithfully|yours|truly|best|love|respectfully|greetings"
    r"|grüße[n]?|grüsse[n]?|gruß|gruss|hochachtungsvoll|danke|vielen dank|mfg|vg|lg|cordialement|bien à vous|salutations|merci|bises"
    r"|saludos?|mvh|vh|hilsen|hälsningar|hälsn|pozdrawiam|s pozdravem|groetjes|groeten|groet|cordiali saluti|distinti saluti|saluti|atenciosamente|abraços|cumprimentos|sayg\u0131lar\u0131mla|üdvözlettel|terveisin|atentamente|gracias|cordialmente|un abrazo|distinguidos)\b[ \t]*[,.!:;-]*\s*|(?:^|(?<=\s))[-~]{1,2}[ \t]*|\n\s*)",
    _I,
)
_HERE = re.compile(r"\s(?:here|speaking|writing|hier|à l'appareil|al habla)\b", _I)
_END = re.compile(r"[\s.,!)-]*(?:\Z|\n)")


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
def ordinary_words() -> frozenset[str]:
    """Words of ordinary messages, in lower case."""
    return _words("names_not.txt")


@cache
def _jumbled() -> frozenset[str]:
    """The letters of each longer ordinary word: a slip of the fingers makes no name of it."""
    return frozenset("".join(sorted(word)) for word in ordinary_words() if len(word) > 5)


def _words(file: str) -> frozenset[str]:
    return frozenset((files("arriero.security") / file).read_text(encoding="utf-8").split())


def names(text: str, spare: Collection[str] = ()) -> Iterator[Found]:
    """The persons in `text`; `spare` are further words (in lower case) that are none, such as brands."""
    words = _Words(text, spare)
    for cue in _STRONG.finditer(text):
        if end := words.name_at(cue.end(), strict=False):
            yield Found("PERSON", cue.end(), end)
    for field in _FIELD.finditer(text):
        yield Found("PERSON", *field.span("value"))
    yield from _signatures(text, words)
    for match in _HERE.finditer(text):
        before = list(_TOKEN.finditer(text, max(0, match.start() - 60), match.start()))
        for token in before[-LONGEST:]:
            if words.name_at(token.start(), strict=True) == match.start():
                yield Found("PERSON", token.start(), match.start())
                break
    at = 0
    while weak := _WEAK.search(text, at):
        lowered = " ".join(weak.group().lower().split()).rstrip(",:")
        capital = lowered in _CAPITAL
        sure = lowered not in _TELLS_HOW
        end = words.name_at(weak.end(), strict=True, capital=capital, sure=sure)
        # "from China", "by SEPA": after a mere preposition one word is more often a place or a thing.
        said = text[weak.end() : end].strip() if end else ""
        if end and (not capital or (" " in said and words.may_follow(said))):
            yield Found("PERSON", weak.end(), end)
        at = weak.start() + 1
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
_GERMAN = re.compile(
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


def _doing(text: str, words: _Words) -> Iterator[Found]:
    """Whoever does what only persons do, under a name that is no ordinary word."""
    for match in _DOER.finditer(text):
        if words.may_be(match["who"]):
            yield Found("PERSON", *match.span())


def _signatures(text: str, words: _Words) -> Iterator[Found]:
    """A name between a closing formula, a dash or a line's start and the end of the line or text."""
    for closing in _CLOSING.finditer(text):
        start = closing.end()
        formula = any(char.isalpha() for char in closing.group())
        bare = not closing.group().strip()
        end = words.name_at(start, strict=True, capital=bare, sure=formula)
        if end and _END.match(text, end) and (formula or text[end:].strip(" .,!)-\n") == ""):
            yield Found("PERSON", start, end)


def _given(text: str, words: _Words) -> Iterator[Found]:
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


def _likely(text: str, words: _Words) -> Iterator[Found]:
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


class _Words:
    """Reads names off a text."""

    def __init__(self, text: str, spare: Collection[str]) -> None:
        self.text = text
        self.spare = spare
        # Where nouns have capitals too, or the ordinary words are less well known, letters must say more.
        self.letters = _LETTERS if _ENGLISH.search(text) else _LETTERS_ABROAD
        if _GERMAN.search(text):
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

    def may_be(self, word: str, *, cued: bool = False) -> bool:
        """Whether an ordinary sentence would not have this word, `cued` as it is or not."""
        lowered = word.lower()
        if lowered in self.spare:
            return False
        if folded(word) in given_names():
            return True
        if _CONTRACTION.sub("", lowered) in ordinary_words():
            return False
        if not cued and word.islower() and len(word) > 5 and lowered.endswith(_ENDINGS):
            return False
        if not cued and word.islower() and len(word) > 2 and likeness(word) < 0:
            return False
        return cued or len(word) < 6 or "".join(sorted(lowered)) not in _jumbled()

    def name_at(
        self, start: int, *, strict: bool, capital: bool = False, sure: bool = False
    ) -> int | None:
        """Where the name that begins at `start` ends; None when none does.

        `strict`: its first word must be no ordinary one. `capital`: it must begin with a capital.
        `sure`: a slip of the fingers or a verb is not to be expected there.
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
            if not self._fits(at, word, upper, strict=strict or count > 0, sure=sure or count > 0):
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
        self, at: int, word: str, upper: bool | None, *, strict: bool, sure: bool = False
    ) -> bool:
        if upper and not word[0].isupper():
            return False
        if upper is False and word[0].isupper():
            return False
        if len(word) == 1:
            return (
                upper is not None and self.text[at + 1 : at + 2] in {".", " "} and self._initial(at)
            )
        if not strict and word[0].isupper():
            return word.lower() not in _NEVER
        return self.may_be(word, cued=sure or not strict or self._another(at + len(word)))

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
_GAP = re.compile(r",? ")
# After a strong cue any capitalised word is taken, but for these.
_NEVER = frozenset(
    """i the a an and or my your his her our their this that is are was it you we they he she who which not und
    oder der die das ich et ou le la les el los y o no yes ja nein oui si sí please bitte order bestellung""".split()
)
