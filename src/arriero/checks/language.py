"""Which language a text is in, from its function words: enough to notice a mismatch, no model needed."""

from __future__ import annotations

import re

# The commonest function words of each language; words shared by several languages say little and
# are kept only where they are decisive together.
_FUNCTION_WORDS = {
    "en": "the and is are was you your my i it to of in for on with not have has can do does how what when "
    "where which this that we if be from at will would please there an or but as been did they",
    "de": "der die das und ist ich nicht ein eine einen mein meine mit für auf von zu wie wann wo kann haben "
    "hat sie wir es dem den im noch wurde bitte was warum schon ihr ihre auch bei",
    "fr": "le la les et est je ne pas un une mon ma mes avec pour sur de du des vous nous il elle que qui où "
    "quand comment ce cette dans au aux bonjour mais été ai avez votre",
    "es": "el la los las y es yo no un una mi mis con para por de del usted nosotros que dónde cuándo cómo "
    "este esta en al hola pero está están ha he mucho su se lo mi pedido",
    "it": "il lo la gli le e è io non un una mio mia con per di del della che dove quando come questo questa "
    "nel al ciao ma sono ho ha il mio si ordine buongiorno",
    "nl": "de het een en is ik niet mijn met voor op van naar hoe wanneer waar kan heb heeft jullie wij deze "
    "dit bij nog maar wel ook geen bestelling",
    "pt": "o a os as e é eu não um uma meu minha com para por de do da que onde quando como este esta no na "
    "olá mas está foi tem pedido você",
}
_SETS = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")
CLEAR_HITS = 2  # one shared word proves nothing; by two a short question is told apart


def language_of(text: str) -> str | None:
    """ISO 639-1 code of the likeliest of seven languages, or None when the text does not tell.

    None too for another script or too few function words; a tie goes to English, then the order above.
    """
    words = _WORD.findall(text.lower())
    hits = {code: sum(word in known for word in words) for code, known in _SETS.items()}
    best = max(hits, key=lambda code: hits[code])
    return best if hits[best] >= CLEAR_HITS else None
