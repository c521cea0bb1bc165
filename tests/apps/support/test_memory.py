"""Conversation memory: what short dialogues are about, and what is kept of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest

from arriero.apps.support.inquiry import Said
from arriero.apps.support.memory import (
    Awaits,
    Context,
    Memory,
    asks_for,
    kept,
    numbers_in,
    recall,
    remember,
    resolve,
    stands_alone,
)
from arriero.apps.support.orders import Item, Order, OrderStatus, RefundStatus
from arriero.core.clock import HeldClock
from arriero.core.errors import InputError
from arriero.core.words import JsonValue
from arriero.store.records import MemoryRecords

TENT, STOVE = "10234", "10300"


def an_order(id: str, *names: str) -> Order:
    items = tuple(Item(f"S-{at}", name, 1, Decimal("10.00")) for at, name in enumerate(names))
    return Order(
        id, "c-1", OrderStatus.PROCESSING, date(2026, 6, 1), None, None, None, None, None, items,
        Decimal("10.00"), None, RefundStatus.NONE, None,
    )  # fmt: skip


ORDERS = (an_order(TENT, "Salar 2 tent", "Dry bag 13 l"), an_order(STOVE, "Fogata gas stove"))


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Turns (C: the customer's, A: the agent's) and what the last customer's message means."""

    name: str
    turns: str
    order: str | None
    intent: str | None = None  # the classifier's, of the last message
    before: str | None = None  # the intent so far
    switched: bool = False
    corrected: bool = False
    unclear: bool = False
    hint: str | None = None
    confidence: float = 0.9


LISTED = "A: Which order do you mean? I see 10234 (tent); 10300 (stove). Please send me its number."

