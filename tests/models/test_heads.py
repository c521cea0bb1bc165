from __future__ import annotations

import asyncio
import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import LabelBinarizer

from arriero.core.errors import InputError, ModelCorrupt, ModelError, ModelMissing, ModelTimeout
from arriero.models import child, head_rows, heads, kernel
from arriero.models.fake import FakeEncoder
from arriero.models.fit_head import Report, fit, fit_in_child, rounded
from arriero.models.heads import Head, HeadClassifier, is_fitted, load_head
from arriero.models.kernel import Shape

THINGS = "tent stove rope boots jacket lamp bottle bag pan axe socks map".split()
PHRASES = {
    "order_status": ["where is my {}", "has the {} shipped", "when will my {} arrive?", "track {}"],
    "return": ["I want to return the {}", "send back a {}", "my {} does not fit, return it"],
    "warranty": ["the {} broke after a week", "my {} is damaged!", "warranty for a torn {}"],
}


def rows() -> tuple[list[str], list[str]]:
    pairs = [
        (phrase.format(thing), label)
        for label, phrases in PHRASES.items()
        for phrase in phrases
        for thing in THINGS
    ]
    return [text for text, _ in pairs], [label for _, label in pairs]


def write_csv(path: Path, table: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)
    return path


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    folder = tmp_path_factory.mktemp("heads") / "intents"
    return folder, asyncio.run(fit(*rows(), FakeEncoder(), folder))


@pytest.fixture
def head(fitted: tuple[Path, Report]) -> Head:
    return load_head(fitted[0])


async def test_it_understands_what_it_was_taught(head: Head) -> None:
    labels = await HeadClassifier(head, FakeEncoder()).classify("track my order", timeout_s=5)
    assert (labels.label, labels.model) == ("order_status", "intents")
    assert labels.confidence > 0.6


async def test_all_labels_come_with_chances_that_add_up(head: Head) -> None:
    labels = await HeadClassifier(head, FakeEncoder()).classify("¿dónde?", timeout_s=5)
    chances = [chance for _, chance in labels.scores]
    assert {label for label, _ in labels.scores} == set(PHRASES)
    assert sum(chances) == pytest.approx(1)
    assert chances == sorted(chances, reverse=True)


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "🦙", "a", "x" * 1_000_000])
async def test_any_text_gets_labels(text: str, head: Head) -> None:
    labels = await HeadClassifier(head, FakeEncoder()).classify(text, timeout_s=20)
    assert 0 < labels.confidence <= 1


async def test_scores_are_scikit_learns(tmp_path: Path) -> None:
    texts, labels = rows()
    texts = [f"{text}  It's ok,\tthe ÉTÉ x {len(text)}" for text in texts]
    encoder = FakeEncoder(64)
    shape = Shape(width=1.5, share=0.15, ridge=0.1)
    await fit(texts, labels, encoder, tmp_path / "head", shape=shape)
    head = load_head(tmp_path / "head")

    vectors = rounded(await encoder.encode(texts)).astype(np.float64)
    unseen = [*texts[:20], "Return the BROKEN tent!", "été", "", "track a a a a jacket"]
    theirs_in = await encoder.encode(unseen)
    one = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    other = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    own = [block.fit_transform(texts) for block in (one, other)]
    new = [block.transform(unseen) for block in (one, other)]

    def kernel(left: Any, right: Any, between: Any) -> Any:
        near = np.exp(-2 * shape.width * (1 - between))
        return near + shape.share * sum(
            (a @ b.T).toarray() for a, b in zip(left, right, strict=True)
        )

    ridge = KernelRidge(alpha=shape.ridge, kernel="precomputed")
    ridge.fit(kernel(own, own, vectors @ vectors.T), LabelBinarizer().fit_transform(labels))
    theirs = ridge.predict(kernel(new, own, theirs_in.astype(np.float64) @ vectors.T))
    ours = [head.scores(text, vector) for text, vector in zip(unseen, theirs_in, strict=True)]
    assert np.abs(np.array(ours) - theirs).max() < 1e-5  # its vectors and duals are float32


