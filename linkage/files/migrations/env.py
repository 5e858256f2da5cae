"""Alembic's entry into this folder."""

from api.storage.environment import run

run()
