"""Alembic's entry: it runs on the connection and inside the transaction it is handed."""

from __future__ import annotations

from alembic import context

from forward_factor.storage.tables import Base, is_of_models

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=True,
    include_name=is_of_models,
)
context.run_migrations()
