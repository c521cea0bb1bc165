"""Written answers: what a text model is asked, and what of its reply may be shown.

A small model invents: unconstrained, the packaged 135M one answered none of our open questions
rightly (bars/LOG.md). With the wording "quoted" its decoding is therefore constrained by a schema to
whole sentences of the passages: it chooses which ones answer, and in which order. A model that can
be trusted with words of its own is given "free".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from arriero.apps.support.extract import sentences
from arriero.apps.support.inquiry import Inquiry
from arriero.core.words import JsonValue, Message, Source
from arriero.models.base import Reply

SENTENCES = 2  # about 50 tokens, a second of the packaged model's time
TASK = f"Answer the question in {SENTENCES} sentences of the text."
LEAST_WORDS = 4  # shorter pieces are headings and fragments, not answers
HISTORY = 6  # earlier messages in the prompt
# Without it the small model likes its first sentence so much that it says it twice. Constrained
# decoding cannot leave the sentences, so the penalty costs no sense.
AGAINST_REPEATING = 1.0


def messages(system: str, inquiry: Inquiry, passages: Sequence[Source]) -> tuple[Message, Message]:
    """The prompt, every passage whole; what is the same for everybody comes first and is cached."""
    said = "\n".join(f"{one.role}: {one.text}" for one in inquiry.history[-HISTORY:])
    before = f"Said before:\n{said}\n\n" if said else ""
    asked = f"{_text(passages)}\n\n{before}Question: {inquiry.message}"
    return Message("system", f"{system} {TASK}"), Message("user", asked)


def _text(passages: Sequence[Source]) -> str:
    """The passages under their titles, a title once; the best article and its best passage first."""
    articles: dict[str, list[str]] = {}
    for one in passages:
        articles.setdefault(one.title, []).append(one.quote)
    return "\n\n".join("\n".join((title, *quotes)) for title, quotes in articles.items())


def sentences_only(passages: Sequence[Source]) -> Mapping[str, JsonValue]:
    """A JSON schema that only sentences of the passages satisfy."""
    known = list(_places(passages))
    few = min(SENTENCES, len(known))
    return {
        "type": "array",
        "items": {"type": "string", "enum": known},
        "minItems": few,
        "maxItems": few,
    }


def told(
    reply: Reply, passages: Sequence[Source], *, quoted: bool
) -> tuple[str, tuple[Source, ...]]:
    """What may be shown of `reply`, and the passages it rests on; an empty text when nothing may."""
    if not quoted:
        text = reply.text if reply.finish == "stop" else _whole(reply.text)
        return text.strip(), tuple(passages)
    places = _places(passages)
    try:
        chosen = [one for one in dict.fromkeys(json.loads(reply.text)) if one in places]
    except ValueError:  # cut by the token limit: the array never ended
        chosen = [one for one in places if json.dumps(one, ensure_ascii=False) in reply.text]
    used = dict.fromkeys(places[one] for one in chosen)
    return " ".join(chosen), tuple(passages[at] for at in used)


def _places(passages: Sequence[Source]) -> Mapping[str, int]:
    """Each sentence that may be chosen, and the place of its passage."""
    return {
        text: place
        for place, passage in enumerate(passages)
        for text in sentences(passage.quote)
        if len(text.split()) >= LEAST_WORDS
    }


def _whole(text: str) -> str:
    """`text` up to its last full stop: what the token limit cut off is not shown."""
    end = max(text.rfind(mark) for mark in (". ", "! ", "? ", ".\n"))
    return text if text.rstrip().endswith((".", "!", "?")) or end < 0 else text[: end + 1]
