"""Whether a message only reports something, so that the usual procedure answers it. Pure.

"Only one boot was in the parcel, what now?" wants to be told how such a case goes; "Must I send the boot
back if it cost 20 EUR?" asks for one thing that a general text may leave out, and so does "not sure
whether you need the box".
"""

from __future__ import annotations

import re

# A run of spaces is tried at its beginning only: from each of them it would be read once a space.
_CLAUSE = re.compile(r"(?<=[.!?;:])\s+|,\s+|(?<!\s)\s+-+\s+|(?<!\s)\s*\n\s*")
_QUESTION = re.compile(
    r"\W*(?:(?:hi|hello|hey|and|also|so|but|then|well|ok|okay|please|pls)\W+)*"
    r"(?:(?:how|what|when|where|why|who)['\u2019]?s?|whom|whose|which|can|could|would|will|shall|should|may|might|must"
    r"|do|does|did|is|are|was|were|am|has|have|had|until|till|since|any(?:thing|body|one|where)?"
    r"|(?:by|from|at|in|on|for|with|to|up to) (?:how|what|when|where|whom|which))\b",
    re.IGNORECASE,
)
# Questions that only ask for whatever comes next.
_ANY = re.compile(
    r"\W*(?:and\W+|so\W+|but\W+|then\W+)*(?:"
    r"what (?:now|next|then|happens (?:now|next)|(?:can|could|should|shall|do|must|would) (?:i|we|you)"
    r"(?: (?:do|suggest|recommend|advise))?(?: (?:now|next|then|here|about (?:it|this|that)))*)"
    r"|how (?:do|can|should|shall) (?:i|we) (?:proceed|go on|go about (?:it|this|that)|report (?:it|this|that))"
    r"|(?:can|could|will|would) (?:you|somebody|someone|anybody|anyone) (?:please )?help(?: me| us)?(?: out)?"
    r"(?: with (?:it|this|that))?"
    r"|(?:any|what) (?:ideas?|advice|suggestions?)|how (?:does|do) (?:this|that|it) (?:work|go)"
    r"|(?:can|could) (?:we|you|i) (?:fix|sort|solve) (?:it|this|that)(?: out)?"
    r")\W*",
    re.IGNORECASE,
)  # fmt: skip

# Wherever they stand, they ask: "after cancelling how long till the money is back".
_ASKED_WITHIN = re.compile(
    r"\b(?:how (?:long|many|much|often|soon|quick(?:ly)?|fast|do|can|should)|until when|what (?:does|do|is|are) (?:the|it|a|my)"
    r"|is (?:it|there)|do (?:i|you)|can (?:i|you|u)|which (?:one|size))\b(?! (?:help|send|please|cancel|stop|change))",
    re.IGNORECASE,
)

# Questions without a verb: "last day to order for christmas", "shop address", "price of a patch".
_SAID_SHORT = re.compile(
    r"\W*(?:(?:and|also|so|the|your|roughly|exact|exactly|usual)\s+)*(?:(?:last|latest|first|earliest) (?:day|date|chance|time|moment)"
    r"|prices?|costs?|fees?|postage|deposit|max(?:imum)?|min(?:imum)?|limit|highest|lowest|deadline|duration|period|weight|add?ress|opening"
    r"|difference|validity|conditions?|meaning) (?:of|for|to|amount|hours|times|between)\b"
    r"|.*\b(?:add?ress|hours|opening times|prices?|deadline|deposit|fees?|costs?|per day|in general)\W*$"
    r"|.*\b(?:by|until|till|since|from) when\W*$|.*\bor (?:not|what|no)\W*$"
    r"|(?:i (?:want|need|would like|'d like|request)|give me|send me|get me) (?:a )?(?:copy|export|download|list|overview) of\b",
    re.IGNORECASE,
)
# Questions told as statements: "not sure whether you need the box", "let me know how long that takes".
_TOLD = re.compile(
    r"\b(?:wonder(?:ing|ed)?|know|tell me|sure|idea|explain|clear|curious|confirm|understand|find out|clarify|advise|question is)"
    r"(?: \w+){0,2}? (if|whether|until when|till when|by when|how|what|when|where|who|whom|which|at which|up to when)\b([^.!?]*)"
    r"|\b(?:tell me|let me know|(?:need|want|like) to know|wondering about)\b(?: about)? (?:the|your|about)\b(?! (?:next|further|usual) )(?! (?:steps?|procedure|process)\b)",
    re.IGNORECASE,
)
# What follows them when nothing in particular is asked: what comes next, or how it could happen.
_WHATEVER = re.compile(
    r"\s*(?:to (?:do|proceed|go on|report)\b|(?:(?:can|should|must|shall|do|could) (?:i|we)|(?:i|we) (?:can|should|must|shall|could|have to|need to))"
    r" (?:do|proceed|go on)(?! you)\b|(?:happens|comes|is|'s) (?:now|next|then)\b|next\b|now\b"
    r"|(?:this|that|it|they|he|she|the \w+)?\s*(?:happened|went wrong|broke|got|came|could|ended|was|did|did this)\b|(?:this|that|it) (?:works|goes)\b)",
    re.IGNORECASE,
)


def only_reports(message: str) -> bool:
    """Whether nothing in `message` asks for anything in particular."""
    return not any(_asks(part) for part in _CLAUSE.split(message))


def _asks(clause: str) -> bool:
    if _ANY.fullmatch(clause):
        return False
    if clause.rstrip().endswith("?") or _QUESTION.match(clause):
        return True
    if _ASKED_WITHIN.search(clause) or _SAID_SHORT.match(clause):
        return True
    return any(not found[1] or not _WHATEVER.match(found[2]) for found in _TOLD.finditer(clause))
