"""The second listener: a linear model beside the rules, which knows what was said in other words than the grammar's.

It hears a text in pieces: each sentence, and two or three that follow one another in a section, for claims that
are split. A piece is scored by its words, its letters and the grammar's classes; what stays in doubt is asked again
with its sentence vector, and only that may clear it. What the grammar found is asked again as well: where the
narrowest piece around it surely claims nothing ("never write that ..."), it is dropped. So without an encoder every
doubt stands, and all that the grammar found: more is withheld, never less. What is heard is a hit of the same groups as
the grammar's, with a probability, and every excuse of a rule holds for it as well: what the record excuses is as good as
nothing claimed, and the likeliest claim that it does not excuse is measured against that.

The weights are `listener.safetensors` and `listener.json`, fitted by `python -m bars._listener`. They are read
without numpy, so that a wheel without extras hears as well; the same text is heard alike everywhere.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import exp, log, sqrt
from pathlib import Path

from arriero.apps.finance.compliance.meaning import Hit, Pattern, Scene
from arriero.apps.finance.compliance.reading import ASKED, COMPANY
from arriero.core.errors import ModelCorrupt

HERE = Path(__file__).parent
SHAPE, WEIGHTS = HERE / "listener.json", HERE / "listener.safetensors"
FORMAT = 2
MOST_SENTENCES = 3  # of a piece
MOST_WORDS = 90  # of a piece of several sentences; claims that are split are short
CHARACTERS = (2, 5)
ALLOWED = "allowed"  # the label of what claims nothing
_WORD = re.compile(r"[^\W_]+|\?")
_SPACE = re.compile(r"\s+")
_DIGIT = re.compile(r"\d")

Vector = Sequence[float]
Excuse = Callable[
    [str, "Piece"], bool
]  # whether the record lets a claim of this group in this piece pass


@dataclass(frozen=True, slots=True)
class Piece:
    """The words `first:last` of a scene, `size` sentences, as they are read, and the classes in them."""

    first: int
    last: int
    size: int
    text: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A piece that may claim something: its scores by words, one a label, and the probability by them alone."""

    piece: Piece
    scores: tuple[float, ...]
    chance: float


@dataclass(frozen=True, slots=True)
class Block:
    """N-grams of a kind: the place of each in the weights, with its idf; `share` of the block beside the others."""

    places: Mapping[str, int]
    idf: array[float]
    first: int
    share: float
    rare: float  # the idf of what was seen in the fewest pieces

    def weigh(self, grams: Iterable[str]) -> Iterator[tuple[int, float]]:
        """Rows of the weights and their values: (1 + log count) x idf, scaled to length one, times the share.

        Grams that nobody has seen count for the length, too, as the rarest ones do.
        """
        counts = Counter(grams)
        known, length = [], 0.0
        for gram, count in counts.items():
            place = self.places.get(gram)
            value = (1.0 + log(count)) * (self.rare if place is None else self.idf[place])
            length += value * value
            if place is not None:
                known.append((place, value))
        scale = self.share / sqrt(length) if length else 0.0
        return ((place + self.first, value * scale) for place, value in known)


