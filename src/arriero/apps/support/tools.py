"""Deterministic flows: order status, cancel, refund, change of address.

`propose` is pure: from what is known it makes what to say and at most one action. What changes
money or an address is first described; only a plain yes in the same conversation, within the
policy's minutes, makes it an action. `Tools.perform` asks the policy again, performs at the
directory, once for each confirmation, and clears what was pending.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from urllib.parse import quote

from arriero.apps.support.addresses import PLACEHOLDER, Address, address_in, parsed
from arriero.apps.support.confirm import (
    Confirmations,
    Pending,
    Reading,
    Stage,
    agrees_at_first,
    pending_from,
    reading,
)
from arriero.apps.support.courtesy import request_in
from arriero.apps.support.directory import CustomerDirectory
from arriero.apps.support.facts import (
    each,
    named,
    order_facts,
    spoken_day,
    spoken_money,
    working_days_after,
)
from arriero.apps.support.general import asks_for_orders
from arriero.apps.support.orders import (
    Cancellation,
    Change,
    Customer,
    Order,
    OrderStatus,
    Receipt,
    Redirection,
    Refund,
)
from arriero.apps.support.policy import Asked, Policy, Refusal, Tool, said
from arriero.core.clock import Clock
from arriero.core.errors import InputError, NotFound
from arriero.core.words import Action, JsonValue, content_hash

ASK, DROP = "ask_confirmation", "drop_confirmation"
CHANGES = frozenset({Tool.CANCEL_ORDER, Tool.REFUND, Tool.CHANGE_ADDRESS})
KINDS = frozenset({ASK, DROP, *CHANGES})  # the actions that `Tools.perform` takes
NO_PLACE = (
    "I cannot ask you for a confirmation here, so I have passed this to a colleague, who will get "
    "back to you; you do not need to write again."
)
ONE_BY_ONE = "One thing after the other, please."
NOT_KNOWN = (
    "I can only tell orders to the person who placed them. Please log in to your account and write to "
    "me from there, or ask for a colleague."
)
LISTED = "the orders were asked for"
MOST_LISTED = 4  # orders in a question which one is meant

log = logging.getLogger(__name__)


class Need(StrEnum):
    """What has to come before more can be done. All but NOTHING and PERSON are questions."""

    NOTHING = "nothing"
    CONFIRMATION = "confirmation"
    ORDER = "order"
    ADDRESS = "address"
    IDENTITY = "identity"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Request:
    """All that a proposal rests on. `message` is masked.

    `customer` is None when nobody vouches for who is asking; `named` is the order number that the
    customer gave or meant, `order` that order if it is theirs (with something pending and no number
    named: the pending order). `place` is where the conversation's memory lies (`place_of`). `sure`
    says whether the intent can be relied on.
    """

    intent: str
    message: str
    customer: Customer | None
    order: Order | None
    named: str | None
    orders: Sequence[Order]
    pending: Pending | None
    place: str | None
    run: str
    now: datetime
    sure: bool = True
    zone: tzinfo = UTC

    @property
    def today(self) -> date:
        """The shop's own day, which windows and due days are counted in."""
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to say, what still has to come, and at most one action for after the decision.

    An empty `text` says nothing: the message is for somebody else, and only the action, if there is
    one, belongs to the outcome. `facts` are what the text may state. `offered` are the orders that
    were listed, in their order, for "the second one".
    """

    text: str
    need: Need = Need.NOTHING
    action: Action | None = None
    tool: Tool | None = None
    order: str | None = None
    offered: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    reason: str = ""


def propose(policy: Policy, request: Request) -> Proposal | None:
    """The next step of a flow; None when the message starts none and nothing is pending."""
    pending = request.pending
    if pending is None:
        return _begin(policy, request)
    if request.customer is None or request.customer.id != pending.customer:
        return _begin(policy, request)  # somebody else in this conversation: not theirs to confirm
    answer = reading(request.message, pending.tool, pending.order)
    if answer is Reading.NO:
        return _left_alone(request, pending)
    if answer is Reading.YES and pending.stage is Stage.YES:
        return _confirmed(policy, request, pending)
    if pending.stage is Stage.ADDRESS and (found := address_in(request.message)):
        return _go_on(policy, _about_pending(request), pending.tool, found)
    more = pending.stage is Stage.YES and agrees_at_first(request.message)
    if more or (not request.sure and request.named in {None, pending.order}):
        # Whatever is said now, a later yes would be taken for an answer to it: so ask again. And who
        # says "yes, and ..." would else believe that it is done.
        again = _go_on(policy, _about_pending(request), pending.tool, pending.address or None)
        if again.action is None:
            return replace(again, action=drop(request.place, pending))
        return replace(again, text=f"{ONE_BY_ONE} {again.text}") if more else again
    begun = _begin(policy, request)
    if begun is None or not begun.text:
        return Proposal("", action=drop(request.place, pending), reason="topic switched")
    if begun.action is None:  # the question that waits must not outlive a new topic
        return replace(begun, action=drop(request.place, pending))
    return begun


def _begin(policy: Policy, request: Request) -> Proposal | None:
    if asks_for_orders(request_in(request.message)) and Tool.ORDER_STATUS in policy.tools:
        return _orders(request)
    tool = policy.tool_for(request.intent, request.message) if request.sure else None
    if tool is None:
        return None
    if request.customer is None:
        refusal = policy.refusal(tool, Asked(None, None, request.today))
        text = refusal.text if refusal else ""
        return Proposal(text, Need.IDENTITY, tool=tool, facts=(text,), reason="identity")
    if request.order is None and request.named is None:
        return _which(policy, request, tool)
    return _go_on(policy, request, tool, address_in(request.message))


def _orders(request: Request) -> Proposal:
    """All that are known of the newest orders: who asks for a list names none, and has no other intent."""
    tool = Tool.ORDER_STATUS
    if request.customer is None:
        return Proposal(NOT_KNOWN, Need.IDENTITY, tool=tool, facts=(NOT_KNOWN,), reason=LISTED)
    told = each(request.orders)
    text = f"These are your latest orders: {told}." if told else "I see no order in your account."
    offered = tuple(one.id for one in request.orders)
    facts = (*order_facts(request.customer, None).values(), told)
    return Proposal(text, tool=tool, offered=offered, facts=facts, reason=LISTED)


def _which(policy: Policy, request: Request, tool: Tool) -> Proposal:
    """No order was named: the only one that the tool may be used on, or a question."""
    fitting = [
        one
        for one in request.orders
        if policy.refusal(tool, Asked(request.customer, one, request.today)) is None
    ]
    if len(fitting) == 1:
        chosen = replace(request, order=fitting[0], named=fitting[0].id)
        return _go_on(policy, chosen, tool, address_in(request.message))
    if fitting:
        listed = fitting[:MOST_LISTED]
        options = "; ".join(named(one) for one in listed)
        text = f"Which order do you mean, please? I see {options}. Please send me its number."
        offered = tuple(one.id for one in listed)
        return Proposal(
            text, Need.ORDER, None, tool, offered=offered, facts=(options,), reason="several orders"
        )
    if request.orders:  # the newest, and why not: to ask which would raise hope for nothing
        newest = replace(request, order=request.orders[0], named=request.orders[0].id)
        refused = _go_on(policy, newest, tool, None)
        other = "If you mean another order, please send me its number."
        return replace(refused, text=f"{refused.text} {other}", reason="no order fits")
    text = (
        "Which order do you mean, please? Please send me its number from your confirmation e-mail."
    )
    return Proposal(text, Need.ORDER, tool=tool, reason="no order fits")


def _go_on(policy: Policy, request: Request, tool: Tool, address: str | None) -> Proposal:
    """The order is known, or was named and is not theirs: refuse, ask for what is missing, or describe."""
    asked = Asked(request.customer, request.order, request.today)
    if refusal := policy.refusal(tool, asked):
        return _refused(request, tool, refusal)
    order, customer = request.order, request.customer
    if order is None or customer is None:
        raise AssertionError("the policy let an unknown order pass")
    if tool is Tool.ORDER_STATUS:
        return _status(request, order)
    if tool is Tool.CHANGE_ADDRESS and address is None:
        text = (
            f"To which address shall order {named(order)} go instead? Please send me street and "
            "house number, postcode and town."
        )
        return _waiting(policy, request, tool, order, Stage.ADDRESS, "", text)
    given = parsed(address or "")
    if tool is Tool.CHANGE_ADDRESS and given and given.country not in {"", customer.country}:
        text = said(policy.tools[tool].abroad, asked)
        return Proposal(
            text, Need.ADDRESS, tool=tool, order=order.id, facts=(text,), reason="country"
        )
    text = _question(policy, request, tool, order, address or "")
    return _waiting(policy, request, tool, order, Stage.YES, address or "", text)


def _waiting(
    policy: Policy,
    request: Request,
    tool: Tool,
    order: Order,
    stage: Stage,
    address: str,
    text: str,
) -> Proposal:
    """Say `text` and remember, once that is decided, what the next message answers."""
    if request.place is None or request.customer is None:
        why = "no conversation in which a confirmation could come"
        return Proposal(NO_PLACE, Need.PERSON, tool=tool, order=order.id, reason=why)
    until = request.now + timedelta(minutes=policy.confirm_within_minutes)
    question = content_hash(text) if stage is Stage.YES else ""
    whose = (request.customer.id, order.id, request.run)
    pending = Pending(tool, stage, *whose, until, address, question)
    payload = {"place": request.place, "pending": dict(pending.payload())}
    need = Need.CONFIRMATION if stage is Stage.YES else Need.ADDRESS
    facts = (*order_facts(request.customer, order).values(), named(order), text)
    action = Action(ASK, _key(ASK, order), payload)
    return Proposal(
        text, need, action, tool, order.id, facts=facts, reason=f"waits for {stage.value}"
    )


def _question(policy: Policy, request: Request, tool: Tool, order: Order, address: str) -> str:
    """Exactly what a yes will do."""
    due = spoken_day(working_days_after(request.today, policy.refund_working_days))
    match tool:
        case Tool.CANCEL_ORDER:
            if order.status is OrderStatus.AWAITING_PAYMENT:
                return f"Cancel order {named(order)}? It is not paid, so no money goes back. Reply yes to confirm, or no to leave it."
            money = spoken_money(order.total)
            return f"Cancel order {named(order)} and refund {money} by {due}? Reply yes to confirm, or no to leave it."
        case Tool.REFUND:
            money = spoken_money(order.total)
            when = (
                f"by {due}"
                if order.status is OrderStatus.RETURNED
                else f"within {policy.refund_working_days} working days after your parcel is back with us"
            )
            return f"Refund {money} for order {named(order)} {when}? Reply yes to confirm, or no to leave it."
        case _:
            return f"Send order {named(order)} to {address} instead? Reply yes to confirm, or no to leave it."


def _refused(request: Request, tool: Tool, refusal: Refusal) -> Proposal:
    need = Need.PERSON if refusal.person else Need.NOTHING
    if refusal.condition == "identity":
        need = Need.IDENTITY
    if refusal.condition == "ownership":
        need = Need.ORDER
    known = order_facts(request.customer, request.order).values() if request.customer else ()
    order = request.order.id if request.order else None
    facts = (*known, refusal.text)
    return Proposal(refusal.text, need, None, tool, order, facts=facts, reason=refusal.condition)


def _status(request: Request, order: Order) -> Proposal:
    """A plain sentence; an approved template says it better where there is one."""
    facts = order_facts(request.customer, order) if request.customer else {}
    words = [f"Order {named(order)} is {order.status.value.replace('_', ' ')}."]
    if order.delivered_on:
        words.append(f"It was delivered on {facts['delivered_on']}.")
    elif order.expected_on and order.status in {OrderStatus.PROCESSING, OrderStatus.SHIPPED}:
        words.append(f"We expect it to reach you on {facts['expected_on']}.")
    if order.tracking and not order.delivered_on:
        words.append(f"You can follow it with tracking number {order.tracking}.")
    words.append("Please tell me if you need anything else about it.")
    known = (*facts.values(), named(order), order.status.value.replace("_", " "))
    return Proposal(" ".join(words), tool=Tool.ORDER_STATUS, order=order.id, facts=known)


def _about_pending(request: Request) -> Request:
    """The same request, certainly about the order that is pending."""
    order, pending = request.order, request.pending
    if pending is None or (order is not None and order.id == pending.order):
        return request
    found = next((one for one in request.orders if one.id == pending.order), None)
    return replace(request, order=found, named=pending.order)


def _left_alone(request: Request, pending: Pending) -> Proposal:
    text = f"All right, I have left order {pending.order} as it is. Please tell me if there is anything else."
    action = drop(request.place, pending)
    return Proposal(
        text,
        Need.NOTHING,
        action,
        pending.tool,
        pending.order,
        facts=(pending.order,),
        reason="declined",
    )


def _confirmed(policy: Policy, request: Request, pending: Pending) -> Proposal:
    """A yes: the pending change becomes an action, if the policy still allows it."""
    request = _about_pending(request)
    refusal = policy.refusal(pending.tool, Asked(request.customer, request.order, request.today))
    if refusal is not None:
        return replace(
            _refused(request, pending.tool, refusal), action=drop(request.place, pending)
        )
    order, customer = request.order, request.customer
    if order is None or customer is None:
        raise AssertionError("the policy let an unknown order pass")
    asks_now = _question(policy, request, pending.tool, order, pending.address)
    if content_hash(asks_now) != pending.question:
        # The order is another than it was when the question was asked: a yes was to something else.
        return _go_on(policy, request, pending.tool, pending.address or None)
    payload = {
        "place": request.place,
        "pending": dict(pending.payload()),
        "expected": order.status.value,
        "amount": str(order.total),
        "today": request.today.isoformat(),
    }
    due = spoken_day(working_days_after(request.today, policy.refund_working_days))
    text = _done(pending.tool, order, due)
    facts = (*order_facts(customer, order).values(), named(order), due)
    return Proposal(
        text,
        Need.NOTHING,
        Action(pending.tool.value, _key(pending.tool.value, order), payload),
        pending.tool,
        order.id,
        facts=facts,
    )


def _key(kind: str, order: Order) -> str:
    """An action's key. Tasks are named after it and stand in URLs, where a number such as 2026/77 would not."""
    return f"{kind}:{quote(order.id, safe='')}"


