"""Which database alias may do what: migrations run as the owner, relations may span the roles."""

from typing import Any


class Router:
    """Reads and writes are left to Django: a row stays on the alias it was read through."""

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True  # the aliases are three roles on one database

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"