async def test_left_out_scores_are_those_of_a_fit_without_the_row() -> None:
    texts, labels = rows()
    vectors = await FakeEncoder(64).encode(texts)
    whole = kernel.Rows(texts, vectors, labels)
    gram = kernel.gram_of(whole)
    fitted = kernel.solve(gram, whole.labels, 3, Shape())
    stay = np.delete(np.arange(len(texts)), 7)
    matrix = gram.kernel(Shape())
    inner = matrix[np.ix_(stay, stay)] + Shape().ridge * np.eye(len(stay))
    direct = matrix[7, stay] @ np.linalg.solve(inner, np.eye(3)[whole.labels[stay]])
    assert np.abs(direct - fitted.left_out[7]).max() < 1e-8


async def test_two_labels_work_too(tmp_path: Path) -> None:
    texts, labels = rows()
    kept = [i for i, label in enumerate(labels) if label != "return"]
    await fit([texts[i] for i in kept], [labels[i] for i in kept], FakeEncoder(), tmp_path / "two")
    classifier = HeadClassifier(load_head(tmp_path / "two"), FakeEncoder())
    assert (await classifier.classify("my lamp broke", timeout_s=5)).label == "warranty"
    assert (await classifier.classify("track the lamp", timeout_s=5)).label == "order_status"


async def test_the_same_rows_give_the_same_head(
    tmp_path: Path, fitted: tuple[Path, Report]
) -> None:
    folder = tmp_path / "intents"
    await fit(*rows(), FakeEncoder(), folder)
    for name in ("weights.safetensors", "head.json"):
        assert (folder / name).read_bytes() == (fitted[0] / name).read_bytes()


def test_the_report_says_how_well_it_does_on_rows_left_out(fitted: tuple[Path, Report]) -> None:
    report = fitted[1]
    assert (report.name, report.rows, report.labels) == ("intents", 120, 3)
    assert report.low < report.accuracy <= report.high <= 1
    assert report.bytes == sum(file.stat().st_size for file in fitted[0].iterdir())


async def test_labels_without_reason_are_not_believed(tmp_path: Path) -> None:
    # Left-out rows calibrate: on coin flips the head must not be sure of itself.
    texts, _ = rows()
    flips = np.random.default_rng(0).choice(["heads", "tails"], len(texts)).tolist()
    await fit(texts, flips, FakeEncoder(), tmp_path / "flips")
    classifier = HeadClassifier(load_head(tmp_path / "flips"), FakeEncoder())
    unseen = [text.replace("my", "the").replace("the", "a green") for text in texts]
    chances = [(await classifier.classify(text, timeout_s=5)).confidence for text in unseen]
    assert np.mean(chances) < 0.75


def test_nothing_of_a_head_is_pickled(fitted: tuple[Path, Report]) -> None:
    assert {file.name for file in fitted[0].iterdir()} == {"head.json", "weights.safetensors"}
    assert json.loads((fitted[0] / "head.json").read_text("utf-8"))["encoder"] == "fake"


def test_another_encoder_is_refused(head: Head) -> None:
    with pytest.raises(
        ModelCorrupt, match="fitted on encoder 'fake', not on 'other'; fit it again"
    ):
        HeadClassifier(head, FakeEncoder(name="other"))


def test_no_head_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="intents"):
        load_head(tmp_path / "intents")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("head.json", b"{}"),
        ("head.json", b"\xff\x00"),
        ("weights.safetensors", b""),
        ("weights.safetensors", None),
    ],
)
async def test_a_broken_file_says_what_to_do(
    name: str, content: bytes | None, tmp_path: Path
) -> None:
    folder = tmp_path / "head"
    await fit(*rows(), FakeEncoder(), folder)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(ModelCorrupt, match="delete the folder"):
        load_head(folder)


