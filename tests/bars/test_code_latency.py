"""The figures of one function's time."""

from __future__ import annotations

from arriero.bench.bare import Written
from bars.code_latency import FEW, figures, requests


def test_one_request_warms_up_and_forty_count() -> None:
    asked = requests()
    assert len(asked) == 41
    assert len({one.requirement for one in asked}) > 30
    assert len(asked) > FEW


def test_a_request_has_the_time_of_all_its_examinations() -> None:
    made = [
        Written({"main.py": "x = 1\n"}, seconds=2.0, tokens_out=40, calls=1),
        Written({}, seconds=4.0, tokens_out=80, calls=3),
    ]
    found = {one.name: one for one in figures(made, [100.0, 300.0], [20.0])}
    assert (found["mean_s"].value, found["mean_s"].holds) == (3.0, True)
    assert (found["validation_ms"].value, found["validation_ms"].n) == (200.0, 2)
    assert (found["calls_mean"].value, found["delivered"].value) == (2.0, 0.5)
    assert found["mean_s_by_five_drafts"].holds
