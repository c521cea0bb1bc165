"""What test files take from pytest, which is not in the box: `raises`, `approx`, `fail`.

Fixtures and parameters are written out before the tests come here.
"""

import math
import re
import sys
import types

RELATIVE, ABSOLUTE = 1e-6, 1e-12


class raises:  # noqa: N801  # its name is pytest's
    """`with raises(ValueError, match="empty") as info:`, and `raises(ValueError, f, 1)`."""

    def __init__(self, expected, *called, match=None, **named):
        self.expected, self.match, self.type, self.value = expected, match, None, None
        if called:
            with self:
                called[0](*called[1:], **named)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            raise AssertionError(f"nothing raised {self.expected.__name__}")
        if not issubclass(kind, self.expected):
            return False
        self.value, self.type = error, kind
        told = str(error)
        if self.match is not None and not re.search(self.match, told):
            raise AssertionError(f"{self.match!r} is not in {told!r}")
        return True


class approx:  # noqa: N801  # its name is pytest's
    """Equal to a number that is near, or to numbers in a list, tuple or dict that are."""

    def __init__(self, expected, rel=None, abs=None):  # as pytest names it
        self.expected, self.rel, self.abs = expected, rel, abs

    def __eq__(self, other):
        return self._near(self.expected, other)

    def __hash__(self):
        raise TypeError("a number that is near is no key")

    def __repr__(self):
        return f"approx({self.expected!r})"

    def _near(self, mine, theirs):
        if isinstance(mine, dict):
            return (
                isinstance(theirs, dict)
                and mine.keys() == theirs.keys()
                and all(self._near(mine[key], theirs[key]) for key in mine)
            )
        if isinstance(mine, (list, tuple)):
            same = isinstance(theirs, (list, tuple)) and len(mine) == len(theirs)
            return same and all(map(self._near, mine, theirs))
        if isinstance(mine, (bool, str, type(None))) or isinstance(theirs, (bool, str, type(None))):
            return mine == theirs
        if mine == theirs:
            return True
        if math.isinf(mine):
            return False
        absolute = ABSOLUTE if self.abs is None else self.abs
        relative = (RELATIVE if self.abs is None else 0) if self.rel is None else self.rel
        return abs(mine - theirs) <= max(absolute, relative * abs(mine))


def fail(reason=""):
    """Fails the test."""
    raise AssertionError(reason)


def offer():
    """Let `import pytest` find what is here."""
    module = types.ModuleType("pytest")
    for name in ("raises", "approx", "fail"):
        setattr(module, name, globals()[name])
    sys.modules["pytest"] = module
