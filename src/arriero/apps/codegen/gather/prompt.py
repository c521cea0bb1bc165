"""Which of what was found the writer is shown, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from arriero.apps.codegen.draft import Opened
from arriero.apps.codegen.gather.snippet import Found, Origin, Snippet

CHARACTERS = 4  # of a token, roughly
_HEAD = "Code that may help; use of it what fits, and import nothing from it:"


def shown(
    found: Sequence[Found], *, most: int, likeness: float, tokens: int
) -> tuple[Snippet, ...]:
    """The best `most` of `found` that are at least so like the requirement and fit `tokens` together."""
    chosen: list[Snippet] = []
    left = tokens * CHARACTERS
    for one in found:
        size = len(_block(one.snippet))
        if len(chosen) < most and one.likeness >= likeness and size <= left:
            chosen.append(one.snippet)
            left -= size
    return tuple(chosen)


def with_snippets(prompt: Opened, snippets: Sequence[Snippet]) -> Opened:
    """`prompt` with `snippets` before what the user asks."""
    if not snippets:
        return prompt
    blocks = "\n\n".join(_block(one) for one in snippets)
    at = next(at for at, one in enumerate(prompt.messages) if one.role == "user")
    asked = prompt.messages[at]
    told = replace(asked, content=f"{_HEAD}\n\n{blocks}\n\nNow the task:\n\n{asked.content}")
    return replace(prompt, messages=(*prompt.messages[:at], told, *prompt.messages[at + 1 :]))


def _block(snippet: Snippet) -> str:
    where = f" ({snippet.file})" if snippet.origin is Origin.REPOSITORY else ""
    return f"{snippet.title}{where}:\n```{snippet.language}\n{snippet.code.strip()}\n```"
