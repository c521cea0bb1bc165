"""What is not written at all, and what is taken out of a requirement before anything keeps it."""

from __future__ import annotations

import re
from collections.abc import Sequence

SECRET = "<SECRET>"  # noqa: S105  # what stands where a secret was

# Bounded where a text could make a rule begin anew at every word and read to the end each time.
# Formats that their makers publish; a value with one of them is a key and nothing else.
_KEYS = re.compile(
    r"""
      \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                        # Amazon access key
    | \bgh[pousr]_[A-Za-z0-9]{36,}\b | \bgithub_pat_\w{40,}\b
    | \bglpat-[\w-]{20,}\b
    | \bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}\b             # model providers
    | \b[rs]k_live_[A-Za-z0-9]{16,}\b                      # Stripe
    | \bxox[abprs]-[A-Za-z0-9-]{10,}\b                     # Slack
    | \bAIza[\w-]{35}\b                                    # Google
    | \beyJ[\w-]{10,2000}\.eyJ[\w-]{10,}\.[\w-]{10,}\b     # JSON web token
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
# `password = "hunter2!"`, `api key: 9f8e...`: a name that says secret, then a value that could be one. A call
# is none: `password = hashlib.sha256(salt)`.
_NAMED = re.compile(
    r"""(?ix)
    \b(?P<name>(?:\w+_)?(?:password|passwd|passphrase|secret|api[_ -]?key|access[_ -]?key|auth[_ -]?token))
    (?P<sign>\s*(?::|=(?!=)|\bis\b)\s*["'`]?)
    (?:(?<=["'`])|(?![a-z_][\w.]*[(\[]))
    (?P<value>(?=[^\s"'`]{0,200}?\d)(?=[^\s"'`]{0,200}?[A-Za-z])[^\s"'`()\[\]{},]{8,})
    """
)
_IN_A_URL = re.compile(
    r"(?P<head>\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@]+:)(?P<value>[^\s:/@]{3,})(?=@)"
)


def without_secrets(text: str) -> str:
    """`text` with `<SECRET>` where a key, a password or a token stood."""
    text = _KEYS.sub(SECRET, text)
    text = _NAMED.sub(lambda found: f"{found['name']}{found['sign']}{SECRET}", text)
    return _IN_A_URL.sub(lambda found: f"{found['head']}{SECRET}", text)


# What only harms whoever it meets. Each needs its own words: "keylogger" is enough, "password" is not.
_HARM: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), what)
    for pattern, what in (
        (r"\bkey\s?-?loggers?\b|(?:log|record|captur)\w*\s+(?:\w+\s+){0,4}keystrokes", "a keylogger"),
        (r"\bransom\s?ware\b|encrypt\w*\b.{0,80}\bransom\b", "ransomware"),
        (r"\b(?:root|boot)kits?\b|\bback\s?doors?\b|\breverse\s+shells?\b(?!\s+sort)|\bbind\s+shells?\b", "a way into other people's machines"),
        (r"\bbot\s?nets?\b|\bd?dos\s+(?:attack|tool|script)|\b(?:syn|udp|http)\s+flood(?:er|ing)?\b", "an attack on a service"),
        (r"\bself[- ](?:replicat|spread|propagat)\w+(?!.{0,80}\bquine)|\bcomputer\s+(?:virus|worm)\b|\bmalware\b|\btrojan\b|\bspyware\b", "malware"),
        # A lexer grabs tokens, a session dumps its cookies: these two need what is nobody's to take.
        (r"\b(?:grab|dump)\w*\b.{0,60}\b(?:passwords?|credentials?|credit\s?cards?|ssh\s+keys?|browser(?:'s)?\s+(?:data|cookies|tokens))\b", "the theft of credentials"),
        (r"\b(?:steal|exfiltrat|harvest)\w*\b.{0,60}\b(?:passwords?|credentials?|cookies|tokens?|wallets?|credit\s?cards?|ssh\s+keys?|browser\s+data)\b", "the theft of credentials"),
        (r"\bphishing\b.{0,40}\b(?:page|site|mail|e-mail|kit|form)|\bfake\s+login\b|\bcredential\s+stuffing\b", "phishing"),
        (r"\b(?:bypass|evad|disabl|kill)\w*\b.{0,30}\b(?:anti-?virus|edr|defender|firewall)\b", "hiding from protection"),
        (r"\b(?:delete|wipe|destroy|overwrite)\w*\b.{0,30}\b(?:all\s+(?:the\s+)?files|whole\s+disk|hard\s+(?:disk|drive)|system32|boot\s+sector)\b.{0,80}\b(?:victim|target|infected|without\s+(?:their|his|her|the\s+user))", "the destruction of data"),
        (r"\bwithout\s+(?:their|his|her|the\s+(?:user|owner|victim)'?s?)\s+(?:knowledge|consent|permission)\b", "acting behind somebody's back"),
        (r"\bcrypto\s?jack\w*|\bhidden(?:ly)?\s+min(?:e|er|ing)\b", "mining on other people's machines"),
    )
)  # fmt: skip
_AGAINST = re.compile(
    r"\b(?:detect|prevent|protect|defend|block|find|scan(?:s|ning)?\s+for|warn|alert|classif|identif|analy[sz]|"
    r"remov|mitigat|withstand|resist|surviv|report|filter|quarantine|is_|has_|looks?_like)\w*\b",
    re.IGNORECASE,
)
_NEAR = 60  # characters before the word in which "detect", "block" turn it round


def harm_in(text: str) -> str:
    """What harmful thing `text` asks for; empty when it asks for none.

    By words, so it is a fence and no proof: who disguises the purpose gets past it, and the code that is
    written then is scanned like any other. Words of defence shortly before turn a hit round.
    """
    for pattern, what in _HARM:
        for found in pattern.finditer(text):
            before = text[max(0, found.start() - _NEAR) : found.start()]
            if not _AGAINST.search(before) and not _AGAINST.search(found.group()):
                return what
    return ""
