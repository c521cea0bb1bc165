"""Whether a message asks what an article may answer, and not how something of the customer's stands. Pure.

"How many days until my refund is paid?" is answered by an article, whatever the customer ordered;
"Has my parcel left yet?" only by the order's record, and "please cancel it" asks for a deed. English,
as `agreement` is.
"""

from __future__ import annotations

import re

from arriero.apps.support.agreement import is_personal
from arriero.apps.support.reports import only_reports

# "The parcel" that a customer speaks of is theirs.
_THINGS = r"(?:order|parcel|package|delivery|shipment|refund|return|money|stuff|goods|purchase)"
_OWN = re.compile(rf"\b(?:the|this|that|last|latest|any) {_THINGS}\b", re.IGNORECASE)
# So is a bare "it" that is asked after: what it is was said before, or is the order.
_IT = re.compile(
    r"\bwhere(?:'s|s| is| are) (?:it|they)\b"
    r"|\b(?:has|have|hasn't|haven't) (?:it|they) (?:\w+ )?(?:left|arrived|gone|been|shipped|come)\b",
    re.IGNORECASE,
)
_STANDING = re.compile(
    r"\bwhere(?:'s|s| is| are| am)\b|\b(?:any|what(?:'s| is)?(?: the)?(?: latest)?) (?:news|updates?|status|progress)\b|\bstatus of\b"
    r"|\b(?:has|have|did|hasn't|haven't|didn't) (?:my|the|it|you|they|anything|anybody|this)\b"
    r"|\b(?:arrived|turned up|shown up|gone out|left yet|shipped yet|sent yet|on its way)\b"
    r"|\b(?:when|which day|what day|what time) (?:will|do|does|is|are|can|may|should) (?:i|we|it|my|the|this) (?!pay|return|send|need|use|have)"
    r"|\bis (?:my|it|this|the)\b|\bstill (?:not|no|waiting|hasn't|processing)\b|\bwhat(?:'s| is) (?:happening|going on|up)\b",
    re.IGNORECASE,
)
_DEED = (
    r"(?:\w+ )?(?:cancel|stop|change|refund|update|correct|redirect|track|check|look|send (?:me|it)|swap|exchange)\b"
    r"(?! (?:one|only|single|at|in|a\b|for))"
)
_WISH = re.compile(
    rf"\b(?:please|pls|can (?:you|u)|could (?:you|u)|would you|i (?:want|need|would like|'d like) to) {_DEED}",
    re.IGNORECASE,
)
_MAY = re.compile(rf"(?:^|[.!?,;] )(?:can|could|may) (?:i|we) {_DEED}", re.IGNORECASE)


# A whole message: "which orders do I have to return?" asks something else.
_ORDERS = r"(?:(?:open|current|latest|last|recent|past|previous|other) )?orders"
_LIST = re.compile(
    r"\W*(?:(?:please|can|could|would|you|i|i'd|want|like|to) )*"
    rf"(?:(?:which|what) {_ORDERS} (?:do i have|(?:have|did) i(?: (?:placed?|made?|make|got))?)"
    rf"|do i have (?:any )?{_ORDERS}|what (?:have|did) i order(?:ed)?|what are my {_ORDERS}"
    rf"|(?:(?:list|show|see|view|tell|give) (?:me )?(?:a list of )?(?:all )?(?:of )?)?my {_ORDERS})"
    r"(?: (?:please|now|right now|at the moment|so far|open|(?:with|from|at) you))*\W*",
    re.IGNORECASE,
)


def asks_for_orders(message: str) -> bool:
    """Whether `message` asks which orders the customer has, and nothing else."""
    return _LIST.fullmatch(message) is not None


def asks_in_general(message: str) -> bool:
    """Whether `message` asks something, and neither how an own order stands nor that anything be done."""
    if only_reports(message) or _WISH.search(message) or asks_for_orders(message):
        return False
    own = is_personal(message) or any(one.search(message) for one in (_OWN, _IT))
    return not (own and (_STANDING.search(message) or _MAY.search(message)))
