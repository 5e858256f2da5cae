"""What alembic runs to bring a schema forward, for the `env.py` of each schema."""

from __future__ import annotations


def run() -> None:
    """Run the steps on the connection and in the transaction of the caller.

    Imported by anything but alembic (a tool that looks at every module), there is nothing to run.
    """
    from alembic import context

    if not hasattr(context, "config"):
        return
    attributes = context.config.attributes
    context.configure(
        connection=attributes["connection"],
        target_metadata=attributes["metadata"],
        version_table=attributes["version_table"],
        transactional_ddl=True,
        render_as_batch=False,
    )
    context.run_migrations()
