from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from numpy.typing import NDArray

from arriero.core.errors import InputError, SettingsError, StoreError
from arriero.models.fake import FakeEncoder
from arriero.models.projection import Projection
from arriero.retrieval import local, vectors
from arriero.retrieval.base import Expected, Passage
from arriero.retrieval.engines import open_index
from arriero.retrieval.local import LocalIndex
from arriero.retrieval.text import clauses, terms


class CountingEncoder(FakeEncoder):
    """A fake encoder that keeps what it was asked."""

    def __init__(self, name: str = "fake") -> None:
        super().__init__(name=name)
        self.asked: list[str] = []

    async def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return await super().encode(texts)


class RemoteEncoder(CountingEncoder):
    """An encoder behind a server: how long its vectors are is not known before the first answer."""

    def __init__(self) -> None:
        super().__init__()
        self.dimension = 0

    async def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.dimension = 384
        return await super().encode(texts)


class FastEncoder(FakeEncoder):
    """A fake encoder for which all texts are alike."""

    async def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), self.dimension), self.dimension**-0.5, np.float32)


def passages(count: int) -> tuple[Passage, ...]:
    return tuple(
        Passage(f"p{number}", "d", f"Title {number}", f"Text of number{number} boots")
        for number in range(count)
    )


async def test_a_passage_is_found_by_a_question_that_it_is_expected_to_answer(
    tmp_path: Path,
) -> None:
    asked = Expected("what does postage amount to", "Shipping costs 4.90 EUR.")
    answering = Passage("z", "d", "Shipping", asked.quote, expected=(asked, Expected("x", "x")))
    others = passages(8)
    index = await LocalIndex.build((*others[:4], answering, *others[4:]), FakeEncoder(), tmp_path)
    first, second, *_ = await index.search("what does postage amount to")
    assert (first.passage.id, first.nearest) == ("z", asked)
    assert first.likeness == pytest.approx(1.0, abs=1e-5)
    assert (second.nearest, second.likeness) == (None, 0.0)


