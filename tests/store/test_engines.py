"""The fixtures that start real servers never go missing silently."""

from __future__ import annotations

import pytest

from tests import engines


def test_a_missing_wheel_skips_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no_such_wheel not installed; run: pip"):
        engines._need("no_such_wheel", "sys")


def test_a_missing_wheel_fails_where_services_are_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="REQUIRE_SERVICES is set, but no_such_wheel"):
        engines._need("no_such_wheel")
