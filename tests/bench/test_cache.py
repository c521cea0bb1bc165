"""`arriero bench cache`: halves, thresholds from the other half, any file of pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.apps.support.approved_fit import Trial
from arriero.bench.cache import EVIDENCE, Pair, crossed, halves, hits, measure, rates, read_pairs
from arriero.cli.bench_cache import cache
from arriero.core.errors import InputError
from arriero.models.fake import FakeEncoder

HEAD = "question,asked,same,intent\n"


def trials(groups: int, *, agrees: bool, likeness: float = 0.7) -> list[Trial]:
    return [
        Trial("rental", f"q{group}", likeness, agrees, right=False)
        for group in range(groups)
        for _ in range(10)
    ]


def test_every_intent_is_halved_and_a_question_stays_whole() -> None:
    seen = [
        Trial(intent, f"{intent} {at}", 0.5, agrees=False, right=False)
        for intent in ("a", "b")
        for at in range(5)
        for _ in range(2)
    ]
    half = halves(seen)
    for intent in ("a", "b"):
        sides = [side for (name, _), side in half.items() if name == intent]
        assert sorted(sides.count(side) for side in (0, 1)) == [2, 3]


def test_a_half_is_judged_by_thresholds_of_the_other_one() -> None:
    # One question's near-misses pass the guards: its own half would know, the other half cannot.
    seen = trials(80, agrees=False)
    side = halves(seen)["rental", "q0"]
    bad = [Trial("rental", "q0", 0.94, agrees=True, right=False)] * 3
    decided, fits = crossed([*seen, *bad])
    assert decided[-3:] == [True] * 3
    assert fits[side].thresholds["rental"] < 0.94 < fits[1 - side].thresholds["rental"]


def test_too_few_pairs_hit_nothing() -> None:
    decided, fits = crossed(trials(4, agrees=True))
    assert not any(decided)
    assert all(one.thresholds == {} for one in fits)


def test_rates_count_paraphrases_and_near_misses_apart() -> None:
    seen = [Trial("a", "q", 0.9, True, right) for right in (True, True, False, False)]
    found = rates(seen, [True, False, True, False])
    assert found["hit_rate"].value == found["false_hit_rate"].value == 0.5
    assert found["false_among_hits"].n == 2
    assert not hits({})(seen[0])


async def test_the_samples_pairs_are_enough_evidence_for_other_files() -> None:
    pairs = [
        Pair("rental", "Can I rent a kayak?", "Can I rent a kayak, please?", same=True),
        Pair("rental", "Can I rent a kayak?", "Can I rent a boat?", same=False),
        Pair("rental", "Can I rent a canoe?", "Can I buy a canoe?", same=False),
    ]
    alone = await measure(pairs, FakeEncoder())
    helped = await measure(pairs, FakeEncoder(), evidence=read_pairs(EVIDENCE))
    assert alone["hit_rate"].value == 0
    assert helped["hit_rate"].value == 1
    assert alone["false_hit_rate"].value == helped["false_hit_rate"].value == 0


def test_the_sample_has_pairs_of_both_kinds_for_every_question() -> None:
    pairs = read_pairs(EVIDENCE)
    same = sum(pair.same for pair in pairs)
    assert len(pairs) >= 300
    assert 0.4 < same / len(pairs) < 0.6
    for question in {pair.question for pair in pairs}:
        assert {pair.same for pair in pairs if pair.question == question} == {True, False}
    kept = read_pairs(EVIDENCE.with_name("cache_pairs_heldout.jsonl"))
    assert not {pair.intent for pair in kept} & {pair.intent for pair in pairs}


def test_csv_and_other_names_are_read(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(
        "approved_question,new_question,same_answer\na b,b a,yes\nc d,c e,0\n", encoding="utf-8"
    )
    assert read_pairs(file) == (Pair("", "a b", "b a", True), Pair("", "c d", "c e", False))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("p.csv", HEAD + "a,,true,x\n", "line 2: the approved or the new question is missing"),
        ("p.csv", HEAD + "a,b,perhaps,x\n", "same is 'perhaps'"),
        ("p.csv", HEAD + "a,b,true,x\n", "pairs with another one"),
        ("p.csv", HEAD + "a,b,true,x\na,c,false,x\n", "one approved question"),
        ("p.jsonl", "{broken\n", "line 1 is no JSON"),
        ("p.jsonl", "[1]\n", "row 1: is no JSON object"),
        ("p.jsonl", "", "pairs with another one"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, name: str, content: str, sentence: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        read_pairs(tmp_path / name)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    for name in ("none.csv", "none.jsonl"):
        with pytest.raises(InputError, match="cannot be read"):
            read_pairs(tmp_path / name)


def test_the_command_writes_its_report(tmp_path: Path) -> None:
    pairs, out, config = (tmp_path / name for name in ("p.csv", "out.json", "arriero.toml"))
    rows = "Can I rent a bus?,May I hire a bus?,true,rental\nIs it far?,Is it near?,false,rental\n"
    pairs.write_text(HEAD + rows, encoding="utf-8")
    config.write_text('[models]\nencoder = "fake:words"\n', encoding="utf-8")
    done = CliRunner().invoke(
        cache, ["--pairs", str(pairs), "--json", str(out), "--config", str(config)]
    )
    assert done.exit_code == 0, done.output
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["bench"] == "cache"
    assert report["results"]["false_hit_rate"]["value"] == 0


def test_a_sign_that_some_take_for_the_end_of_a_line_is_none(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    rows = [
        {"question": "a\u2028b", "asked": "b", "same": True},
        {"question": "c", "asked": "d\x85e", "same": False},
    ]
    file.write_text(
        "\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8"
    )
    assert [pair.question for pair in read_pairs(file)] == ["a\u2028b", "c"]
