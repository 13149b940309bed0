"""The demo's people: made with verified addresses, given random passwords that are told once."""

import secrets

from allauth.account.models import EmailAddress

from demo import cast
from tenants import audit, tenancy
from tenants.models import Tenant, User

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that can be mistaken for another
_ROLES = {"operator": User.PlatformRole.OPERATOR, "analyst": User.PlatformRole.ANALYST}


def ensure(person: cast.Person) -> User:
    """The person's account; new ones cannot sign in before they are given a password."""
    user = User.objects.filter(email=person.email).first()
    if user is None:
        role = _ROLES[person.role] if person.is_staff else ""
        user = User.objects.create_user(person.email, None, name=person.name, platform_role=role)
        audit.record(None, "demo.person", by="demo", target=person.email)
    EmailAddress.objects.get_or_create(user=user, email=person.email, defaults={"verified": True, "primary": True})
    return user


def owner(shop: cast.Shop) -> User:
    return ensure(cast.owner_of(shop))


def operator() -> User:
    return ensure(cast.operator())


def join(tenant: Tenant, person: cast.Person) -> None:
    user = ensure(person)
    tenant.memberships.get_or_create(user=user, defaults={"role": person.role})


def hand_out_passwords(shops: tuple[cast.Shop, ...], *, again: bool) -> list[tuple[cast.Person, str]]:
    """Gives a password to everyone who has none (`again`: to everyone). It is kept nowhere else."""
    given = []
    here = {"", *(shop.slug for shop in shops)}
    for person in cast.PEOPLE:
        if person.shop not in here:
            continue
        user = ensure(person)
        if user.has_usable_password() and not again:
            continue
        password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
        user.set_password(password)
        user.save(update_fields=["password"])
        given.append((person, password))
    return given


def shops() -> dict[str, Tenant]:
    """The demo shops that are open, by slug."""
    slugs = [shop.slug for shop in cast.SHOPS]
    return {tenant.slug: tenant for tenant in tenancy.across().filter(slug__in=slugs, is_demo=True)}
