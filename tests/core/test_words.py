"""Values have one canonical form, so that the same content always has the same name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from arriero.core.ids import uuid7
from arriero.core.words import RoleBinding, Variant, canonical_json, content_hash


def variant(**more: float) -> Variant:
    return Variant("toy", {"writer": RoleBinding("fake:echo")}, {"system": "hi"}, dict(more))


def test_the_order_of_keys_does_not_matter() -> None:
    assert canonical_json({"b": 1, "a": [1.5, None]}) == b'{"a":[1.5,null],"b":1}'


def test_dataclasses_and_times_have_a_form() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    assert b"2026-01-02T00:00:00+00:00" in canonical_json({"at": at})
    assert content_hash(RoleBinding("a:b")) == content_hash(RoleBinding("a:b"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object()])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical_json(value)


def test_a_variant_is_named_by_its_content() -> None:
    assert variant(release=0.7).id == variant(release=0.7).id
    assert variant(release=0.7).id != variant(release=0.8).id
    assert variant().id.startswith("toy@")


def test_ids_sort_by_the_time_they_were_made() -> None:
    assert uuid7(now_ms=1) < uuid7(now_ms=2)
    assert uuid7(now_ms=0, entropy=b"\xff" * 10) == "00000000-0000-7fff-bfff-ffffffffffff"
    assert len({uuid7() for _ in range(1_000)}) == 1_000
