"""Who works in a shop: invite, accept, withdraw, change a role, remove. A shop keeps an owner."""

from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from luxebrain.lib import problems, tokens
from tenants import audit, letters, tenancy
from tenants.models import Invitation, Membership, Tenant, User
from tenants.models.people import Role

INVITATION_DAYS = 7


class LastOwner(problems.Conflict):
    code = "last_owner"


@dataclass(frozen=True, slots=True)
class Offer:
    """What an open invitation says to the person who holds its link."""

    invitation_id: int
    tenant_id: int
    shop: str
    email: str
    role: str

    @property
    def role_label(self) -> str:
        return Role(self.role).label


def invite(tenant: Tenant, *, email: str, role: str, by: User | None) -> Invitation:
    """Mails a link that lets this address join. The link is in the letter and nowhere else."""
    email = email.strip().lower()
    _check(tenant, email=email, role=role)
    token = tokens.secret()
    now = timezone.now()
    with tenant.atomic():
        _reserve(tenant)
        tenant.invitations.filter(email=email, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
        invitation = tenant.invitations.create(
            email=email,
            role=role,
            digest=tokens.digest(token),
            invited_by=by,
            expires_at=now + timedelta(days=INVITATION_DAYS),
        )
        audit.record(tenant, "members.invite", by=by, target=email, details={"role": role})
        letters.send(
            "invitation",
            to=email,
            shop=tenant.name,
            role=Role(role).label,
            inviter=str(by) if by else "LuxeBrain",
            days=INVITATION_DAYS,
            link=settings.BASE_URL + reverse("invitation", args=[token]),
        )
    return invitation


def _check(tenant: Tenant, *, email: str, role: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise problems.Problem(
            "This is no e-mail address.", fields={"email": "Enter a valid e-mail address."}
        ) from None
    _check_role(role)
    if tenant.memberships.filter(user__email=email).exists():
        raise problems.Conflict("This person is a member already.", fields={"email": "Already a member."})


def _check_role(role: str) -> None:
    if role not in Role.values:
        raise problems.Problem("There is no such role.", fields={"role": f"Choose from {', '.join(Role.values)}."})


def _reserve(tenant: Tenant) -> None:
    """Refuses when members and open invitations fill the plan; the lock makes two inviters queue."""
    Tenant.objects.using(tenant.alias).select_for_update().get(pk=tenant.pk)
    limit = tenant.plan.members
    if limit is not None and tenant.memberships.count() + pending(tenant).count() >= limit:
        raise problems.PlanLimit(
            f"The {tenant.plan.name} plan allows {limit} members, open invitations included.",
            fields={"email": f"The {tenant.plan.name} plan allows {limit} members."},
        )


def pending(tenant: Tenant):  # type: ignore[no-untyped-def]
    """Invitations that can still be accepted."""
    return tenant.invitations.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now())


def offer(token: str) -> Offer | None:
    """What the link offers, or None when it is unknown, used, withdrawn or expired."""
    with connections["default"].cursor() as cursor:
        cursor.execute("select * from auth_invitation(%s)", [tokens.digest(token[:200])])
        row = cursor.fetchone()
    return Offer(*row) if row else None


def accept(token: str, *, by: User) -> Membership:
    """Makes the signed-in person a member. The invited address must be theirs, and verified."""
    found = offer(token)
    if found is None:
        raise problems.NotFound("This invitation is not valid any more. Ask for a new one.")
    if not EmailAddress.objects.filter(user=by, email__iexact=found.email, verified=True).exists():
        raise problems.Forbidden("This invitation is for another e-mail address.", code="other_address")
    with tenancy.enter(found.tenant_id) as tenant:
        invitation = tenant.invitations.select_for_update().get(pk=found.invitation_id)
        if not invitation.is_open(timezone.now()):
            raise problems.NotFound("This invitation is not valid any more. Ask for a new one.")
        limit = tenant.plan.members
        if limit is not None and tenant.memberships.exclude(user=by).count() >= limit:
            raise problems.PlanLimit(f"The {tenant.plan.name} plan allows {limit} members. Ask an owner of the shop.")
        membership, _ = tenant.memberships.get_or_create(user=by, defaults={"role": invitation.role})
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        audit.record(tenant, "members.accept", by=by, target=by.email, details={"role": membership.role})
    return membership


def withdraw(invitation: Invitation, *, by: User) -> None:
    if not invitation.is_open(timezone.now()):
        raise problems.Conflict("This invitation is not open any more.")
    with invitation.tenant.atomic():
        invitation.withdrawn_at = timezone.now()
        invitation.save(update_fields=["withdrawn_at"])
        audit.record(invitation.tenant, "members.withdraw", by=by, target=invitation.email)


def change_role(membership: Membership, *, role: str, by: User) -> None:
    _check_role(role)
    tenant = membership.tenant
    if role == membership.role:
        return
    with tenant.atomic():
        _keep_an_owner(tenant, without=membership)
        before, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        details = {"from": before, "to": role}
        audit.record(tenant, "members.change_role", by=by, target=membership.user.email, details=details)


def remove(membership: Membership, *, by: User) -> None:
    """Ends the membership; the next page that the person asks for is a 404."""
    tenant = membership.tenant
    with tenant.atomic():
        _keep_an_owner(tenant, without=membership)
        audit.record(tenant, "members.remove", by=by, target=membership.user.email, details={"role": membership.role})
        membership.delete()


def _keep_an_owner(tenant: Tenant, *, without: Membership) -> None:
    """Locks the owners, so that two of them cannot leave at the same moment."""
    owners = set(tenant.memberships.select_for_update().filter(role=Role.OWNER).values_list("pk", flat=True))
    if owners == {without.pk}:
        raise LastOwner("A shop needs an owner. Make somebody else an owner first.")
