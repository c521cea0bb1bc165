"""What counts as copied, and what is only alike."""

from __future__ import annotations

import inspect
import textwrap

from arriero.apps.codegen.judge.copied import K, Known, W, fingerprints

LONG = "\n".join(f"value_{number} = first_{number} + {number} * second" for number in range(30))


def test_a_run_of_tokens_that_stands_in_a_known_source_is_found_with_its_lines() -> None:
    known = Known.of({"ours.py": f"import os\n{LONG}\nprint(os)\n"})
    (found,) = known.copied(f"x = 1\n\n# another comment\n{LONG}\n")
    assert found.line in range(4, 8)
    assert "ours.py" in found.message


def test_layout_and_comments_do_not_hide_it() -> None:
    known = Known.of({"ours.py": LONG})
    spread = LONG.replace(" + ", "  +   ").replace("\n", "  # well\n\n")
    assert known.copied(spread)


def test_what_is_shorter_or_renamed_is_not_copied() -> None:
    known = Known.of({"ours.py": LONG})
    assert not known.copied("\n".join(LONG.splitlines()[:3]))
    assert not known.copied(LONG.replace("second", "other"))
    assert not known.copied("")


def test_every_common_run_that_is_long_enough_shares_a_fingerprint() -> None:
    """The guarantee of winnowing, at every offset."""
    tokens = LONG.split()
    whole = {print_ for print_, _ in fingerprints(LONG)}
    for start in range(0, len(tokens) - K - W, 7):
        part = " ".join(tokens[start : start + K + W - 1])
        assert {print_ for print_, _ in fingerprints(part)} & whole


def test_a_class_of_the_standard_library_is_recognised() -> None:
    known = Known.of({"textwrap.py": inspect.getsource(textwrap)})
    (found,) = known.copied(f"import re\n\n\n{inspect.getsource(textwrap.TextWrapper)}")
    assert "textwrap.py" in found.message