async def test_weights_of_another_head_are_noticed(
    tmp_path: Path, fitted: tuple[Path, Report]
) -> None:
    folder = tmp_path / "head"
    await fit(*rows(), FakeEncoder(), folder, shape=Shape(ridge=0.7))
    weights = (fitted[0] / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(weights)
    with pytest.raises(ModelCorrupt, match="is not the file that head"):
        load_head(folder)


async def test_a_late_encoder_is_a_timeout(head: Head) -> None:
    class Late(FakeEncoder):
        async def encode(self, texts: Sequence[str]) -> np.typing.NDArray[np.float32]:
            await asyncio.sleep(30)
            raise AssertionError

    with pytest.raises(ModelTimeout, match=r"no vector within 0\.01 s"):
        await HeadClassifier(head, Late()).classify("hello", timeout_s=0.01)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ([["text", "label"], ["a", "x"], ["b", "x"]], "needs two labels, not 1"),
        ([["text", "label"], ["a", "x"], ["  ", "y"]], "line 3: the text or its label is empty"),
        ([["text", "label"], ["a", "x"], ["b"]], "line 3: the text or its label is empty"),
        ([["text", "label"], ["a", "x"], ["a", "y"]], "line 3: 'a' is labelled 'y', but 'x' in"),
        ([["text", "intent"], ["a", "x"]], "columns text, intent; it needs text and label"),
        ([], r"columns \(none\)"),
        ([["text", "label"], ["a", "x"], ["b", "x"], ["c", "y"]], "label 'y' has one row"),
    ],
)
def test_unusable_rows_are_explained(table: list[list[str]], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        head_rows.read_rows(write_csv(tmp_path / "rows.csv", table))


@pytest.mark.parametrize("content", [b"text,label\n\xff\xfe,x\n", None])
def test_an_unreadable_file_is_explained(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(InputError, match="give a CSV in UTF-8"):
        head_rows.read_rows(tmp_path / "rows.csv")


def test_a_repeated_row_counts_once(tmp_path: Path) -> None:
    table = [["text", "category"], ["a", "x"], ["a", "x"], ["b", "x"], ["c", "y"], ["d", "y"]]
    texts, labels, repeated = head_rows.read_rows(write_csv(tmp_path / "rows.csv", table))
    assert (texts, labels, repeated) == (["a", "b", "c", "d"], ["x", "x", "y", "y"], 1)


def test_a_row_that_differs_in_what_is_not_read_counts_once(tmp_path: Path) -> None:
    # Such a row would be left out beside itself: any label would look learned.
    table = [["text", "label"], ["Where is it?", "x"], ["where  is IT?", "x"], ["b", "x"], ["c", "y"],
             ["d", "y"], ["D", "x"]]  # fmt: skip
    texts, labels, repeated = head_rows.read_rows(write_csv(tmp_path / "rows.csv", table))
    assert texts == ["Where is it?", "b", "c", "d", "D"]
    assert (labels, repeated) == (["x", "x", "y", "y", "x"], 1)


async def test_a_child_fits_the_same_head(tmp_path: Path, fitted: tuple[Path, Report]) -> None:
    path = write_csv(tmp_path / "rows.csv", [("text", "label"), *zip(*rows(), strict=True)])
    report = await fit_in_child(path, tmp_path / "intents", "fake:words", tmp_path)
    assert report.accuracy == fitted[1].accuracy
    here, there = (folder / "weights.safetensors" for folder in (tmp_path / "intents", fitted[0]))
    assert here.read_bytes() == there.read_bytes()


async def test_a_childs_complaint_is_raised_here(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", [("text", "label"), ("a", "x")])
    with pytest.raises(InputError, match="a classifier needs two labels"):
        await fit_in_child(path, tmp_path / "out", "fake:words", tmp_path)
    assert not (tmp_path / "out").exists()


async def test_a_child_ends_when_nobody_wants_its_head(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", [("text", "label"), *zip(*rows(), strict=True)])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await fit_in_child(path, tmp_path / "out", "fake:words", tmp_path)
    await asyncio.sleep(0.1)
    assert not (tmp_path / "out").exists()


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", [("text", "label"), *zip(*rows(), strict=True)])
    argv = [sys.executable, "-m", "arriero.models.fit_head", str(path), str(tmp_path / "out")]
    process = subprocess.Popen(
        [*argv, "--encoder", "fake:words", "--leashed"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=30) == 1


async def test_a_child_that_dies_is_a_model_error() -> None:
    with pytest.raises(ModelError, match="status -9: Killed in the middle"):
        child.understood(b"", b"...\nKilled in the middle\n", -9, "fitting a head")


def test_classifying_never_imports_scikit_learn(fitted: tuple[Path, Report]) -> None:
    program = (
        "import asyncio, sys, pathlib\n"
        "from arriero.models.heads import HeadClassifier, load_head\n"
        "from arriero.models.fit_head import fit_in_child\n"
        "from arriero.models.fake import FakeEncoder\n"
        f"head = load_head(pathlib.Path({str(fitted[0])!r}))\n"
        "labels = asyncio.run(HeadClassifier(head, FakeEncoder()).classify('hi', timeout_s=5))\n"
        "assert len(labels.scores) == 3\n"
        "print([name for name in ('sklearn', 'scipy', 'pickle5') if name in sys.modules])\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


def test_short_words_give_each_n_gram_once() -> None:
    assert list(heads.characters("a bc")) == [
        " a",
        "a ",
        " a ",
        " b",
        "bc",
        "c ",
        " bc",
        "bc ",
        " bc ",
    ]


async def test_a_new_intent_is_live_at_once(head: Head) -> None:
    classifier = HeadClassifier(head, FakeEncoder())
    before = classifier.name
    gifts = [("do you sell gift vouchers", "gift"), ("a voucher as a gift", "gift")]
    await classifier.teach(gifts)
    labels = await classifier.classify("I need a gift voucher", timeout_s=5)
    assert labels.label == "gift"
    assert labels.near[0][1] == "gift"
    assert labels.model == classifier.name != before
    assert (await classifier.classify("track my order", timeout_s=5)).label == "order_status"

    await classifier.teach([*gifts, ("the gift voucher has expired", "warranty")])
    assert (await classifier.classify("gift voucher has expired", timeout_s=5)).label == "warranty"


async def test_what_is_taught_takes_the_place_of_what_was(head: Head) -> None:
    classifier = HeadClassifier(head, FakeEncoder())
    await classifier.teach([("do you sell gift vouchers", "gift")])
    await classifier.teach([])
    assert classifier.name == head.name
    labels = await classifier.classify("do you sell gift vouchers", timeout_s=5)
    assert "gift" not in [label for label, _ in labels.scores]


async def test_a_row_that_was_fitted_is_not_taught_again(head: Head) -> None:
    classifier = HeadClassifier(head, FakeEncoder())
    await classifier.teach([(head.texts[0], "gift")])
    assert classifier.name == head.name


@pytest.mark.parametrize("row", [("", "gift"), ("a voucher", " ")])
async def test_an_empty_row_is_not_taught(row: tuple[str, str], head: Head) -> None:
    classifier = HeadClassifier(head, FakeEncoder())
    with pytest.raises(InputError, match="one of them is empty"):
        await classifier.teach([row])
    assert classifier.name == head.name


async def test_too_many_taught_rows_ask_for_a_fit(head: Head) -> None:
    classifier = HeadClassifier(head, FakeEncoder())
    with pytest.raises(InputError, match="arriero support train"):
        await classifier.teach([(f"row {number}", "x") for number in range(501)])


async def test_the_nearest_rows_are_evidence(head: Head) -> None:
    labels = await HeadClassifier(head, FakeEncoder()).classify(
        "has the stove shipped", timeout_s=5
    )
    assert labels.near[0][:2] == ("has the stove shipped", "order_status")
    assert labels.near[0][2] == pytest.approx(1, abs=1e-3)
    likeness = [like for _, _, like in labels.near]
    assert likeness == sorted(likeness, reverse=True)


def test_few_labels_cannot_tell_what_lies_outside(head: Head) -> None:
    assert (
        head.classify("tell me a joke", np.eye(1, head.dimension, dtype=np.float32)[0]).outside
        is None
    )


async def test_an_older_format_is_fitted_again(tmp_path: Path, fitted: tuple[Path, Report]) -> None:
    older = json.loads((fitted[0] / "head.json").read_text("utf-8")) | {"format": 1}
    (tmp_path / "head.json").write_text(json.dumps(older), encoding="utf-8")
    assert is_fitted(fitted[0])
    assert not is_fitted(tmp_path)
    assert not is_fitted(tmp_path / "nowhere")


async def test_rows_with_a_wrong_label_are_suspected(tmp_path: Path) -> None:
    texts, labels = rows()
    wrong = {5: "warranty", 60: "order_status"}
    labels = [wrong.get(at, label) for at, label in enumerate(labels)]
    report = await fit(texts, labels, FakeEncoder(), tmp_path / "head")
    assert {(row.text, row.label) for row in report.suspects} == {
        (texts[at], label) for at, label in wrong.items()
    }
    assert report.suspects[0].chance_better > report.suspects[0].chance


async def test_many_rows_are_sampled_label_by_label(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, labels = rows()
    whole = kernel.Rows(texts, await FakeEncoder(16).encode(texts), labels)
    monkeypatch.setattr(kernel, "MOST_ROWS", 30)
    part = kernel.sampled(whole, seed=0)
    assert np.bincount(part.labels).tolist() == [12, 9, 9]
