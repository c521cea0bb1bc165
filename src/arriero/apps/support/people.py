"""What the directory knows of a customer that nobody else may see."""

from __future__ import annotations

from arriero.apps.support.directory import Customer
from arriero.security.masking import Known


def known_of(customer: Customer) -> tuple[Known, ...]:
    """The private fields of the record. A town or country alone is nobody's address."""
    first, last = customer.first_name, customer.last_name
    fields = {
        "FULL_NAME": f"{first} {last}",
        "FIRST_NAME": first,
        "LAST_NAME": last,
        "CUSTOMER_EMAIL": customer.email,
        "CUSTOMER_PHONE": customer.phone,
        "CUSTOMER_ADDRESS": f"{customer.street}, {customer.city}",
        "CUSTOMER_STREET": customer.street,
    }
    return tuple(Known(kind, value) for kind, value in fields.items() if value.strip())
