"""Notices: told to a shop's members in the panel, and by e-mail to those who want it."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from tenants import letters, tenancy, work
from tenants.access import RIGHTS
from tenants.models import Notice, NoticeReader, Tenant, User

TASK = "tenants.mail_notice"
KEPT = timedelta(days=90)


def tell(
    tenant: Tenant, kind: str, *, title: str, text: str = "", path: str = "", tone: str = "info",
    right: str = "overview.read",
) -> Notice:
    """One notice for all members with this right, in the caller's transaction; the mails are work of their own."""
    notice = tenant.notices.create(
        kind=kind, tone=tone, title=title[:160], text=text[:400], path=path[:300], right=right
    )
    for reader in tenant.notice_readers.filter(wants_mail=True):
        work.enqueue(tenant, TASK, subject=notice.pk, payload={"user": reader.user_id})
    return notice


def of(tenant: Tenant, *, role: str) -> QuerySet:
    """The notices that this role may see, the newest first."""
    return tenant.notices.filter(right__in=RIGHTS.get(role, frozenset()))


def unread(tenant: Tenant, user: User, *, role: str) -> int:
    return of(tenant, role=role).filter(pk__gt=_reader(tenant, user).read_up_to).count()


def read_up_to(tenant: Tenant, user: User) -> int:
    return _reader(tenant, user).read_up_to


def mark_read(tenant: Tenant, user: User, *, up_to: int) -> None:
    """Remembers what the member has seen; never backwards."""
    reader = _reader(tenant, user)
    if up_to > reader.read_up_to:
        _keep(tenant, user, read_up_to=up_to)


def wants_mail(tenant: Tenant, user: User) -> bool:
    return _reader(tenant, user).wants_mail


def mail(tenant: Tenant, user: User, *, wanted: bool) -> None:
    """Whether notices come by e-mail as well."""
    _keep(tenant, user, wants_mail=wanted)


def _reader(tenant: Tenant, user: User) -> NoticeReader:
    return tenant.notice_readers.filter(user=user).first() or NoticeReader(tenant=tenant, user=user)


def _keep(tenant: Tenant, user: User, **values: Any) -> None:
    tenant.notice_readers.update_or_create(user=user, defaults=values)


@work.handler(TASK)
def send_mail(lease: work.Lease) -> None:
    """The letter to one member, if they still are one and may see it. Letters can come twice, never go missing."""
    assert lease.tenant_id is not None
    with tenancy.enter(lease.tenant_id) as tenant:
        notice = tenant.notices.filter(pk=int(lease.subject)).first()
        member = tenant.memberships.select_related("user").filter(user=lease.payload["user"]).first()
        is_wanted = tenant.notice_readers.filter(user=lease.payload["user"], wants_mail=True).exists()
    if notice is None or member is None or not is_wanted or notice.right not in RIGHTS.get(member.role, frozenset()):
        return
    link = f"{settings.BASE_URL}{notice.path}" if notice.path else ""
    letters.send(
        "notice", to=member.user.email, title=notice.title, text=notice.text, link=link, shop=tenant.name,
        page=f"{settings.BASE_URL}/t/{tenant.slug}/notices",
    )  # fmt: skip


def sweep() -> int:
    """Removes notices older than 90 days; returns how many went."""
    return Notice.objects.across_tenants().filter(created_at__lt=timezone.now() - KEPT).delete()[0]