async def test_the_second_start_encodes_nothing(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    await LocalIndex.build(passages(5), encoder, tmp_path)
    assert len(encoder.asked) == 5
    encoder.asked.clear()
    again = await LocalIndex.build(passages(5), encoder, tmp_path)
    assert encoder.asked == []
    assert (await again.search("number3"))[0].passage.id == "p3"


async def test_the_second_start_needs_no_answer_of_an_encoder_behind_a_server(
    tmp_path: Path,
) -> None:
    await LocalIndex.build(passages(5), RemoteEncoder(), tmp_path)
    again = RemoteEncoder()
    index = await LocalIndex.build(passages(5), again, tmp_path)
    assert again.asked == []
    assert (await index.search("number3"))[0].passage.id == "p3"


async def test_only_a_new_passage_is_encoded(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    await LocalIndex.build(passages(5), encoder, tmp_path)
    encoder.asked.clear()
    await LocalIndex.build(passages(6)[::-1], encoder, tmp_path)
    assert encoder.asked == ["Title 5\nText of number5 boots"]


async def test_dropped_passages_leave_the_file(tmp_path: Path) -> None:
    await LocalIndex.build(passages(9), FakeEncoder(), tmp_path)
    await LocalIndex.build(passages(2), FakeEncoder(), tmp_path)
    assert len(vectors.read(tmp_path / vectors.VECTORS)) == 2


async def test_vectors_of_another_encoder_are_not_used(tmp_path: Path) -> None:
    await LocalIndex.build(passages(3), FakeEncoder(), tmp_path)
    other = CountingEncoder(name="other")
    await LocalIndex.build(passages(3), other, tmp_path)
    assert len(other.asked) == 3


@pytest.mark.parametrize("content", [b"", b"\x08\x00\x00\x00\x00\x00\x00\x00{}", b"no vectors"])
async def test_a_broken_file_of_vectors_is_made_again(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / vectors.VECTORS).write_bytes(content)
    encoder = CountingEncoder()
    with caplog.at_level(logging.WARNING):
        index = await LocalIndex.build(passages(3), encoder, tmp_path)
    assert "is not whole" in caplog.text
    assert len(encoder.asked) == 3
    assert (await index.search("number2"))[0].passage.id == "p2"
    assert len(vectors.read(tmp_path / vectors.VECTORS)) == 3


async def test_a_folder_that_cannot_be_written_only_costs_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        index = await LocalIndex.build(passages(3), FakeEncoder(), tmp_path / "file" / "index")
    assert "the next start encodes again" in caplog.text
    assert await index.search("number1")


async def test_words_and_vectors_both_rank(tmp_path: Path) -> None:
    index = await LocalIndex.build(passages(5), FakeEncoder(), tmp_path)
    assert (await index.search("number3"))[0].ranks == {"lexical": 1, "dense": 1}


async def test_words_are_stemmed(tmp_path: Path) -> None:
    one = Passage("a", "a", "Returning", "We refunded the shipped parcels")
    index = await LocalIndex.build([one], FakeEncoder(), tmp_path)
    (hit,) = await index.search("refund my shipping")
    assert hit.ranks["lexical"] == 1


async def test_nothing_is_found_on_a_day_without_valid_passages(tmp_path: Path) -> None:
    old = Passage("a", "a", "Boots", "Boots", valid_until=date(2020, 1, 1))
    index = await LocalIndex.build([old], FakeEncoder(), tmp_path)
    assert await index.search("boots", day=date(2026, 1, 1)) == ()
    assert len(await index.search("boots", day=date(2020, 1, 1))) == 1


async def test_a_large_index_answers_from_a_thread_with_the_same_hits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = await LocalIndex.build(passages(300), FakeEncoder(), tmp_path)
    here = await index.search("boots of number7")
    monkeypatch.setattr(local, "IN_PLACE", 0)
    assert await index.search("boots of number7") == here


async def test_two_passages_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two passages are called 'p0'"):
        await LocalIndex.build(passages(1) * 2, FakeEncoder(), tmp_path)


async def test_a_closed_index_says_so(tmp_path: Path) -> None:
    index = await LocalIndex.build(passages(2), FakeEncoder(), tmp_path)
    await index.close()
    with pytest.raises(StoreError, match="restart the server"):
        await index.ping()
    with pytest.raises(StoreError, match="restart the server"):
        await index.search("boots")


async def test_an_unknown_engine_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"'solr:' names no search engine; use one of local:"):
        await open_index("solr:", (), FakeEncoder(), tmp_path)


def test_stop_words_are_no_terms_unless_there_are_only_stop_words() -> None:
    assert terms("Where is my TENT, and is the tent wet?") == ("tent", "wet")
    assert terms("Where is it?") == ("where", "is", "it")


def test_a_long_message_has_an_end_as_a_query() -> None:
    assert len(terms(" ".join(f"word{number}" for number in range(1_000)))) == 256


def test_a_short_message_is_one_clause_and_a_long_one_several() -> None:
    assert clauses("Where is it? I wait.") == ("Where is it? I wait.",)
    told = [f"This is clause number {number} of a long message." for number in range(8)]
    assert clauses(" ".join((*told, "Thanks."))) == tuple(told)


@pytest.mark.parametrize("sentences", [25, 100, 500])
def test_however_long_a_message_is_it_is_few_clauses_without_a_word_lost(sentences: int) -> None:
    text = " ".join(f"Sentence {number} says something." for number in range(sentences))
    assert 12 < len(clauses(text)) <= 24
    assert " ".join(clauses(text)) == text


async def test_each_question_of_a_long_message_finds_its_passage(tmp_path: Path) -> None:
    index = await LocalIndex.build(passages(60), FakeEncoder(), tmp_path)
    fluff = "Thank you for all the friendly help that you gave me last week, it was great."
    asked = f"What does number7 cost? {fluff} {fluff} And is number31 waterproof too? {fluff}"
    assert {"p7", "p31"} <= {hit.passage.id for hit in await index.search(asked, k=5)}


async def test_a_title_counts_more_than_the_text(tmp_path: Path) -> None:
    titled = Passage("a", "a", "Crampons", "They are sharp and made of steel")
    told = Passage("b", "b", "Steel", "They are sharp and made for crampons")
    index = await LocalIndex.build([told, titled], FakeEncoder(), tmp_path)
    scored = await index.scores("crampons")
    assert scored.lexical[1] > scored.lexical[0] > 0


async def test_the_rest_of_its_article_speaks_for_a_passage(tmp_path: Path) -> None:
    alone = Passage("a#1", "a", "One", "It costs ten euro per day")
    helped = Passage("b#1", "b", "Two", "It costs ten euro per day")
    about = Passage("b#2", "b", "Two", "You can rent crampons in every shop")
    index = await LocalIndex.build([alone, helped, about], FakeEncoder(), tmp_path)
    scored = await index.scores("what do crampons cost per day")
    assert scored.lexical[1] > scored.lexical[0]


async def test_thousands_of_passages_are_searched_in_milliseconds(tmp_path: Path) -> None:
    index = await LocalIndex.build(passages(4_000), FastEncoder(), tmp_path)
    await index.search("boots of number7")
    spent = []
    for _ in range(9):
        started = perf_counter()
        await index.search("boots of number7")
        spent.append(perf_counter() - started)
    assert sorted(spent)[4] < 0.05  # 1 ms on an idle core; the machine may be busy


def test_the_seam_costs_no_engine() -> None:
    program = (
        "import sys, arriero.retrieval.base, arriero.retrieval.engines\n"
        "print([name for name in ('faiss', 'numpy', 'sqlite3') if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


async def test_a_passage_is_found_by_the_words_of_its_questions(tmp_path: Path) -> None:
    asked = Expected("postage amount", "Shipping costs 4.90 EUR.")
    answering = Passage("z", "d", "Shipping", asked.quote, expected=(asked,))
    index = await LocalIndex.build((*passages(8), answering), FastEncoder(), tmp_path)
    assert (await index.search("amount of the postage"))[0].passage.id == "z"


async def test_likeness_is_what_a_projection_makes_of_it(tmp_path: Path) -> None:
    """This one moves the question to where the other passage lies."""
    encoder, known = FakeEncoder(), passages(2)
    question, _, other = await encoder.encode(["zzz", *(vectors.encoded(one) for one in known)])
    moves = Projection(
        np.asarray(question[:, None], np.float32),
        np.full(1, -7.0, np.float32),  # 8 at the question, far less for the passages
        np.asarray(20 * other[None], np.float32),
    )
    plain = await LocalIndex.build(known, encoder, tmp_path)
    moved = await LocalIndex.build(known, encoder, tmp_path, projection=moves)
    dense = (await moved.scores("zzz")).dense
    assert dense[1] > 0.9 > dense[0]
    assert (await plain.scores("zzz")).dense[1] < 0.9
    assert plain.version != moved.version
