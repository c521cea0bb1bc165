"""Whether a message only reports something, so that the usual procedure answers it. Pure.

"Only one boot was in the parcel, what now?" wants to be told how such a case goes; "Must I send the boot
back if it cost 20 EUR?" asks for one thing that a general text may leave out.
"""

from __future__ import annotations

import re

_CLAUSE = re.compile(r"(?<=[.!?;:])\s+|,\s+|\s+-+\s+|\s*\n\s*")
_QUESTION = re.compile(
    r"\W*(?:(?:hi|hello|hey|and|also|so|but|then|well|ok|okay|please|pls)\W+)*"
    r"(?:how|what|when|where|why|who|whom|whose|which|can|could|would|will|shall|should|may|might|must"
    r"|do|does|did|is|are|was|were|am|has|have|had|until|till|since|any)\b",
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


def only_reports(message: str) -> bool:
    """Whether nothing in `message` asks for anything in particular."""
    return not any(_asks(part) for part in _CLAUSE.split(message))


def _asks(clause: str) -> bool:
    if _ANY.fullmatch(clause):
        return False
    if clause.rstrip().endswith("?") or _QUESTION.match(clause):
        return True
    return _ASKED_WITHIN.search(clause) is not None
