"""The Merkle tree of the audit log (RFC 9162 §2.1): roots, inclusion and consistency proofs. Pure.

A tree over n leaves is read in tiles: 256 hashes of one height, as transparency logs serve them
(heights 0, 8, 16, ...). A proof over a million leaves then touches six tiles, not a million leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HEIGHT = 8  # of a tile: 2^8 hashes fit in one read of the store, and 255 hashings take 0.2 ms
WIDTH = 1 << HEIGHT
EMPTY = hashlib.sha256().digest()  # the root of no leaves, RFC 9162 §2.1.1

# (height, index) -> the hashes `index * 256` and up of that height, as many as are there
Tile = Callable[[int, int], Sequence[bytes]]


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of 0x00 and the data: a leaf can never be taken for a node."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root of a complete subtree over a power of two of hashes."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


@dataclass
class Frontier:
    """Grows leaf by leaf and always knows its root: what a verifier keeps, O(log n) of memory.

    `completed` hears of every complete subtree: its height, its index at that height, its root.
    """

    completed: Callable[[int, int, bytes], None] = lambda height, index, root: None
    size: int = 0
    _peaks: list[tuple[int, bytes]] = field(default_factory=list)  # (height, root), biggest first

    def add(self, leaf: bytes) -> None:
        height, here = 0, leaf
        while self._peaks and self._peaks[-1][0] == height:
            here = node_hash(self._peaks.pop()[1], here)
            height += 1
            self.completed(height, self.size >> height, here)
        self._peaks.append((height, here))
        self.size += 1

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY
        here = self._peaks[-1][1]
        for _, peak in reversed(self._peaks[:-1]):
            here = node_hash(peak, here)
        return here


@dataclass(frozen=True)
class Tree:
    """The tree over the first `size` leaves, read through `tile`."""

    size: int
    tile: Tile

    def root(self) -> bytes:
        return self._range(0, self.size) if self.size else EMPTY

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """The audit path of leaf `index` (from 0), nearest sibling first (RFC 9162 §2.1.3.1)."""
        if not 0 <= index < self.size:
            raise IndexError(f"leaf {index} is not among the {self.size} of this tree")
        return tuple(self._path(index, 0, self.size))

    def consistency(self, earlier: int) -> tuple[bytes, ...]:
        """Proves that the tree of `earlier` leaves is the beginning of this one (§2.1.4.1)."""
        if not 0 < earlier <= self.size:
            raise IndexError(f"{earlier} leaves are no beginning of {self.size}")
        return tuple(self._subproof(earlier, 0, self.size, whole=True))

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + _split(end - start)
        if index < middle:
            return [*self._path(index, start, middle), self._range(middle, end)]
        return [*self._path(index, middle, end), self._range(start, middle)]

    def _subproof(self, earlier: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if earlier == end:
            return [] if whole else [self._range(start, end)]
        middle = start + _split(end - start)
        if earlier <= middle:
            inner = self._subproof(earlier, start, middle, whole=whole)
            return [*inner, self._range(middle, end)]
        inner = self._subproof(earlier, middle, end, whole=False)
        return [*inner, self._range(start, middle)]

    def _range(self, start: int, end: int) -> bytes:
        size = end - start
        if size & (size - 1) == 0:  # complete, and aligned: every split is at a power of two
            return self._node(size.bit_length() - 1, start // size)
        middle = start + _split(size)
        return node_hash(self._range(start, middle), self._range(middle, end))

    def _node(self, height: int, index: int) -> bytes:
        base = height // HEIGHT * HEIGHT
        first, count = index << (height - base), 1 << (height - base)
        within = first % WIDTH
        hashes = self.tile(base, first // WIDTH)[within : within + count]
        if len(hashes) < count:
            raise LookupError(f"{count - len(hashes)} hashes of height {base} are not stored")
        return fold(hashes)


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves `leaf` to be number `index` under `root` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, here = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            here = node_hash(sibling, here)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            here = node_hash(here, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and here == root


def consistent(
    earlier: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows that the smaller tree is the beginning of the larger (§2.1.4.2)."""
    if not 0 < earlier <= size:
        return False
    if earlier == size:
        return not proof and old_root == root
    path = [old_root, *proof] if earlier & (earlier - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = earlier - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
