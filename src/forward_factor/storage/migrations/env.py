"""Alembic's entry: it runs on the connection and inside the transaction it is handed."""

from __future__ import annotations

from alembic import context

from forward_factor.storage.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
