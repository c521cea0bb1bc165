"""Code as words: `parseHTTPHeader` and `parse_http_header` are both found by "parse http header"."""

from __future__ import annotations

import re

_NAME = re.compile(r"\w+")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def parts(name: str) -> list[str]:
    """The words that an identifier is made of, in lower case."""
    if name.isascii():
        return [part.lower() for part in _PART.findall(name)]
    return [part.lower() for part in name.split("_") if part]


def split(text: str) -> str:
    """The words of `text`; an identifier of several is there whole and in its parts."""
    found: list[str] = []
    for name in _NAME.findall(text):
        made = parts(name)
        if made != [name.lower()]:
            found.append(name.lower())
        found += made
    return " ".join(found)
