"""The nearest of many unit vectors, by FAISS: exact for up to fifty thousand, a graph of neighbours beyond.

Douze and others, "The Faiss library", 2024; the graph is HNSW (Malkov and Yashunin, "Efficient and robust
approximate nearest neighbor search using hierarchical navigable small world graphs", 2018). What both take and find
is measured in bars/code_retrieval.py.
"""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

FLAT_UP_TO = 50_000  # at twice as many an exact search takes 15 ms and more of a core
LINKS = 32  # a vector's neighbours in the graph
BUILD, LOOK = 80, 256  # candidates kept while it is built and while it is searched

Vectors = NDArray[np.float32]


class Nearest:
    """An index of `vectors`, float32 unit vectors of shape (count, dimension); the count may be 0.

    Built once and then only read. One search runs on one core; several may run at once.
    """

    def __init__(self, vectors: Vectors, *, flat_up_to: int = FLAT_UP_TO) -> None:
        self.count, dimension = vectors.shape
        self.exact: bool = self.count <= flat_up_to
        self._index = faiss.IndexFlatIP(dimension) if self.exact else _graph(dimension)
        self._index.add(np.ascontiguousarray(vectors, np.float32))

    def search(self, vector: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
        """The places of the `k` vectors nearest to `vector`, the nearest first, and their cosines."""
        k = min(k, self.count)
        if k <= 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        asked = np.ascontiguousarray(vector.reshape(1, -1), np.float32)
        cosines, places = self._index.search(asked, k)
        there = places[0] >= 0  # the graph may not reach as many as were asked for
        return places[0][there], cosines[0][there]


def _graph(dimension: int) -> faiss.IndexHNSWFlat:
    graph = faiss.IndexHNSWFlat(dimension, LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = BUILD
    graph.hnsw.efSearch = LOOK
    return graph
