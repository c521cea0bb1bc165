"""Who a browser speaks for: a short-lived token that the company's backend gets and its page carries.

A token names a customer (or nobody: a stranger) of one tenant and app until a moment. It is sealed
with the installation's key, AES-256-GCM: nobody else can make, change or read one, every replica with
the same key takes it, and none is stored. It opens the app's web chat and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from arriero.core.clock import Clock
from arriero.core.errors import StoreError, Unauthenticated
from arriero.security.vault import Sealer

PREFIX = "arrc_"
PLACE = "chat-token"  # so that no other sealed bytes of the installation pass for a token
LONGEST = 2_048  # characters; one with the longest customer id has about 300
AGAIN = "ask your own backend for a new one (POST /v1/APP/chat-tokens)"


@dataclass(frozen=True, slots=True)
class Visitor:
    """`customer` is None for somebody whom the company does not know."""

    tenant: str
    app: str
    customer: str | None
    until: datetime

    @property
    def mark(self) -> str:
        """Tells visitors of one browser apart without saying who they are."""
        told = f"{self.tenant}\0{self.app}\0{self.customer or ''}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def conversation(self, own: str) -> str:
        """The conversation that the browser calls `own`: nobody else's, whatever it says.

        `own` holds no colon; a stranger's is as secret as it is random.
        """
        return f"web:{self.customer or ''}:{own}"


VISITOR = TypeAdapter(Visitor)


@dataclass(frozen=True)
class Tokens:
    """Makes and reads tokens. Pure but for the clock and the seal's nonce."""

    sealer: Sealer
    clock: Clock

    def mint(
        self, tenant: str, app: str, customer: str | None, good_for: timedelta
    ) -> tuple[str, Visitor]:
        """A token that speaks for `customer` from now on, for as long as `good_for`."""
        visitor = Visitor(tenant, app, customer, self.clock.now() + good_for)
        sealed = self.sealer.seal(VISITOR.dump_json(visitor), PLACE)
        return PREFIX + base64.urlsafe_b64encode(sealed).decode(), visitor

    def read(self, token: str, app: str) -> Visitor:
        """Whom `token` speaks for at `app`.

        Raises:
            Unauthenticated: it was not made here, was changed, is for another app, or is over.
        """
        try:
            text = token[:LONGEST].removeprefix(PREFIX)
            sealed = base64.b64decode(text, altchars=b"-_", validate=True)
            visitor = VISITOR.validate_json(self.sealer.open(sealed, PLACE))
        except (StoreError, ValidationError, ValueError, binascii.Error):
            raise Unauthenticated(f"this is no chat token of this server; {AGAIN}") from None
        if visitor.app != app:
            raise Unauthenticated(f"this chat token is for {visitor.app!r}, not for {app!r}")
        if visitor.until <= self.clock.now():
            raise Unauthenticated(
                f"this chat token is over since {visitor.until:%H:%M:%S}; {AGAIN}"
            )
        return visitor
