"""Examples that are the same, nearly the same, or known from a benchmark.

Near-duplicates by MinHash over word 3-grams (Broder 1997; the threshold 0.8 is of Lee et al.,
"Deduplicating training data makes language models better", ACL 2022) and by the encoder's cosine.
Benchmark texts by a shared 13-gram of words (Brown et al., "Language models are few-shot learners",
2020, appendix C), equality for shorter texts, and the cosine. What is seen first stays, so callers
give the newest first.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from arriero.core.errors import MissingExtra
from arriero.learning.dataset.example import Example, LeftOut, Route, Why
from arriero.learning.opinion import Stance, stance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

WORD = re.compile(r"\w+")
UNSPACED = re.compile(  # Thai to Burmese, Khmer, Japanese, Chinese: no spaces between words
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
)
SHINGLE = 3
SIGNS = 6  # of a script without spaces are as much as three words
PERMUTATIONS = 128
GRAM = 13
BLOCK = 512  # rows compared at once: 512 x 20,000 float32 are 40 MB

Kept = tuple[list[Example], list[LeftOut]]


def words(text: str) -> list[str]:
    """Lower-case words; a masked value counts as one of them."""
    return WORD.findall(text.lower())


def says_something(text: str) -> bool:
    """Whether it is long enough for a question: three words, or as much of a script without spaces."""
    return len(words(text)) >= SHINGLE or len(UNSPACED.findall(text)) >= SIGNS


@dataclass(frozen=True)
class Benchmarks:
    """Texts that must not be learned: their 13-grams, the short ones whole, and their vectors."""

    grams: frozenset[str] = frozenset()
    short: frozenset[str] = frozenset()
    vectors: Vectors | None = field(default=None, compare=False)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Benchmarks:
        """Of these texts; those of fewer than three words are no questions and say nothing."""
        grams, short = set[str](), set[str]()
        for text in filter(says_something, texts):
            found = words(text)
            if len(found) >= GRAM:
                grams.update(_grams(found))
            else:
                short.add(" ".join(found))
        return cls(frozenset(grams), frozenset(short))

    def holds(self, text: str) -> bool:
        """Whether `text` shares a 13-gram with one of them, or is a short one."""
        found = words(text)
        return " ".join(found) in self.short or not self.grams.isdisjoint(_grams(found))


def _grams(found: Sequence[str]) -> Iterable[str]:
    return (" ".join(found[at : at + GRAM]) for at in range(len(found) - GRAM + 1))


def decontaminated(
    examples: Sequence[Example], benchmarks: Benchmarks, vectors: Vectors | None, cosine: float
) -> Kept:
    """Without examples whose question or target is known from a benchmark.

    `vectors` are those of the questions, in the order of the examples; None: only words are compared.
    """
    near = _near_any(vectors, benchmarks.vectors, cosine)
    kept: list[Example] = []
    left: list[LeftOut] = []
    for example, like in zip(examples, near or [False] * len(examples), strict=True):
        told = (example.question, example.target, example.rejected or "")
        if like or any(benchmarks.holds(text) for text in told):
            left.append(LeftOut(example.run, Why.BENCHMARK, example.route))
        else:
            kept.append(example)
    return kept, left


def _near_any(one: Vectors | None, other: Vectors | None, cosine: float) -> list[bool] | None:
    if one is None or other is None or not len(other) or cosine >= 1:
        return None
    found: list[bool] = []
    for start in range(0, len(one), BLOCK):
        likest = (one[start : start + BLOCK] @ other.T).max(axis=1)
        found += (likest >= cosine).tolist()
    return found


def distinct(examples: Sequence[Example]) -> Kept:
    """One example of each kind, its question and answers taken together.

    The same answer to the same prompt that was found good and bad counts as what most people found,
    if that is clear, else it is left out.
    """
    groups: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[_key(example)].append(example)
    kept: list[Example] = []
    left: list[LeftOut] = []
    for same in groups.values():
        first, tag = same[0], _tag(same)
        if tag is Stance.UNDECIDED:
            left += [LeftOut(one.run, Why.CONTRADICTED, one.route) for one in same]
            continue
        kept.append(first if tag is Stance.NONE else replace(first, good=tag is Stance.GOOD))
        left += [LeftOut(one.run, Why.REPEATED, one.route) for one in same[1:]]
    return kept, left


def _key(example: Example) -> str:
    """What two examples share that teach the same; a corrected label is of its text alone."""
    said = "\x00".join(f"{one['role']}\x01{one['content']}" for one in example.messages)
    parts = [example.route.value, example.head or "", said, example.rejected or ""]
    parts += [example.question] if example.route is Route.HEADS else [example.target]
    plain = "\x02".join(" ".join(part.lower().split()) for part in parts)
    return hashlib.sha256(plain.encode()).hexdigest()


def _tag(same: Sequence[Example]) -> Stance:
    """The tag of unpaired examples by persons (a unit counts once); labels must agree."""
    if same[0].route is Route.HEADS:
        return Stance.NONE if len({one.target for one in same}) == 1 else Stance.UNDECIDED
    if same[0].good is None:
        return Stance.NONE
    good = {one.unit for one in same if one.good}
    bad = {one.unit for one in same if not one.good}
    return stance(len(good), len(bad))


def without_near(
    examples: Sequence[Example], minhash: float, vectors: Vectors | None, cosine: float
) -> Kept:
    """Without examples that are nearly like an earlier one of the same route and tag.

    `vectors` are those of the examples' texts, in their order; None: only words are compared.
    Examples for classifiers stay: there, near-duplicates are evidence.
    """
    alike = _by_words(minhash) if minhash < 1 else lambda group, text: False
    near = (
        _by_vectors(vectors, cosine)
        if vectors is not None and cosine < 1
        else lambda group, place: False
    )
    kept: list[Example] = []
    left: list[LeftOut] = []
    for place, example in enumerate(examples):
        group = f"{example.route}:{example.good}"
        if example.route is not Route.HEADS and (alike(group, example.text) or near(group, place)):
            left.append(LeftOut(example.run, Why.NEAR, example.route))
        else:
            kept.append(example)
    return kept, left


def _by_words(threshold: float) -> Callable[[str, str], bool]:
    """Whether a text is like an earlier one of its group; else it is remembered."""
    try:
        from datasketch import MinHash, MinHashLSH  # noqa: PLC0415  # numpy and scipy: only when needed
    except ImportError as error:
        raise MissingExtra("datasketch", "local") from error
    indexes: dict[str, MinHashLSH] = {}

    def alike(group: str, text: str) -> bool:
        found = words(text)
        shingles = {
            " ".join(found[at : at + SHINGLE]).encode()
            for at in range(max(1, len(found) - SHINGLE + 1))
        }
        sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
        sketch.update_batch(shingles)
        if group not in indexes:  # to make one takes 20 ms: it finds its best bands by integration
            indexes[group] = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
        index = indexes[group]
        # The index gives candidates; the sketches tell whether they really are alike.
        if any(sketches[name].jaccard(sketch) >= threshold for name in index.query(sketch)):
            return True
        name = str(len(sketches))
        sketches[name] = sketch
        index.insert(name, sketch)
        return False

    sketches: dict[str, MinHash] = {}
    return alike


def _by_vectors(vectors: Vectors, cosine: float) -> Callable[[str, int], bool]:
    """Whether the vector at a place is near an earlier one of its group; else it is remembered."""
    import numpy as np  # noqa: PLC0415  # 0.1 s, and only for those who have vectors

    memory: dict[str, tuple[Vectors, int]] = {}

    def near(group: str, place: int) -> bool:
        vector = vectors[place]
        rows, count = memory.get(group, (np.empty((64, len(vector)), np.float32), 0))
        if count and float((rows[:count] @ vector).max()) >= cosine:
            return True
        if count == len(rows):
            rows = np.concatenate([rows, np.empty_like(rows)])
        rows[count] = vector
        memory[group] = rows, count + 1
        return False

    return near
