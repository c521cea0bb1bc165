"""How an app says which work it has for people, without knowing the server that shows it.

A task of kind K is shown and acted on by the desk that names K; the desk of an app may also keep its
customers' conversations, which a customer reads and writes while a person has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from arriero.core.words import JsonValue, Task

Verb = Literal["accept", "reply", "return", "resolve", "approve"]


@dataclass(frozen=True, slots=True)
class Act:
    """What a person does with a task. `text` is the reply, the reason of a return, or empty.

    `approve` gives `text` to everybody who asks `question` from now on.
    """

    verb: Verb
    actor: str
    text: str = ""
    question: str = ""


class Conversations(Protocol):
    """What was said between customers and people. Ids are the app's own, of one tenant."""

    async def messages(
        self, tenant: str, conversation: str, *, after: str = ""
    ) -> Sequence[Mapping[str, JsonValue]]:
        """In order, each with `id`, `at`, `sender` and `text`; only those after the id `after`."""

    async def waits(self, tenant: str, conversation: str) -> bool:
        """Whether a person has the conversation, or will have it."""

    async def post(self, tenant: str, conversation: str, text: str) -> Mapping[str, JsonValue]:
        """Take a customer's message for the person who has the conversation, or will have it.

        Raises:
            Conflict: no person has it: the app itself is to be asked.
        """


class Desk(Protocol):
    """The tasks of an app, for the people who do them."""

    @property
    def kinds(self) -> Sequence[str]: ...

    @property
    def conversations(self) -> Conversations | None: ...

    async def about(self, task: Task, actor: str) -> Mapping[str, JsonValue]:
        """What is shown beside the task itself: `verbs` that `actor` may use now, `messages`, ..."""

    async def act(self, tenant: str, task: str, act: Act) -> Task:
        """Do it; gives the task as it stands now.

        Raises:
            NotFound: there is no such task.
            Conflict: it cannot be done now; the sentence says what can.
            InputError: what the verb needs is missing.
        """
