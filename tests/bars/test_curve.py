"""The plot of a result says what the result says."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from bars._curve import HEIGHT, LEFT, TOP, WIDTH, risk_coverage
from bars.result import Figure, Result

FOUND = Result(
    "adversarial",
    "",
    (
        Figure("wrong_but_sent", 0.25, "share", n=50),
        Figure("risk_at_coverage_1", 1.0, "share", n=100),
        Figure("risk_at_coverage_0.5", 0.0, "share", n=50),
        Figure("aurc", 0.4, "share", n=100),
    ),
)


def test_no_risk_lies_at_the_bottom_and_full_risk_at_the_top() -> None:
    drawn = ET.fromstring(risk_coverage(FOUND))  # noqa: S314  # our own
    line = drawn.find("{*}polyline")
    assert line is not None
    half, whole = f"{LEFT + WIDTH / 2}", f"{LEFT + WIDTH:.1f}"
    assert line.get("points") == f"{half},{TOP + HEIGHT:.1f} {whole},{TOP:.1f}"
    assert "sent: 50, wrong 25.0%" in "".join(drawn.itertext())
