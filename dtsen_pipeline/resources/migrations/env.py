"""How Alembic reaches the registry: on the connection, and inside the transaction, that `migrate` holds.

A new migration: change `registry.models`, open a registry, and call `alembic.command.revision` with
`autogenerate=True` and the connection in `config.attributes`; then read what it wrote.
"""

from alembic import context

from dtsen_pipeline.resources.registry.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