# fmt: off
DIALOGUES = (
    Dialogue("a number stands for itself", "C: Where is order 10234?", TENT),
    Dialogue("no number and no context", "C: Where is my order?", None),
    Dialogue("it", "C: Where is 10234?\nA: It is being packed.\nC: When will it arrive?", TENT),
    Dialogue("that one", "C: Where is 10234?\nA: It is being packed.\nC: Please cancel that one", TENT, "cancel_order", "order_status"),
    Dialogue("this order", "C: My parcel 10300 is late.\nA: I am sorry.\nC: I want a refund for this order", STOVE),
    Dialogue("the parcel", "C: Status of 10300\nA: It is on its way.\nC: Can the parcel go to my neighbour?", STOVE, "change_address", "order_status"),
    Dialogue("the same order", "C: 10234 please\nA: It is packed.\nC: same order, change the address", TENT, "change_address", "order_status"),
    Dialogue("the first one", f"C: Cancel my order\n{LISTED}\nC: the first one", TENT, before="cancel_order", hint="cancel_order"),
    Dialogue("the second one", f"C: Cancel my order\n{LISTED}\nC: The second one, please.", STOVE, before="cancel_order", hint="cancel_order"),
    Dialogue("the last one", f"C: Where is my order\n{LISTED}\nC: the last one", STOVE),
    Dialogue("the latter", f"C: Where is my order\n{LISTED}\nC: I mean the latter.", STOVE),
    Dialogue("second, without more", f"C: Where is my order\n{LISTED}\nC: second", STOVE),
    Dialogue("a third of two", f"C: Where is my order\n{LISTED}\nC: the third one", None, unclear=True),
    Dialogue("a bare number answers the question", f"C: Cancel my order\n{LISTED}\nC: 10300", STOVE, before="cancel_order", hint="cancel_order"),
    Dialogue("a bare number with manners", "C: Cancel it\nA: Which order do you mean, please? Please send me its number.\nC: it's number 10234, thanks", TENT, before="cancel_order", hint="cancel_order"),
    Dialogue("and the other?", "C: Where are 10234 and 10300?\nA: Order 10234 is being packed.\nC: And the other?", STOVE, before="order_status", hint="order_status"),
    Dialogue("the other one", f"C: Where is my order\n{LISTED}\nC: 10234\nA: Order 10234 is being packed.\nC: and the other one?", STOVE),
    Dialogue("my other order", "C: 10234 is fine now.\nA: Good.\nC: What about my other order, 10300?", STOVE),
    Dialogue("another that nobody named", "C: Where is 10234?\nA: Being packed.\nC: And the other one?", None, unclear=True),
    Dialogue("no, I meant", "C: Where is 10234?\nA: Order 10234 was delivered.\nC: No, 10236 I meant", "10236", corrected=True, before="order_status", hint="order_status"),
    Dialogue("sorry, wrong number", "C: Cancel 10234\nA: Cancel order 10234?\nC: sorry, wrong number, it's 10236", "10236", corrected=True),
    Dialogue("not this but that", "C: Where is 10234?\nA: Delivered.\nC: not 10234 but 10236", "10236", corrected=True),
    Dialogue("that, not this", "C: Where is 10234?\nA: Delivered.\nC: 10236, not 10234!", "10236", corrected=True),
    Dialogue("a mistyped number in one message", "C: Cancel 10234, no sorry, 10236", "10236"),
    Dialogue("instead of", "C: Please cancel 10236 instead of 10234", "10236", corrected=True),
    Dialogue("was a typo", "C: Where is 10234?\nA: Not found.\nC: 10234 was a typo, 10236 is right", "10236", corrected=True),
    Dialogue("another number is no correction", "C: Where is 10234?\nA: Being packed.\nC: Where is 10300?", STOVE),
    Dialogue("a new topic forgets the order", "C: Where is 10234?\nA: Being packed.\nC: Do you sell gift cards?", None, "gift_card", "order_status", switched=True),
    Dialogue("an unsure new topic does not", "C: Where is 10234?\nA: Being packed.\nC: hmm well", TENT, "gift_card", "order_status", confidence=0.2),
    Dialogue("the same intent goes on", "C: Where is 10234?\nA: Being packed.\nC: When do I get my tent finally?", TENT, "order_status", "order_status"),
    Dialogue("and the refund?", "C: Cancel 10234\nA: I am cancelling order 10234.\nC: And the refund?", TENT, "refund_status", "cancel_order"),
    Dialogue("what about the money", "C: Cancel 10234\nA: I am cancelling order 10234.\nC: what about my money?", TENT, "refund_status", "cancel_order"),
    Dialogue("a new topic with a number", "C: Where is 10234?\nA: Being packed.\nC: Change the address of 10300", STOVE, "change_address", "order_status"),
    Dialogue("an empty it", "C: Where is 10234?\nA: Being packed.\nC: Is it possible to pay by invoice?", None, "payment_methods", "order_status", switched=True),
    Dialogue("an empty that", "C: Where is 10234?\nA: Being packed.\nC: I hope that you sell rope", None, "product_availability", "order_status", switched=True),
    Dialogue("this weekend is no order", "C: Where is 10234?\nA: Being packed.\nC: Are you open this weekend?", None, "store_hours", "order_status", switched=True),
    Dialogue("a product names the order", "C: Where is my tent?", TENT),
    Dialogue("another product names the other", "C: Where is my tent?\nA: Order 10234 is being packed.\nC: and the stove", STOVE),
    Dialogue("a product in no order", "C: Where are my boots?", None),
    Dialogue("an address after the question for it", "C: Change the address of 10234\nA: To which address shall order 10234 go instead?\nC: Lindenweg 5, 8010 Graz", TENT, "delivery_time", "change_address"),
    Dialogue("the agent names the order", "C: Where is my order?\nA: Order 10300 is on its way.\nC: can you cancel it", STOVE, "cancel_order", "order_status"),
    Dialogue("them", "C: I sent back 10300\nA: Thank you.\nC: have you received them?", STOVE),
    Dialogue("a pronoun without anything", "C: When will it arrive?", None),
    Dialogue("the order without anything", "C: cancel the order", None, unclear=True),
    Dialogue("two customers' turns in a row", "C: Where is my parcel\nC: 10234\nC: when will it come", TENT),
    Dialogue("back to the first", "C: Where is 10234?\nA: Packed.\nC: and 10300?\nA: Order 10300 is on its way.\nC: and when does 10234 leave?", TENT),
)
# fmt: on


def read(turns: str) -> tuple[list[Said], str]:
    roles = {"C": "customer", "A": "agent"}
    said = [Said(role=roles[line[0]], text=line[2:].strip()) for line in turns.splitlines()]
    return said[:-1], said[-1].text


