"""`arriero support mode` as a person runs it, without and beside a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.apps.support.modes import FRESH_S
from arriero.cli.support_mode import mode
from arriero.core.errors import InputError
from tests.cli.conftest import FAKES, Place, Process


def test_modes_are_shown_set_and_kept_with_their_actor(place: Place) -> None:
    place.configure(FAKES)
    shown = place.run("support", "mode")
    assert shown.status == 0, shown.err
    assert "order_status" in shown.out
    assert "refund" in shown.out
    done = place.run("support", "mode", "refund", "off", "--actor", "anna")
    assert done.status == 0, done.err
    assert done.out.startswith("refund: off since ")
    assert done.out.strip().endswith("by anna")
    place.run("support", "mode", "refund", "suggest", "--actor", "ben")
    told = place.run("support", "mode", "refund", "--history").out.splitlines()
    assert [line.split()[2:] for line in told] == [
        ["UTC", "off", "anna"],
        ["UTC", "suggest", "ben"],
    ]


def test_what_was_suggested_is_not_automated_unmeasured_unless_somebody_says_why(
    place: Place,
) -> None:
    place.configure(FAKES)
    place.run("support", "mode", "refund", "suggest", "--actor", "anna")
    refused = place.run("support", "mode", "refund", "auto", "--actor", "ben")
    assert refused.status != 0
    assert "of 0 messages 0 had a suggestion that was judged" in refused.err
    assert "refund: suggest" in place.run("support", "mode", "refund").out
    assert place.run("support", "mode", "refund", "auto", "--force").status == 2
    assert place.run("support", "mode", "--history").status == 2, "of which intent?"
    why = ("--force", "--because", "tried on paper")
    done = place.run("support", "mode", "refund", "auto", "--actor", "ben", *why)
    assert done.status == 0, done.err
    last = place.run("support", "mode", "refund", "--history").out.splitlines()[-1]
    assert last.endswith("auto    ben (forced: tried on paper)")


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("refnd_status", "off"), "did you mean refund_status"),
        (("refund_status", "sometimes"), "use off, suggest, auto"),
    ],
)
def test_an_unknown_intent_or_mode_is_one_sentence(
    tmp_path: Path, argv: tuple[str, ...], why: str
) -> None:
    with pytest.raises(InputError, match=why):
        mode.main([*argv, "--data", str(tmp_path)], standalone_mode=False)


@pytest.mark.slow
def test_a_mode_is_set_while_a_server_holds_the_folder(served: Process) -> None:
    done = served.place.run("support", "mode", "cancel_order", "suggest", "--actor", "anna")
    assert done.status == 0, done.err
    assert "cancel_order: suggest" in served.place.run("support", "mode", "cancel_order").out
    assert FRESH_S <= 1.0  # how soon the server reads it: tests/apps/support/test_modes.py
