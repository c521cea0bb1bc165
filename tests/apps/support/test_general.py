"""What an article may answer, and what is about something of the customer's own."""

import pytest

from arriero.apps.support.general import asks_for_orders, asks_in_general


@pytest.mark.parametrize(
    "message",
    [
        "How many days does normal delivery take?",
        "how many days until the refund is paid once my return is with you",
        "I paid with a gift card. Where does the refund go?",
        "after cancelling how long till the money is back",
        "Where can I download my invoice?",
        "Until when can an order be cancelled?",
        "Can I keep the wrong article you sent, and what do I pay?",
    ],
)
def test_a_question_that_an_article_may_answer_is_general(message: str) -> None:
    assert asks_in_general(message)


@pytest.mark.parametrize(
    "message",
    [
        "Where is my refund",
        "Has my order gone out yet?",
        "which day can i expect my parcel",
        "has the parcel arrived?",
        "Can you cancel the order?",
        "can i cancel my order",
        "so where is it now",
        "has it been sent?",
        "one sock is missing",
    ],
)
def test_how_an_own_order_stands_and_what_is_to_be_done_is_not(message: str) -> None:
    assert not asks_in_general(message)


@pytest.mark.parametrize(
    "message",
    [
        "Which orders do I have?",
        "what are my open orders",
        "Could you list all of my orders please",
        "What did I order from you so far?",
        "my orders",
    ],
)
def test_which_orders_there_are_is_asked_of_ones_own(message: str) -> None:
    assert asks_for_orders(message)
    assert not asks_in_general(message)


@pytest.mark.parametrize(
    "message",
    [
        "Which orders do I have to return?",
        "What did I order wrong?",
        "my orders are late",
        "Where do I see my orders?",
        "What orders do you gift-wrap?",
    ],
)
def test_what_asks_more_or_else_is_no_question_for_a_list(message: str) -> None:
    assert not asks_for_orders(message)
