"""What the directory knows of a customer that nobody else may see."""

from __future__ import annotations

from arriero.apps.support.directory import Customer
from arriero.security.masking import Known

# What `known_of` names, in its order.
KINDS = (
    "FULL_NAME", "FIRST_NAME", "LAST_NAME", "CUSTOMER_EMAIL", "CUSTOMER_PHONE", "CUSTOMER_ADDRESS",
    "CUSTOMER_STREET",
)  # fmt: skip


def known_of(customer: Customer) -> tuple[Known, ...]:
    """The private fields of the record. A town or country alone is nobody's address."""
    first, last, street = customer.first_name, customer.last_name, customer.street
    fields = (
        f"{first} {last}".strip(), first, last, customer.email, customer.phone,
        f"{street}, {customer.city}" if street.strip() else "", street,
    )  # fmt: skip
    named = zip(KINDS, fields, strict=True)
    return tuple(Known(kind, value) for kind, value in named if value.strip())
