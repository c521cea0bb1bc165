"""Alembic's entry: runs on the connection and inside the transaction that it is handed."""

from __future__ import annotations

from alembic import context

from arriero.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