@dataclass(frozen=True, eq=False)  # one is another when it is another object
class Listener:
    """The fitted weights. `doubt` and `hear` are the thresholds by words and with the vector, by size of the piece.

    `clear` is the margin below which a piece surely claims nothing, whatever the grammar found in it. A label's score is a
    sum over the n-grams of the piece and its vector's components; the margin of a piece is how far the likeliest claim
    lies above `ALLOWED`, and above what its record excuses. `slope` and `shift` make a probability of it.
    """

    encoder: str
    version: str
    labels: tuple[str, ...]
    blocks: tuple[Block, Block, Block]
    weights: array[float]  # a row an n-gram, a column a label
    vector: array[float]  # a row a component of the vector
    base: array[float]
    doubt: tuple[float, ...]
    hear: tuple[float, ...]
    clear: float
    slope: float
    shift: float

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Listener:
        """The listener that ships. Raises `ModelCorrupt` when its two files do not belong together."""
        return read(SHAPE, WEIGHTS)

    def doubts(self, scene: Scene) -> tuple[Doubt, ...]:
        """The pieces that are not clear by their words alone."""
        found = []
        for piece in pieces(scene):
            scores = self.scores(piece)
            if (margin := self._margin(scores)) >= self.doubt[piece.size - 1]:
                found.append(Doubt(piece, scores, self._chance(margin)))
        return tuple(found)

    def heard(
        self, doubts: Sequence[Doubt], vectors: Mapping[str, Vector], excused: Excuse
    ) -> Mapping[str, tuple[Hit, ...]]:
        """Hits by group among the doubts that have a vector; the others stay open.

        A piece of several sentences says nothing new where one of them was heard by itself.
        """
        found: dict[str, list[Hit]] = {}
        taken: list[tuple[int, int]] = []
        for one in sorted(doubts, key=lambda doubt: doubt.piece.size):
            piece, vector = one.piece, vectors.get(one.piece.text)
            if vector is None or any(
                piece.first <= first and last <= piece.last for first, last in taken
            ):
                continue
            group, margin = self.claim(self._with(one.scores, vector), piece, excused)
            if margin >= self.hear[piece.size - 1]:
                taken.append((piece.first, piece.last))
                hit = Hit(
                    Pattern("heard", group, ()), piece.first, piece.last, self._chance(margin)
                )
                found.setdefault(group, []).append(hit)
        return {group: tuple(hits) for group, hits in found.items()}

    def claim(self, scores: Sequence[float], piece: Piece, excused: Excuse) -> tuple[str, float]:
        """The likeliest claim that the record does not excuse, and how far it lies above what claims nothing.

        What the record excuses is as good as nothing: its score counts for that side.
        """
        ranked = sorted(zip(scores, self.labels, strict=True), reverse=True)
        nothing = scores[self.labels.index(ALLOWED)]
        for score, label in ranked:
            if label == ALLOWED:
                continue
            if score - nothing < min(*self.hear, self.clear) or not excused(label, piece):
                return label, score - nothing
            nothing += max(score, 0.0)
        raise AssertionError("there is always a claim below the thresholds")

    def spoken(self, scene: Scene) -> Mapping[Hit, Doubt]:
        """What the grammar found, each with the narrowest piece that holds it; claims alone, since nothing clears an excuse."""
        hits = [hit for group in self.labels for hit in scene.found(group)]
        if not hits:
            return {}
        around = sorted(pieces(scene), key=lambda piece: piece.size)
        found: dict[Hit, Doubt] = {}
        read: dict[Piece, Doubt] = {}
        for hit in hits:
            for piece in around:
                if piece.first <= hit.first and hit.last <= piece.last:
                    if piece not in read:
                        scores = self.scores(piece)
                        read[piece] = Doubt(piece, scores, self._chance(self._margin(scores)))
                    found[hit] = read[piece]
                    break
        return found

    def cleared(
        self, spoken: Mapping[Hit, Doubt], vectors: Mapping[str, Vector], excused: Excuse
    ) -> frozenset[Hit]:
        """Those that claim nothing by the words and the vector of their piece; without a vector none."""
        sure = {
            one.piece
            for one in set(spoken.values())
            if (vector := vectors.get(one.piece.text)) is not None
            and self.claim(self._with(one.scores, vector), one.piece, excused)[1] < self.clear
        }
        return frozenset(hit for hit, one in spoken.items() if one.piece in sure)

    def scores(self, piece: Piece) -> tuple[float, ...]:
        """A score a label, by words, letters and classes."""
        wide = len(self.labels)
        totals = list(self.base)
        words, characters, classes = self.blocks
        for block, grams in (
            (words, words_of(piece.text)),
            (characters, characters_of(piece.text)),
            (classes, piece.classes),
        ):
            for place, value in block.weigh(grams):
                row = self.weights[place * wide : (place + 1) * wide]
                totals = [total + value * weight for total, weight in zip(totals, row, strict=True)]
        return tuple(totals)

    def _with(self, scores: Sequence[float], vector: Vector) -> tuple[float, ...]:
        wide = len(self.labels)
        totals = list(scores)
        for at, value in enumerate(vector):
            row = self.vector[at * wide : (at + 1) * wide]
            totals = [
                total + float(value) * weight for total, weight in zip(totals, row, strict=True)
            ]
        return tuple(totals)

    def _margin(self, scores: Sequence[float]) -> float:
        at = self.labels.index(ALLOWED)
        return max(score for place, score in enumerate(scores) if place != at) - scores[at]

    def _chance(self, margin: float) -> float:
        return round(1.0 / (1.0 + exp(-self.slope * margin - self.shift)), 2)

    def likeliest(self, scores: Sequence[float]) -> str:
        """The group of the likeliest claim."""
        ranked = sorted(zip(scores, self.labels, strict=True), reverse=True)
        return next(label for _, label in ranked if label != ALLOWED)