def _done(tool: Tool, order: Order, due: str) -> str:
    """Said before it is performed, so it promises no more than that somebody looks if it fails."""
    failing = "If anything stands in the way, a colleague will write to you."
    match tool:
        case Tool.CANCEL_ORDER if order.status is OrderStatus.AWAITING_PAYMENT:
            return f"Thank you. I am cancelling order {named(order)}; it was not paid, so no money goes back. {failing}"
        case Tool.CANCEL_ORDER:
            return f"Thank you. I am cancelling order {named(order)}; {spoken_money(order.total)} are due back by {due}. {failing}"
        case Tool.REFUND if order.status is OrderStatus.RETURNED:
            return f"Thank you. I am starting the refund of {spoken_money(order.total)} for order {order.id}; it is due by {due}. {failing}"
        case Tool.REFUND:
            return f"Thank you. I have noted the refund of {spoken_money(order.total)} for order {order.id}; please send the goods back, it is paid once they are with us. {failing}"
        case _:
            return f"Thank you. I am changing the delivery address of order {order.id}. {failing}"


def drop(place: str | None, pending: Pending | None) -> Action | None:
    """What an outcome carries that answers a message with something else than the flow's proposal:
    else a later yes to that answer would be taken for a yes to the pending change.
    """
    if place is None or pending is None:
        return None
    return Action(DROP, f"{DROP}:{pending.run}", {"place": place, "run": pending.run})


