"""The four database roles and what each may do in a LuxeBrain database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import (
    ISOLATION_LEVEL_AUTOCOMMIT,
    connection,
    cursor,
    encrypt_password,
    make_dsn,
)

OWNER, APP, OPS, AUTH = "lux_owner", "lux_app", "lux_ops", "lux_auth"
LOGIN_ROLES = (OWNER, APP, OPS)

# Every attribute is spelled out, so that a role changed by hand is set right again.
_ATTRIBUTES = {
    OWNER: "LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS INHERIT",
    APP: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT",
    OPS: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS INHERIT",
    AUTH: "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS INHERIT",
}

_LOCK = 0x4C555845  # serialises bootstraps: concurrent catalogue changes of one row fail

_DATABASE_GRANTS = """
revoke all on database {database} from public;
grant connect, temporary on database {database} to lux_app, lux_ops;
"""

_SCHEMA_GRANTS = """
revoke all on schema public from public;
grant usage, create on schema public to lux_owner, lux_auth;
grant usage on schema public to lux_app, lux_ops;

alter default privileges for role lux_owner in schema public
    grant select, insert, update, delete on tables to lux_app, lux_ops;
alter default privileges for role lux_owner in schema public
    grant usage on sequences to lux_app;
alter default privileges for role lux_owner in schema public
    grant usage, select on sequences to lux_ops;
alter default privileges for role lux_owner in schema public
    grant select on tables to lux_auth;

revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
grant execute on function pg_catalog.set_config(text, text, boolean) to lux_owner, lux_ops;
"""


def bootstrap(admin_dsn: str, *, database: str, passwords: Mapping[str, str]) -> None:
    """Create or repair the roles (a password for each of LOGIN_ROLES) and one database."""
    with _locked(admin_dsn) as admin:
        for role in _ATTRIBUTES:
            _ensure_role(admin, role)
        for role in LOGIN_ROLES:
            _set_password(admin, role, passwords[role])
            admin.execute(sql.SQL("alter role {} set timezone = 'UTC'").format(sql.Identifier(role)))
        # Migrations hand the look-up functions over to lux_auth.
        admin.execute("grant lux_auth to lux_owner")
    bootstrap_database(admin_dsn, database=database)


def bootstrap_database(admin_dsn: str, *, database: str) -> None:
    """Create or repair one database for roles that exist already."""
    with _locked(admin_dsn) as admin:
        name = sql.Identifier(database)
        admin.execute("select 1 from pg_database where datname = %s", [database])
        if admin.fetchone() is None:
            admin.execute(sql.SQL("create database {} owner lux_owner template template0 encoding 'UTF8'").format(name))
        else:
            admin.execute(sql.SQL("alter database {} owner to lux_owner").format(name))
        admin.execute(sql.SQL(_DATABASE_GRANTS).format(database=name))
        with _cursor(make_dsn(admin_dsn, dbname=database)) as inside:
            inside.execute(_SCHEMA_GRANTS)


def drop_database(admin_dsn: str, *, database: str) -> None:
    """Drop a database, ending the connections to it; without error if there is none."""
    with _cursor(admin_dsn) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))


def _ensure_role(admin: cursor, role: str) -> None:
    admin.execute("select 1 from pg_roles where rolname = %s", [role])
    verb = "create" if admin.fetchone() is None else "alter"
    admin.execute(sql.SQL(f"{verb} role {{}} with {_ATTRIBUTES[role]}").format(sql.Identifier(role)))


def _set_password(admin: cursor, role: str, password: str) -> None:
    # Hashed here: the password itself never reaches the server or its log.
    verifier = encrypt_password(password, role, admin.connection, "scram-sha-256")
    admin.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(verifier)))


@contextmanager
def _locked(dsn: str) -> Iterator[cursor]:
    with _cursor(dsn) as opened:
        opened.execute("select pg_advisory_lock(%s)", [_LOCK])
        try:
            yield opened
        finally:
            opened.execute("select pg_advisory_unlock(%s)", [_LOCK])


@contextmanager
def _cursor(dsn: str) -> Iterator[cursor]:
    opened: connection = psycopg2.connect(dsn)
    try:
        opened.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        with opened.cursor() as inside:
            # Roles must survive a crash, even on a server that is set to be fast.
            inside.execute("set synchronous_commit = on")
            yield inside
    finally:
        opened.close()
