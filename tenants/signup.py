"""Opening a shop: the tenant, its first owner or an invitation to be it, and the line in the audit."""

from django.db import IntegrityError

from luxebrain.lib import problems
from tenants import audit, members, profile, slugs
from tenants.models import Plan, Tenant, User
from tenants.models.people import Role


def open(
    *,
    name: str,
    slug: str | None = None,
    plan: str = "free",
    currency: str = "EUR",
    time_zone: str = "UTC",
    owner_email: str = "",
    owner: User | None = None,
    by: User | None,
) -> Tenant:
    """Makes a shop. `owner` becomes a member at once; `owner_email` gets a letter. Raises Problem."""
    if (owner is None) == (not owner_email):
        raise problems.Problem("Name the owner.", fields={"owner_email": "The address of the shop's first owner."})
    profile.check(name=name, currency=currency, time_zone=time_zone)
    if not Plan.objects.using("ops").filter(code=plan).exists():
        raise problems.Problem("There is no such plan.", fields={"plan": "Choose one of the plans."})
    tenant = Tenant(
        name=name.strip(),
        slug=slugs.check(slug) if slug else slugs.suggest(name),
        plan_id=plan,
        currency=currency,
        time_zone=time_zone,
    )
    tenant._state.db = "ops"  # no tenant can be entered before it exists
    try:
        with tenant.atomic():
            tenant.save(using="ops", force_insert=True)
            audit.record(tenant, "signup.open", by=by, target=tenant.slug, details={"plan": plan})
            if owner:
                tenant.memberships.create(user=owner, role=Role.OWNER)
            else:
                members.invite(tenant, email=owner_email, role=Role.OWNER, by=by)
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        raise problems.Conflict("This address is taken.", fields={"slug": "Another shop has this address."}) from error
    return tenant