def _plain(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Tools:
    """Performs what was decided. Nothing else in the app changes an order. `zone` is the shop's."""

    directory: CustomerDirectory
    confirmations: Confirmations
    policy: Policy
    clock: Clock
    zone: tzinfo = UTC

    async def perform(
        self,
        tenant: str,
        run: str,
        action: Action,
        *,
        restore: Callable[[str], str] = _plain,
    ) -> Mapping[str, JsonValue]:
        """The action's effect, once however often it is asked for; what comes back is its receipt.

        `restore` puts masked values back. What the world no longer allows is told as `refused`
        (why) instead of an error, since trying again would not help: a person has to see to it.

        Raises:
            NotFound: this is no action of these tools.
            StoreError: the directory or the records cannot be reached; try again later.
        """
        match action.kind:
            case "ask_confirmation":
                pending = _pending_of(action)
                await self.confirmations.put(tenant, _place_of(action), pending)
                return {"waits_until": pending.until.isoformat()}
            case "drop_confirmation":
                return await self._dropped(
                    tenant, _place_of(action), str(action.payload.get("run"))
                )
            case kind if kind in CHANGES:
                return await self._changed(tenant, run, action, restore)
        raise NotFound(
            f"the support tools have no action {action.kind!r}; they know {', '.join(sorted(KINDS))}"
        )

    async def _dropped(self, tenant: str, place: str, run: str) -> Mapping[str, JsonValue]:
        """Only the question that was answered: a newer one that waits here stays."""
        now = await self.confirmations.get(tenant, place)
        if now is None or now.run == run:
            await self.confirmations.drop(tenant, place)
        return {"dropped": True}

    async def _changed(
        self, tenant: str, run: str, action: Action, restore: Callable[[str], str]
    ) -> Mapping[str, JsonValue]:
        pending = _pending_of(action)
        key = f"{tenant}:{pending.run}:{pending.tool.value}"
        receipt: Receipt | None
        why = ""
        try:
            receipt = await self.directory.receipt(key) or await self._apply(
                key, pending, action, restore
            )
        except InputError as error:  # Conflict too: the world has changed since the decision
            why = error.message
            receipt = await self.directory.receipt(key)  # perhaps by the same yes, sent twice
        if receipt is None:
            log.warning("run %s: %s was refused: %s", run, action.kind, why)
        await self._dropped(tenant, _place_of(action), pending.run)
        return {"refused": why} if receipt is None else asdict(receipt)

    async def _apply(
        self, key: str, pending: Pending, action: Action, restore: Callable[[str], str]
    ) -> Receipt:
        """The policy once more, on the order as it is now; then the change."""
        about = await self.directory.about(pending.customer, pending.order, recent=0)
        customer, order = (about.customer, about.order) if about else (None, None)
        today = self.clock.now().astimezone(self.zone).date()
        if refusal := self.policy.refusal(pending.tool, Asked(customer, order, today)):
            raise InputError(f"the policy does not allow it any more ({refusal.condition})")
        if customer is None or order is None:
            raise AssertionError("the policy let an unknown order pass")
        change = _change(self.policy, pending, action, customer, order, restore)
        match change:
            case Cancellation():
                return await self.directory.cancel_order(key, change)
            case Refund():
                return await self.directory.request_refund(key, change)
            case Redirection():
                return await self.directory.change_address(key, change)


def _change(
    policy: Policy,
    pending: Pending,
    action: Action,
    customer: Customer,
    order: Order,
    restore: Callable[[str], str],
) -> Change:
    """What was confirmed, as a change. Raises `InputError` when it is not what was described."""
    try:
        expected = OrderStatus(action.payload["expected"])
        amount = Decimal(action.payload["amount"])
        due = working_days_after(
            date.fromisoformat(action.payload["today"]), policy.refund_working_days
        )
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise InputError(f"action {action.kind!r} cannot be read: {error!r}") from None
    whose = (customer.id, order.id, expected)
    if amount != order.total:
        raise InputError(
            f"the order's total is now {order.total} EUR, not the {amount} EUR confirmed"
        )
    match pending.tool:
        case Tool.CANCEL_ORDER:
            paid = expected is not OrderStatus.AWAITING_PAYMENT
            return Cancellation(*whose, amount if paid else None, due if paid else None)
        case Tool.REFUND:
            return Refund(*whose, amount, due if expected is OrderStatus.RETURNED else None)
        case _:
            to = _restored_address(pending.address, restore)
            if to.country and to.country != customer.country:
                raise InputError(f"the new address of order {order.id} is in another country")
            return Redirection(*whose, to.street, to.city)


def _restored_address(text: str, restore: Callable[[str], str]) -> Address:
    plain = restore(text)
    if PLACEHOLDER.search(plain):
        raise InputError("the new address is no longer known: it was masked and has expired")
    found = parsed(plain)
    if found is None:
        raise InputError("the new address is not clear enough to be written into the order")
    return found


def _pending_of(action: Action) -> Pending:
    try:
        return pending_from(action.payload["pending"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"action {action.kind!r} cannot be read: {error!r}") from None


def _place_of(action: Action) -> str:
    place = action.payload.get("place")
    if not isinstance(place, str) or not place:
        raise InputError(f"action {action.kind!r} does not say in which conversation it belongs")
    return place