@pytest.mark.parametrize("told", DIALOGUES, ids=lambda told: told.name)
def test_a_dialogue_is_understood(told: Dialogue) -> None:
    history, message = read(told.turns)
    # The products of earlier messages are known too: the bot looked them up when it answered.
    context = replace(recall(history), intent=told.before)
    found = resolve(message, context, intent=told.intent, confidence=told.confidence, orders=ORDERS)
    seen = (found.order, found.switched, found.corrected, found.unclear)
    assert seen == (told.order, told.switched, told.corrected, told.unclear)
    assert found.intent == told.hint or told.hint is None


COUNTED = (
    ("C: Where is 10234?", 1),
    ("C: I am asking for the third time where 10234 is!", 3),
    ("C: I have written to you five times already about 10234", 5),
    ("C: this is my 4th message about 10234", 4),
    ("C: My parcel 10234 has not arrived\nA: I am sorry.\nC: My parcel still has not arrived", 2),
    (
        "C: Where is 10234?\nA: On its way.\nC: Where is 10234?\nA: On its way.\nC: Where is 10234 again",
        3,
    ),
    ("C: Where is 10234?\nA: On its way.\nC: I already told you it is not here", 2),
    ("C: I asked you twice about the stove", 2),
)


@pytest.mark.parametrize(("turns", "times"), COUNTED)
def test_a_problem_that_comes_back_is_counted(turns: str, times: int) -> None:
    history, message = read(turns)
    context = replace(recall(history), intent="order_status")
    assert resolve(message, context, intent="order_status", confidence=0.9).times == times


def test_a_new_problem_is_counted_anew() -> None:
    context = Context(intent="order_status", order=TENT, times=4)
    assert resolve("Do you sell rope?", context, intent="x", confidence=0.9).times == 1


def test_an_answer_to_our_question_is_no_repetition() -> None:
    context = Context(intent="cancel_order", times=1, awaits=Awaits.ORDER)
    assert resolve("10234", context, intent="cancel_order", confidence=0.9).times == 1


def test_the_order_stands_where_the_pronoun_stood() -> None:
    found = resolve("Please cancel that one now", Context(order=TENT))
    assert found.message == "Please cancel order 10234 now"


@pytest.mark.parametrize(
    ("text", "awaits"),
    [
        ("Which order do you mean, please?", Awaits.ORDER),
        ("What is its five-digit number, please? It is in the e-mail.", Awaits.ORDER),
        ("To which address shall it go?", Awaits.ADDRESS),
        ("Cancel order 10234? Reply yes to confirm, or no to leave it.", Awaits.YES),
        ("Order 10234 is on its way.", Awaits.NOTHING),
    ],
)
def test_the_bots_question_is_remembered(text: str, awaits: Awaits) -> None:
    assert asks_for(text) is awaits
    assert recall([Said(role="agent", text=text)]).awaits is awaits


def test_a_turn_moves_the_context_on() -> None:
    first = remember(
        None, resolve("cancel my order", Context()), intent="cancel_order", order=None,
        offered=(TENT, STOVE), awaits=Awaits.ORDER, customer="c-1",
    )  # fmt: skip
    second = resolve("the second one", first)
    assert (second.order, second.intent) == (STOVE, "cancel_order")
    after = remember(first, second, intent="cancel_order", order=STOVE)
    assert (after.order, after.customer, after.orders[-1]) == (STOVE, "c-1", STOVE)


def test_a_switch_leaves_no_order_behind() -> None:
    before = Context(intent="order_status", order=TENT)
    found = resolve("Do you sell gift cards?", before, intent="gift_card", confidence=0.9)
    assert remember(before, found, intent="gift_card", order=None).order is None


def test_the_number_looks_as_the_company_says() -> None:
    assert resolve("Where is AB-77?", Context(), number=r"AB-\d+").order == "AB-77"


