"""The demo's story with a fake model, a fake trainer and short sizes; the real one is a bar."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from arriero.assembly import Platform
from arriero.bench.customers import KINDS
from arriero.cli.demo_learning import Sizes, _ready, play, settings_of, show
from arriero.core.errors import ModelMissing
from arriero.core.settings import ModelsSettings
from arriero.core.words import RoleBinding
from arriero.learning.trainers.base import Trained
from arriero.learning.trainers.environment import TrainerMissing
from arriero.learning.trainers.fake import FakeTrainer
from arriero.models.base import Generator, Prompt
from arriero.models.engines import Engines
from arriero.models.fake import ScriptedGenerator
from arriero.store.ledger import open_ledger

SIZES = Sizes(first=60, least=30, golden=60, held_out=20, most_neutral=20, most_harmful=900)
FAKES = {
    "intent_classifier": {"model": "fake:order_status"},
    "sentiment_analyzer": {"model": "fake:neutral"},
    "response_generator": {"model": "fake:shop"},
}


def fake_shop(adapter: str | None) -> ScriptedGenerator:
    """A fake that reads the record in its prompt: without an adapter it says nothing of use, the adapter
    "wrong" says another day than was asked for, any other adapter is right.
    """

    def said(prompt: Prompt) -> str:
        lines = str(prompt.messages[-1].content).splitlines()
        record = dict(re.findall(r"(\w+): ([^;]+)", lines[1]))
        record["order_id"], question = lines[0].removeprefix("Order "), lines[-1][10:]
        if adapter is None:
            return f"Thank you for asking about {record['order_id']}, that is a good question."
        for kind in KINDS.values():
            if any(question == one.format(id=record["order_id"]) for one in kind.asked):
                wrong = kind.fact == "delivered_on" and adapter.endswith("wrong")
                fact = record["placed_on" if wrong else kind.fact]
                return kind.said[0].format(id=record["order_id"], fact=fact)
        return "I do not know."

    return ScriptedGenerator(said, name=f"fake:shop+{adapter}")


def fake_generator(
    engines: Engines, bound: RoleBinding, *, drafting: bool = True
) -> Generator:  # as `Engines.generator`
    return fake_shop(bound.adapter)


async def told_of(
    folder: Path, arms: tuple[str, ...], console: Console
) -> tuple[dict[str, Any], list[str]]:
    names = iter(("right", "same", "wrong") if "neutral" in arms else ("right", "wrong"))

    async def adapt(platform: Platform, app: str, trained: Trained) -> str:
        return next(names)

    settings = settings_of(folder, SIZES, FAKES).model_copy(
        update={"models": ModelsSettings(encoder="fake:encoder", folder=folder / "none")}
    )
    told = await play(
        folder, 1, arms, console, against="rival", sizes=SIZES, trainer=FakeTrainer(), adapt=adapt,
        settings=settings,
    )  # fmt: skip
    ledger = open_ledger(f"sqlite:///{folder / 'data' / 'ledger.db'}")
    try:
        kept = await ledger.machines("rollout", open_only=False)
    finally:
        await ledger.close()
    return dict(told), [one.state for one in kept]


@pytest.mark.anyio
async def test_a_better_adapter_is_promoted_an_equal_one_is_not_and_a_harmful_one_is_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engines, "generator", fake_generator)
    console = Console(file=io.StringIO(), width=200)
    told, states = await told_of(tmp_path, ("good", "neutral", "harmful"), console)
    good, neutral, harmful = told["acts"]
    assert good["ended"] == "promoted"
    assert neutral["ended"] == "inconclusive"
    assert harmful["ended"] == "rolled_back"
    assert states == ["rolled_back", "inconclusive", "promoted"]
    assert told["champion"] == good["variant"] != told["base"]
    assert told["held_out"]["effect"]["low"] > 0
    assert told["against"]["model"] == "rival"  # the fake without an adapter
    assert told["against"]["effect"]["low"] > 0
    assert 0 < told["against"]["seconds"] < told["seconds"]
    assert told["harmful_dataset_wrong"] == pytest.approx(0.14, abs=0.03)
    show(told, console)
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert "simulated" in written
    assert "begun by force" in written
    assert "held-out inquiries: rival 0.0%" in written


def test_without_the_trainer_it_says_what_to_install_before_anybody_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARRIERO_TRAINER", str(tmp_path / "nothing"))
    monkeypatch.setattr("arriero.models.catalogue.path", lambda name, folder: folder / name)
    with pytest.raises(TrainerMissing, match="arriero trainer install"):
        _ready(settings_of(tmp_path, SIZES))


def test_without_the_model_it_says_what_to_pull(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, SIZES).model_copy(
        update={"models": ModelsSettings(folder=tmp_path / "none")}
    )
    with pytest.raises(ModelMissing, match="smollm2-135m"):
        _ready(settings)
