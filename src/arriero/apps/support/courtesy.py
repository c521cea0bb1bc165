"""What a message asks, without the mail that it quotes, the greeting before it and the thanks after it. Pure.

"Hi team, how quick is express? Cheers" asks how quick express is. Left in, the small words of courtesy
are words that no article takes up, and draw the message towards the intent of a greeting; and an older
mail below a "yes" names other orders and says sorry for them.
"""

from __future__ import annotations

import re
from functools import lru_cache

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
    # Only from the beginning of what stands between: a run of "!" is looked at once, not from each of them.
    r"(?:^|(?<![\s,.!?;:)-])[\s,.!?;:)-]+)(?:"
    rf"(?i:{_THANKS})|(?i:{_BYE})(?:[\s,]+{_NAME}){{0,3}}|(?i:best|bye)(?:[\s,]+{_NAME}){{1,3}}"
    r"|(?i:please help(?: me)?|have a (?:nice|good|great|lovely) (?:day|one|evening|weekend)|much appreciated"
    r"|(?:i )?(?:would )?appreciate (?:it|your help)|please advise|pls)"
    r")[\s,.!:;)-]*$"
)
_MOST = 4  # courtesies on either side

# How mail programs begin what they quote, in English, German, French and Spanish. The time of day tells
# it from "On Monday your colleague wrote:".
_WROTE = re.compile(
    r"^(?:On|Am|Le|El)\b(?=.{0,200}\d[:.h]\d\d).{4,300}?(?:\bwrote|\bschrieb\b.{0,200}|\ba écrit|\bescribió)\s*:\s*$",
)
_ORIGINAL = re.compile(
    r"^[ \t]*-{2,}[ \t]*(?:Original Message|Original-Nachricht|Ursprüngliche Nachricht|Message d'origine|Message original"
    r"|Mensaje original)[ \t]*-{2,}[ \t]*$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\s*(?:From|Von|De)\s*:\s*\S", re.IGNORECASE)
_SENT = re.compile(r"^\s*(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Fecha)\s*:\s*\S", re.IGNORECASE)


def without_quoted(message: str) -> str:
    """The message without older mails that a mail program put below or around it.

    Lines that begin with ">" go, with the line that says who wrote them; so does all from "Original
    Message" on, from a header of From and Sent, or from "On ... wrote:" where no ">" follows. Where
    nothing else is left the message stays as it is.
    """
    if "\n" not in message:
        return message
    lines = message.replace("\r\n", "\n").split("\n")
    own: list[str] = []
    at = 0
    while at < len(lines):
        line, rest = lines[at], lines[at + 1 :]
        if _ORIGINAL.match(line) or (_FROM.match(line) and rest and _SENT.match(rest[0])):
            break
        if taken := _attribution(lines, at):
            at += taken
            if not any(one.lstrip().startswith(">") for one in lines[at : at + 2]):
                break
            continue
        if not line.lstrip().startswith(">"):
            own.append(line)
        at += 1
    told = "\n".join(own).strip()
    return told if re.search(r"\w", told) else message


def _attribution(lines: list[str], at: int) -> int:
    """How many lines say from `at` on who wrote what follows: one, or two where it was wrapped."""
    for many in (1, 2):
        if _WROTE.match(" ".join(lines[at : at + many])):
            return many
    return 0


@lru_cache(maxsize=256)  # asked for by several stages of a run
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
