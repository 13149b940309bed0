"""What each database role may and may not do."""

import psycopg2
import pytest
from psycopg2 import errors

from luxebrain.lib import roles


def ask(url, query, *parameters):
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_it_gives_each_role_its_attributes_and_no_more(servers):
    """R45: the application's role cannot step over row-level security."""
    found = ask(
        servers.environ["DATABASE_URL"],
        "select rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole"
        " from pg_roles where rolname like 'lux%%' order by rolname",
    )
    assert found == [
        ("lux_app", True, False, False, False, False),
        ("lux_auth", False, False, True, False, False),
        ("lux_ops", True, False, True, False, False),
        ("lux_owner", True, False, True, True, False),
    ]


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_OPS_URL", "DATABASE_OWNER_URL"])
def test_it_speaks_utc_with_every_role(servers, name):
    assert ask(servers.environ[name], "show timezone") == [("UTC",)]


def test_it_lets_the_application_change_rows_but_not_tables(servers):
    app = servers.environ["DATABASE_URL"]
    ask(
        servers.environ["DATABASE_OWNER_URL"],
        "create table basket (id bigint generated always as identity, name text)",
    )
    ask(app, "insert into basket (name) values ('a')")
    ask(app, "update basket set name = 'b'")
    assert ask(app, "select name from basket") == [("b",)]
    ask(servers.environ["DATABASE_OPS_URL"], "delete from basket")
    for forbidden in ("truncate basket", "drop table basket", "create table other (id int)"):
        with pytest.raises(errors.InsufficientPrivilege):
            ask(app, forbidden)
    ask(servers.environ["DATABASE_OWNER_URL"], "drop table basket")


def test_it_lets_migrations_hand_a_function_to_the_look_up_role(servers):
    owner = servers.environ["DATABASE_OWNER_URL"]
    ask(owner, "create function seven() returns int language sql return 7")
    ask(owner, "alter function seven() owner to lux_auth")
    ask(owner, "drop function seven()")


def test_it_keeps_set_config_from_the_application(servers):
    query = "select set_config('app.tenant_id', '1', true)"
    with pytest.raises(errors.InsufficientPrivilege):
        ask(servers.environ["DATABASE_URL"], query)
    assert ask(servers.environ["DATABASE_OPS_URL"], query) == [("1",)]


def test_it_makes_and_drops_a_further_database_with_the_same_grants(servers):
    for _ in range(2):  # the second time repairs what is there
        roles.bootstrap_database(servers.admin_url, database="further")
    app = servers.environ_for("further")["DATABASE_URL"]
    with pytest.raises(errors.InsufficientPrivilege):
        ask(app, "select set_config('a.b', '1', true)")
    roles.drop_database(servers.admin_url, database="further")
    roles.drop_database(servers.admin_url, database="further")
    with pytest.raises(psycopg2.OperationalError):
        ask(app, "select 1")


def test_it_repairs_a_role_that_was_changed_by_hand(servers):
    ask(servers.admin_url, "alter role lux_app superuser bypassrls")
    roles.bootstrap(servers.admin_url, database="luxebrain", passwords=servers.state.secrets)
    found = ask(
        servers.environ["DATABASE_URL"],
        "select rolsuper, rolbypassrls from pg_roles where rolname = current_user",
    )
    assert found == [(False, False)]
