"""The migration operation that puts a table under row-level security and ties its keys to the tenant."""

from typing import Any

from django.db import models
from django.db.migrations.operations.base import Operation


class ProtectTable(Operation):
    """Forces the tenant policy on a model's table, and makes its foreign keys carry the tenant.

    `public_rows=True`: rows without a tenant can be read (not written) by everybody.
    `own_column="id"` is for the tenant table itself. `referenced=True` adds the unique key
    (tenant_id, id) that composite foreign keys of other tables point at.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(
        self,
        model: str,
        *,
        own_column: str = "tenant_id",
        referenced: bool = False,
        public_rows: bool = False,
        append_only: bool = False,
    ) -> None:
        self.model, self.own_column, self.referenced = model, own_column, referenced
        self.public_rows, self.append_only = public_rows, append_only

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        options = {
            "own_column": self.own_column,
            "referenced": self.referenced,
            "public_rows": self.public_rows,
            "append_only": self.append_only,
        }
        return self.__class__.__name__, [self.model], options

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model)
        table = model._meta.db_table
        # Read without a sub-select: beside the explicit filter the planner makes it one test before the
        # scan, and plans no query of its own for it. Written rows are checked each, so there it is asked once.
        mine = f"{self.own_column} = app_tenant()"
        readable = f"{mine} or {self.own_column} is null" if self.public_rows else mine
        writable = f"{self.own_column} = (select app_tenant())"
        run = schema_editor.execute
        run(f"alter table {table} enable row level security")
        run(f"alter table {table} force row level security")
        run(
            f"create policy tenant_isolation on {table} for all to lux_app "
            f"using ({readable}) with check ({writable})"
        )
        if self.append_only:
            run(f"revoke update, delete on {table} from lux_app")
        if self.referenced:
            run(f"alter table {table} add constraint {table}_of_tenant unique (tenant_id, id)")
        for field in model._meta.local_fields:
            if isinstance(field, models.ForeignKey) and not field.db_constraint:
                run(self.reference(table, field, to_state))

    def reference(self, table: str, field: models.ForeignKey, state: Any) -> str:
        target = field.remote_field.model._meta.db_table
        return (
            f"alter table {table} add constraint {table}_{field.column}_of_tenant "
            f"foreign key (tenant_id, {field.column}) references {target} (tenant_id, id) "
            "deferrable initially deferred"
        )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model)._meta.db_table
        schema_editor.execute(f"drop policy if exists tenant_isolation on {table}")
        schema_editor.execute(f"alter table {table} no force row level security")
        schema_editor.execute(f"alter table {table} disable row level security")

    def describe(self) -> str:
        return f"Protect {self.model} with the tenant policy"
