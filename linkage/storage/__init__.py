"""Storage of the linkage layer, in the database of the service, each package with a schema and versions of its own.

A package `linkage/<name>` that has a folder `migrations` (with `env.py` and `versions/`) and a module `tables` with its
`metadata` is migrated too, with the version table `linkage_<name>_version`. Packages do not refer to each other's tables
by foreign keys, so the order does not matter.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from api.storage.migrating import migrate

if TYPE_CHECKING:
    from api.storage.database import Database

_LINKAGE = Path(__file__).resolve().parent.parent


def packages() -> tuple[str, ...]:
    """The packages that have a schema, storage first."""
    found = sorted(
        path.name
        for path in _LINKAGE.iterdir()
        if (path / "migrations" / "env.py").is_file() and (path / "tables.py").is_file()
    )
    return ("storage", *(name for name in found if name != "storage"))


def migrate_linkage(database: Database) -> None:
    """Bring the schemas of the linkage layer up to date. The service's own schema is there already."""
    for name in packages():
        tables = import_module(f"linkage.{name}.tables")
        migrate(database, tables.metadata, _LINKAGE / name / "migrations", f"linkage_{name}_version")