@pytest.mark.parametrize("number", ["77001", "AB-77", "AB77", "2026/77"])
@pytest.mark.parametrize("message", ["{}", "It is {}, thanks", "order number {}", "and {}?"])
def test_a_bare_number_goes_on_with_the_topic_however_numbers_look(
    message: str, number: str
) -> None:
    asked = Context(intent="cancel_order", awaits=Awaits.ORDER)
    looks = r"\d{5}|AB-?\d+|\d{4}/\d+"
    found = resolve(message.format(number), asked, intent="invoice", confidence=0.9, number=looks)
    assert (found.order, found.intent) == (number, "cancel_order")
    assert not stands_alone(number, sure=True, number=looks)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("where is so-1234?", ("SO-1234",)),
        ("So-1234 and SO-1235", ("SO-1234", "SO-1235")),
        ("order \uff11\uff12\uff13\uff14\uff15", ("12345",)),
        ("\u0661\u0662\u0663\u0664\u0665", ("12345",)),
        ("an abcdef and ABCDEF", ("ABCDEF",)),
        ("is it so", ()),
    ],
)
def test_a_number_may_be_typed_in_another_case_or_script(said: str, meant: tuple[str, ...]) -> None:
    """Letters alone only as they are: else every word of six letters would be a number."""
    assert numbers_in(said, r"SO-\d{4}|\b[A-Z]{6}\b|(?<!\d)\d{5}(?!\d)") == meant


def test_a_number_in_small_letters_goes_on_with_the_topic() -> None:
    asked = Context(intent="cancel_order", awaits=Awaits.ORDER)
    found = resolve("it's so-1234", asked, intent="x", confidence=0.9, number=r"SO-\d{4}")
    assert (found.order, found.intent) == ("SO-1234", "cancel_order")


def test_a_long_conversation_keeps_few_numbers() -> None:
    history = [Said(role="customer", text=f"and {10_000 + at}?") for at in range(30)]
    assert recall(history).orders == tuple(str(10_022 + at) for at in range(8))


async def test_a_context_comes_back_as_it_was_kept() -> None:
    memory = Memory(MemoryRecords(), HeldClock())
    context = Context("cancel_order", TENT, None, (TENT,), (TENT, STOVE), Awaits.YES, 2, "c-1")
    await memory.save("t", "conversation:1", context)
    assert await memory.load("t", "conversation:1") == context
    assert await memory.load("other", "conversation:1") is None
    assert await memory.load("t", None) is None


async def test_a_context_is_kept_by_an_action() -> None:
    memory = Memory(MemoryRecords(), HeldClock())
    action = kept("conversation:1", Context("cancel_order", TENT, awaits=Awaits.ORDER))
    assert action is not None
    await memory.perform("t", action)
    assert await memory.load("t", "conversation:1") == Context(
        "cancel_order", TENT, awaits=Awaits.ORDER
    )
    assert kept(None, Context()) is None
    with pytest.raises(InputError, match="cannot be read"):
        await memory.perform("t", replace(action, payload={}))


async def test_a_context_ends_and_is_swept() -> None:
    clock = HeldClock()
    records = MemoryRecords()
    memory = Memory(records, clock, ttl_s=60)
    await memory.save("t", "a", Context(order=TENT))
    clock.advance(30)
    await memory.save("t", "b", Context(order=STOVE))
    clock.advance(31)
    assert await memory.load("t", "a") is None
    assert await memory.sweep("t") == 1
    assert list(await records.list("t", "memory")) == ["b"]


async def test_a_customer_can_be_forgotten() -> None:
    memory = Memory(MemoryRecords(), HeldClock())
    await memory.save("t", "a", Context(customer="c-1"))
    await memory.save("t", "b", Context(customer="c-2"))
    assert await memory.forget("t", "c-1") == 1
    assert await memory.load("t", "a") is None
    assert await memory.load("t", "b") is not None


async def test_a_record_of_another_version_is_no_context() -> None:
    records = MemoryRecords()
    await records.put("t", "memory", "a", {"until": "2099-01-01T00:00:00+00:00", "context": {}})
    assert await Memory(records, HeldClock()).load("t", "a") is None


class Interrupted(MemoryRecords):
    """While the second place is looked at, the first begins anew."""

    async def get(self, tenant: str, kind: str, id: str) -> JsonValue | None:
        if id == "b" and (after := self.after) is not None:
            self.after = None
            await after()
        return await MemoryRecords.get(self, tenant, kind, id)

    after: Callable[[], Awaitable[None]] | None = None


async def test_what_begins_anew_while_it_is_swept_stays() -> None:
    clock = HeldClock()
    records = Interrupted()
    memory = Memory(records, clock, ttl_s=60)
    for place in ("a", "b"):
        await memory.save("t", place, Context(intent="old"))
    clock.advance(61)

    async def anew() -> None:
        await memory.save("t", "a", Context(intent="new"))

    records.after = anew
    await memory.sweep("t")
    kept = await memory.load("t", "a")
    assert kept is not None
    assert kept.intent == "new"
