"""Types as code declares them, read far enough to say a value in them: `const std::vector<int>&`, `List<String>`, `int[]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_IGNORED = re.compile(
    r"\b(?:const|volatile|final|static|inline|constexpr|register|restrict|__restrict|signed|struct|extends|super|@\w+)\b(?!\s*<)|[&?]"
)
_END = re.compile(r"^(.*\S)\s*(\*|\[\s*\w*\s*\]|\.\.\.)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Type:
    """`name` is its last part (`vector`, `int`, `*` for a pointer, `[]` for an array), `of` what it holds."""

    name: str
    of: tuple[Type, ...] = ()

    @property
    def names(self) -> Iterator[str]:
        """Its name and those of all that it holds."""
        yield self.name
        for one in self.of:
            yield from one.names


def parsed(text: str) -> Type:
    """The type that a text names; whether it is const or a reference is left out."""
    text = _IGNORED.sub(" ", text).strip()
    if found := _END.match(text):
        return Type("*" if found[2] == "*" else "[]", (parsed(found[1]),))
    name, angle, rest = text.partition("<")
    of = tuple(parsed(one) for one in _split(rest.rpartition(">")[0])) if angle else ()
    plain = re.split(r"::|\.", name.strip())[-1]
    return Type(" ".join(plain.split()), of)


def _split(text: str) -> Iterator[str]:
    """The parts between the commas that stand in no brackets."""
    depth, begun = 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "<([") - (sign in ">)]")
        if sign == "," and depth == 0:
            yield text[begun:place]
            begun = place + 1
    if text[begun:].strip():
        yield text[begun:]