def pieces(scene: Scene) -> Iterator[Piece]:
    """Each sentence, and two or three that follow one another within a section."""
    sentences = scene.sentences
    sections = [scene.section(first) for first, _ in sentences]
    for at, (first, _) in enumerate(sentences):
        for size in range(1, MOST_SENTENCES + 1):
            end = at + size - 1
            if end >= len(sentences) or sections[end] != sections[at]:
                break
            last = sentences[end][1]
            if size > 1 and last - first >= MOST_WORDS:
                break
            yield piece_of(scene, first, last, size)


def piece_of(scene: Scene, first: int, last: int, size: int) -> Piece:
    """The words `first:last` as the listener reads them: the company has no name, and classes say what is denied.

    What the grammar finds there is a class, too ("=C01"): evidence like the words, and no verdict.
    """
    text = scene.view.text[scene.words[first].start : scene.words[last].end]
    text = _SPACE.sub(" ", text.replace(ASKED, "?").replace(COMPANY, "the company")).strip()
    negated, told = scene.silent
    classes = {
        name + ("-" if at in negated else "~" if at in told else "")
        for name, hits in scene.tags.items()
        for at, end in hits
        if at >= first and end <= last
    }
    classes |= {
        f"={group}"
        for group in scene.grammar.patterns
        if any(hit.first >= first and hit.last <= last for hit in scene.found(group))
    }
    return Piece(first, last, size, text, tuple(sorted(classes)))


def words_of(text: str) -> Iterator[str]:
    """Words and pairs of words; every digit is a nought, since which figure it is plays no part."""
    tokens = _WORD.findall(_DIGIT.sub("0", text))
    yield from tokens
    for one, two in pairwise(tokens):
        yield f"{one} {two}"


def characters_of(text: str) -> Iterator[str]:
    """Two to five letters within words, each word with a space on both sides."""
    low, high = CHARACTERS
    for word in _DIGIT.sub("0", text).split():
        padded = f" {word} "
        for size in range(low, high + 1):
            for start in range(max(1, len(padded) - size + 1)):
                yield padded[start : start + size]
            if len(padded) <= size:
                break


def read(shape: Path, weights: Path) -> Listener:
    """The listener in two files. Raises `ModelCorrupt`."""
    try:
        return _assembled(shape.read_bytes(), weights.read_bytes())
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise ModelCorrupt(
            f"the listener of the compliance gate cannot be used ({error}); install the package anew"
        ) from error


def _assembled(shape: bytes, weights: bytes) -> Listener:
    said = json.loads(shape)
    if said["format"] != FORMAT:
        raise ValueError(f"format {said['format']}, this version reads {FORMAT}")
    if hashlib.sha256(weights).hexdigest() != said["weights"]:
        raise ValueError("the weights are not those that its shape names")
    tensors = _tensors(weights)
    blocks, first = [], 0
    for name in ("words", "characters", "classes"):
        places = {gram: at for at, gram in enumerate(said[name])}
        idf = tensors[f"idf.{name}"]
        blocks.append(Block(places, idf, first, said["shares"][name], max(idf)))
        first += len(places)
    labels = tuple(said["labels"])
    if len(tensors["weights"]) != first * len(labels) or len(tensors["base"]) != len(labels):
        raise ValueError("the weights do not fit the n-grams")
    return Listener(
        said["encoder"], hashlib.sha256(shape).hexdigest()[:12], labels, (blocks[0], blocks[1], blocks[2]),
        tensors["weights"], tensors["vector"], tensors["base"],
        tuple(said["doubt"]), tuple(said["hear"]), said["clear"], said["slope"], said["shift"],
    )  # fmt: skip


def _tensors(raw: bytes) -> Mapping[str, array[float]]:
    """The tensors of a safetensors file in half or single precision, by name."""
    (length,) = struct.unpack_from("<Q", raw)
    head = json.loads(raw[8 : 8 + length])
    found = {}
    for name, told in head.items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + at for at in told["data_offsets"])
        kind, size = {"F16": ("e", 2), "F32": ("f", 4)}[told["dtype"]]
        found[name] = array("f", struct.unpack(f"<{(end - start) // size}{kind}", raw[start:end]))
    return found
