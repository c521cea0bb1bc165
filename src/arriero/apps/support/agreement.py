"""Whether two questions ask the same thing, word by word: the guard before a semantic cache. Pure.

A cosine cannot tell "returned within 14 days" from "within 30 days", or worn boots from unworn ones
(about 0.98). So the words decide first: what is left of a question without its small words, with
synonyms as one, has to be the same on both sides. An unknown word is a difference: a miss costs a
second, a wrong answer a customer. English only, which is all that the tables below speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from arriero.checks.facts import facts_in
from arriero.security.masking import PLACEHOLDER

# Words that may come or go without changing what is asked.
_SMALL = frozenset(
    """a an the this that these those there here is are was were be been being am do does doing
    can could may might will would shall should must need needed require required necessary have has
    had having get got i you we me us it its one they them their he she per each find take taken took find your yours parcel of to for on in at by
    with within into onto as and or so if please hi hello hey dear thanks thank tell know let ask
    question wonder wondering quick just maybe possible possibility allowed allow offer offered
    available way exactly actually generally usually normally now then about want like any some
    something thing item good article product order purchase everything anything people person
    somebody someone customer how what which kind sort option use used step make""".split()
)
# Each line is one meaning; its words and phrases count as its first.
_MEANINGS = """
@time|how long|how long for|how many days|how many hours|how many weeks|how many months|how many years|how much time|until when|till when|by when|when|how soon|how fast|at what time|at which time|at what times|from when to when|from when on|at what point|at what moment|at what moment|how late|what hours|which hours|opening hours|opening times|hours|period|window|deadline|duration|time
@cost|how much money|how much|how high|how big|how expensive|how dear|what does it cost|cost|price|fee|charge|expensive|dear|free of charge|free|for nothing|pay for
@many|how many|number of
@where|where|in which cities|in which towns|which cities|which towns|which places|city|town
@why|why|how come|for what reason
@who|who|whose
@how|how do i|how can i|how does one|how do one|how should i|how can one|how to|what do i do|what do i have to do|what is the way|what is the right way
@early|how early|how far ahead|how long before|how many days before|how much in advance|in advance|ahead|early
delivery|deliver|delivery|ship|shipping|shipment|send|sent|dispatch
second-hand|second-hand|second hand|used good|used thing|used item|used product|used gear
return|return|returning|send back|sent back|sending back|bring back|brought back|bringing back|take back|taken back|give back|hand back
exchange|exchange|swap
refund|refund|reimburse|money back
repair|repair|mend
cancel|cancel|cancellation|call off
rent|rent|rental|renting|rent out|hire|hire out|for hire
buy|buy|bought|purchased
express|express|overnight|next day|next-day|same day|same-day
standard|standard|regular|normal|ordinary|usual
shop|shop|store|branch
online|online|website|web site|internet|on the web
worn|worn|wear|wearing
unworn|unworn|unused
damage|damage|damaged
fault|fault|faulty|defect|defective
late|late|too late|belated
lost|lost|lose|loss
guarantee|guarantee|warranty|guaranteed
own brand|own brand|own-brand|own product|product of your own|house brand
voucher|voucher|coupon
gift card|gift card|giftcard
instalment|instalment|installment|instalments
expire|expire|expiry|valid|validity|lapse|last|run out|become invalid|invalid
open|open|opening
closed|closed|close|shut
pay|pay with|accept|pay|payment|paid|paying
packaging|packaging|box|packing
rest|rest|remainder|remaining value|remaining amount|what is left|how much is left|left
paid out|paid out|pay out|payout
join|join|sign up|register|become a member|enrol
give|give|transfer|pass on|given
earn|earn|collect
check|check|see|look up|find out|view
cover|cover|covered|include|included|part of|apply to|insured
insurance|insurance|insure
minimum|minimum|at least|smallest|lowest
maximum|maximum|at most|largest|highest
amount|amount|value|total|spend|from which|from what|from when on
reserve|reserve|reserved|hold|held|set aside
park|park|parking|parking space|car park
duty|duty|duties|import duty|customs|customs duty|customs fee|import fee
happen|what happen if|what happen when|happen|what if|what do you do when|what do you do if|consequence
country|country|belong
review|review
invoice|invoice|bill
"""
_APOSTROPHE = re.compile("[\u2018\u2019\u02bc`]")
_TOKEN = re.compile(r"[^\W_]+(?:[-'.][^\W_]+)*")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|cannot|without|unable|refuse\w*)\b|n't\b"
)
# Where the order of two of these says which is which: bought in a shop and returned online.
_CHANNELS = frozenset({"shop", "online", "post", "phone", "warehouse"})
_PERSONAL = re.compile(
    r"\b(?:my|mine|our|ours|myself|i've|i'd bought|i'm waiting|we've"
    r"|i (?:have |had |just |already |never |only )*(?:ordered|bought|paid|returned|received|sent|got|placed"
    r"|cancelled|canceled|booked|rented|registered|lost|forgot|waited|called|wrote|need it)"
    r"|(?:this|the) (?:order|parcel|refund|invoice) (?:number|no)"
    r"|(?:you|they) (?:sent|charged|promised|told|owe) me|am i|was i)\b"
    r"|@|#\s?\d|(?<!\d)\d{5,}(?!\d)",
    re.IGNORECASE,
)


_OF_ONE = re.compile(
    r"(?<!\d)\d{5,}(?!\d)|^(?:dear|hello|hi) (?!customer\b|there\b|and\b)[^\W\d_]+,"
    r"|\byour (?:order|parcel|refund|return|payment|account|invoice|case)\b(?: \w+)?"
    r" (?:is|was|has|had|will|arrived|left)\b",
    re.IGNORECASE,
)


def is_personal(question: str) -> bool:
    """Whether the question is about one person's own things: such an answer is nobody else's.

    An own order, "my", a number of five digits, an address, or a value that was masked.
    """
    plain = _APOSTROPHE.sub("'", question)
    return bool(_PERSONAL.search(plain) or PLACEHOLDER.search(plain))


def speaks_of_one(answer: str) -> bool:
    """Whether an answer tells somebody of their own order, or calls them by name."""
    return bool(_OF_ONE.search(answer) or PLACEHOLDER.search(answer))


def disagreement(asked: str, approved: str) -> str:
    """How two questions differ in what decides the answer, as a clause; empty when they agree."""
    one, other = facts_in(asked), facts_in(approved)
    if one != other:
        return f"other numbers: {', '.join(sorted(one ^ other))}"
    asked, approved = (_APOSTROPHE.sub("'", text) for text in (asked, approved))
    if bool(_NEGATION.search(asked.lower())) != bool(_NEGATION.search(approved.lower())):
        return "only one of them is negated"
    first, second = meanings(asked), meanings(approved)
    if different := set(first) ^ set(second):
        return f"other words: {', '.join(sorted(different))}"
    if _places(first) != _places(second):
        return "the same words in another order"
    return ""


def _places(words: Sequence[str]) -> tuple[str, ...]:
    """What the order of the words decides: the channels one after the other, and what is counted."""
    counted = (after for word, after in pairwise(words) if word == "@many")
    return (*(word for word in words if word in _CHANNELS), *counted)


def meanings(question: str) -> tuple[str, ...]:
    """The words that decide, in order: without small words and numbers, synonyms as one, singular."""
    found = list(_meanings(question))
    if "back" in found[1:]:  # "send the goods back": the verb before it is a return
        at = found.index("back", 1)
        found[at - 1 : at + 1] = ["return"]
    return tuple(found)


def _meanings(question: str) -> Iterator[str]:
    tokens = _TOKEN.findall(_APOSTROPHE.sub("'", question).lower())
    words = [_base(token) for token in tokens if not facts_in(token)]
    at = 0
    while at < len(words):
        for size in range(min(_LONGEST, len(words) - at), 0, -1):
            found = _KNOWN.get(" ".join(words[at : at + size]))
            if found:
                yield found
                at += size
                break
        else:
            if words[at] not in _LITTLE and not words[at].endswith("n't"):
                yield words[at]
            at += 1


def _base(word: str) -> str:
    """A word without the endings of number and tense, as far as a rule can take them off."""
    word = word.removesuffix("'s")
    if len(word) < 4:
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 2 and re.search("[aeiouy]", stem):
            doubled = stem[-1] == stem[-2] and stem[-1] not in "lsz"
            return stem[:-1] if doubled else stem.removesuffix("e")
    return word.removesuffix("e") if len(word) > 4 else word


def _known() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _MEANINGS.strip().splitlines():
        name, *phrases = line.split("|")
        for phrase in (name, *phrases):
            if not phrase.startswith("@"):
                words = _TOKEN.findall(phrase)
                found.setdefault(" ".join(_base(word) for word in words), name)
    return found


_LITTLE = frozenset(map(_base, _SMALL))
_KNOWN = _known()
_LONGEST = max(len(phrase.split()) for phrase in _KNOWN)
