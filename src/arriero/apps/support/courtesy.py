"""What a message asks, without the greeting before it and the thanks after it. Pure.

"Hi team, how quick is express? Cheers" asks how quick express is. Left in, the small words of courtesy
are words that no article takes up, and draw the message towards the intent of a greeting.
"""

from __future__ import annotations

import re

_NAME = r"(?:[A-Z][\w.'-]*|<\w+>)"  # a name, or the placeholder of one
_WHOM = (
    r"(?:there|all|again|team|guys|folks|every(?:one|body)|support|service|sirs?|madam|or|and|to|you|the|your"
    r"|customer|care|people|friends)"
)
_BEFORE = re.compile(
    rf"[\W_]*(?:(?i:hi|hello|hey|hiya|hallo|howdy|greetings|dear|good (?:morning|afternoon|evening|day(?=\s*[,.!\n]))"
    rf"|morning|(?:a )?(?:very )?good (?:one|day) to you)"
    rf"(?:[ ]+(?i:{_WHOM})\b)*(?:[ ]+{_NAME}(?:[ ]+{_NAME})*(?=\s*[,!\n]))?"
    r"|(?i:(?:i'?m |i am )?(?:so |very )?(?:sorry|apologies)(?: to (?:bother|trouble|disturb) you)?(?: but)?(?=\s*,| to | but)"
    r"|excuse me|pardon me|(?:just )?(?:a |one |another )?(?:very )?(?:quick|short|small|little|simple) (?:question|one)"
    r"|(?:i have |i've got )(?:a|one) (?:quick |short )?question))"
    r"(?:\s*[,.!:;-]+\s*|\s*\n\s*|\s+(?!(?i:from|about|on|for|is|are|was)\b))(?i:but\s+)?"
)
_THANKS = (
    r"(?:(?:many |best |a lot of )?thanks?(?: (?:you|u))?(?: so| very| much| a (?:lot|bunch|ton|million)| again"
    r"| in advance| for (?:your|the|any|all) (?:help|time|support|advice|answer|reply|patience))*"
    r"|(?:ty|thx|tia|tnx|thanx|ta|cheers|merci|danke)(?: in advance| so much| a lot)?)"
)
_BYE = (
    r"(?:(?:(?:kind|best|warm|warmest|with best|with kind|many) )?(?:regards|wishes|greetings)|sincerely|yours(?: (?:sincerely|"
    r"faithfully|truly))?|greetings from)"
)
_AFTER = re.compile(
    r"(?:^|[\s,.!?;:)-]+)(?:"
    rf"(?i:{_THANKS})|(?i:{_BYE})(?:[\s,]+{_NAME}){{0,3}}|(?i:best|bye)(?:[\s,]+{_NAME}){{1,3}}"
    r"|(?i:please help(?: me)?|have a (?:nice|good|great|lovely) (?:day|one|evening|weekend)|much appreciated"
    r"|(?:i )?(?:would )?appreciate (?:it|your help)|please advise|pls)"
    r")[\s,.!:;)-]*$"
)
_MOST = 4  # courtesies on either side


def request_in(message: str) -> str:
    """The message without its courtesies; all of it when it is nothing else."""
    asked = message.strip()
    for _ in range(_MOST):
        shorter = asked[found.end() :] if (found := _BEFORE.match(asked)) else asked
        if found := _AFTER.search(shorter):
            end = "?" if shorter[found.start() : found.start() + 1] == "?" else ""
            shorter = shorter[: found.start()] + end
        if shorter == asked or not re.search(r"\w{2}", shorter):
            break
        asked = shorter
    return asked
