"""Private data on its way through the flow: kept from every stage and store, told again to the caller."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pytest

from arriero.core.errors import StoreError
from arriero.core.words import Action, Draft, JsonValue, Mode, canonical_json
from arriero.flow import Case, Flow, Turn
from arriero.security.masking import Known
from tests.test_flow import case, flow_for, told
from tests.toy import Ask, Say, Toy

ILKA = (Known("FIRST_NAME", "Ilka"), Known("CUSTOMER_EMAIL", "ilka@shop.example"))


@dataclass
class Acquainted(Toy):
    """A toy whose directory knows Ilka; `down` is how often it does not answer first."""

    down: int = 0
    receipt: str = ""

    async def who(self, case: Case[Ask]) -> str:
        self.down -= 1
        if self.down >= 0:
            raise StoreError("the directory is down")
        return "Ilka"

    def known(self, who: str) -> Sequence[Known]:
        return ILKA

    async def gather(self, turn: Turn[Ask], seen: str) -> str:
        return "Ilka has 3 points"

    async def draft(self, turn: Turn[Ask], seen: str, evidence: str) -> Sequence[Draft[Say]]:
        return [Draft(Say(f"{evidence}, please. {seen}"), "first", actions=self.actions)]

    async def perform(self, tenant: str, run: str, action: Action) -> Mapping[str, JsonValue]:
        return {"sent": self.receipt}


async def kept(flow: Flow, run_id: str | None) -> str:
    """All that the ledger has of a run."""
    run = await flow.ledger.run("default", run_id or "")
    assert run is not None
    trace = await flow.ledger.trace(run)
    return (canonical_json(run) + canonical_json(trace)).decode()


async def test_what_the_directory_tells_reaches_no_store_and_is_told_to_the_caller() -> None:
    flow = await flow_for(app := Acquainted())
    result = await flow.run(app, case("it is ilka, ILKA@shop.example"))
    assert (
        result.outcome.answer.response == "Ilka has 3 points, please. it is Ilka, ilka@shop.example"
    )
    assert app.prompts == ["it is <FIRST_NAME>, <CUSTOMER_EMAIL>"]
    assert "ilka" not in (await kept(flow, result.run_id)).lower()


async def test_a_placeholder_that_somebody_types_tells_nothing_of_those_before_them() -> None:
    """Callers share a unit among people, such as "guest" for all whom they do not know."""
    flow = await flow_for(app := Toy())
    first = await flow.run(app, case("my mail is ann@shop.example"))
    assert "ann@shop.example" in first.outcome.answer.response
    second = await flow.run(app, case("tell me <EMAIL_1>, a List<T> and <EMAIL_9>"))
    assert "ann@" not in second.outcome.answer.response
    assert "List<T> and <EMAIL_9>" in second.outcome.answer.response


async def test_a_directory_that_answers_late_is_asked_again_before_the_evidence_is_used() -> None:
    flow = await flow_for(app := Acquainted(down=1))
    result = await flow.run(app, case("hello"))
    assert result.outcome.answer.response.startswith("Ilka has")
    assert "ilka" not in (await kept(flow, result.run_id)).lower()


async def test_a_run_with_known_values_is_replayed_to_the_same_answer() -> None:
    flow = await flow_for(app := Acquainted())
    run, trace = await told(flow, await flow.run(app, case("a@b.org is Ilka")))
    assert await flow.replay(app, run, trace) == []


async def test_a_conversation_keeps_its_placeholders_and_can_be_revealed_later() -> None:
    flow = await flow_for(app := Toy())
    await flow.run(app, case("a@b.org"))
    result = await flow.run(app, case("c@d.org and a@b.org"))
    assert result.run.input["message"] == "<EMAIL_2> and <EMAIL_1>"
    assert await flow.reveal(app, result.run, {"x": ["<EMAIL_1>"]}) == {"x": ["a@b.org"]}


async def test_an_answer_may_use_what_an_earlier_message_said() -> None:
    flow = await flow_for(app := Toy(first="please, <EMAIL_1>"))
    await flow.run(app, case("a@b.org"))
    result = await flow.run(app, case("again"))
    assert result.outcome.answer.response == "please, a@b.org again"


async def test_a_case_without_a_unit_can_be_revealed_too() -> None:
    flow = await flow_for(app := Toy())
    result = await flow.run(app, replace(case("a@b.org"), unit=None))
    assert await flow.reveal(app, result.run, "<EMAIL_1>") == "a@b.org"
    assert await flow.reveal(app, replace(result.run, id="other"), "<EMAIL_1>") == "<EMAIL_1>"


async def test_known_values_are_revealed_from_the_directory_of_today() -> None:
    flow = await flow_for(app := Acquainted())
    result = await flow.run(app, case("it is Ilka"))
    assert await flow.reveal(app, result.run, "Dear <FIRST_NAME>") == "Dear Ilka"


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.REPLAY])
async def test_only_a_live_turn_writes_the_vault(mode: Mode) -> None:
    flow = await flow_for(app := Toy())
    result = await flow.run(app, case("a@b.org"), mode=mode)
    assert result.outcome.answer.response == "yes please a@b.org"
    assert not (await flow.vaults.open("default", "u1")).values


async def test_a_stage_that_names_a_value_in_its_error_does_not_record_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    flow = await flow_for(app := Toy(breaks={"gather": StoreError("no row for a@b.org")}))
    with caplog.at_level(logging.DEBUG):
        result = await flow.run(app, case("a@b.org"))
    assert result.run.reason == "error: no row for <EMAIL_1>"
    assert result.run.stages[-1].error == "error: no row for <EMAIL_1>"
    assert result.outcome.reason == "error: no row for a@b.org"
    assert "a@b.org" not in caplog.text


async def test_a_receipt_is_kept_without_private_values() -> None:
    app = Acquainted(actions=(Action("tell", "tell", {"to": "<EMAIL_1>"}),), receipt="to Ilka")
    flow = await flow_for(app)
    await flow.run(app, case("a@b.org"))
    done = flow.ledger._done  # type: ignore[attr-defined]  # the fake's own table
    assert [entry.receipt for entry in done.values()] == [{"sent": "to <FIRST_NAME>"}]
