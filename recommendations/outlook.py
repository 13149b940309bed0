"""What merging the staged rows would do, field by field, without writing to a shop's own rows."""

from django.db import connections

from recommendations import staging
from tenants.models import Tenant

Outcome = tuple[int, str, list[str]]  # n, what a merge would tell, the fields that would change


def compare(tenant: Tenant, kind: str) -> list[Outcome]:
    """For every staged row of this kind, inside the transaction that staged them."""
    if kind == "orders":
        return [(n, outcome, []) for n, outcome in staging.compare_orders(tenant)]
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_STATEMENTS[kind], {"tenant": tenant.pk})
        return cursor.fetchall()


_PRODUCTS = """
select i.n, case when p.id is null then 'created' when p.source_updated_at > i.source_updated_at then 'older'
                 when f.fields = '{}' and coalesce(i.source_updated_at, p.source_updated_at)
                      is not distinct from p.source_updated_at then 'unchanged' else 'updated' end, f.fields
from incoming_product i
left join recommendations_product p on p.tenant_id = %(tenant)s and p.external_id = i.external_id
cross join lateral (select case when p.id is null then '{}'::text[] else array_remove(array[
    case when p.title <> i.title then 'title' end,
    case when p.description <> i.description then 'description' end,
    case when p.url <> i.url then 'url' end,
    case when p.image_url <> i.image_url then 'image_url' end,
    case when p.price is distinct from i.price::numeric(14, 2) then 'price' end,
    case when p.currency <> i.currency then 'currency' end,
    case when p.categories::text[] <> i.categories then 'categories' end,
    case when p.brand <> i.brand then 'brand' end,
    case when p.tags::text[] <> i.tags then 'tags' end,
    case when p.attributes <> i.attributes then 'attributes' end,
    case when p.stock is distinct from i.stock then 'stock' end,
    case when p.is_published <> i.is_published then 'published' end], null) end as fields) f
"""

_CUSTOMERS = """
select i.n, case when c.id is null then 'created' when c.source_updated_at > i.source_updated_at then 'older'
                 when f.fields = '{}' and coalesce(i.source_updated_at, c.source_updated_at)
                      is not distinct from c.source_updated_at then 'unchanged' else 'updated' end, f.fields
from incoming_customer i
left join recommendations_customer c on c.tenant_id = %(tenant)s and c.external_id = i.external_id
cross join lateral (select case when c.id is null then '{}'::text[] else array_remove(array[
    case when c.country <> i.country then 'country' end,
    case when c.attributes <> i.attributes then 'attributes' end], null) end as fields) f
"""

_EVENTS = """
select i.n, case when e.id is null then 'created' else 'unchanged' end, '{}'::text[]
from incoming_event i
left join recommendations_event e
  on e.tenant_id = %(tenant)s and e.id = i.id and e.occurred_at = i.occurred_at
"""

_STATEMENTS = {"products": _PRODUCTS, "customers": _CUSTOMERS, "events": _EVENTS}
