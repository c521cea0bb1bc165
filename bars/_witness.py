"""The client of `arriero demo chaos` that keeps what it was told; the crash bars use it too."""

from arriero.bench.witness import GONE, Moment, Witness, load

__all__ = ["GONE", "Moment", "Witness", "load"]
