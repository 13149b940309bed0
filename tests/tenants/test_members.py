"""Who works in a shop: invitations, roles, the last owner."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from luxebrain.lib import problems
from tenants import members
from tests import make


def token_of(letter: mail.EmailMessage) -> str:
    return letter.body.split("/account/invitation/")[1].split()[0].rstrip("/")


def invited(acme, ana, email: str = "new@example.com", role: str = "analyst") -> str:
    members.invite(acme, email=email, role=role, by=ana)
    return token_of(mail.outbox[-1])


def actions(tenant) -> list[str]:
    return list(tenant.audit_entries.order_by("id").values_list("action", flat=True))


def test_it_invites_and_accepts(acme, ana):
    token = invited(acme, ana)
    person = make.user("new")
    members.accept(token, by=person)
    assert acme.memberships.get(user=person).role == "analyst"
    assert actions(acme) == ["members.invite", "members.accept"]
    assert "text/html" in [mime for _, mime in mail.outbox[-1].alternatives]


def test_it_keeps_only_a_digest_of_the_link(acme, ana):
    token = invited(acme, ana)
    row = acme.invitations.get()
    assert token not in str(vars(row)) and len(bytes(row.digest)) == 32


def test_it_refuses_another_person(acme, ana, gil):
    token = invited(acme, ana)
    with pytest.raises(problems.Forbidden, match="another e-mail"):
        members.accept(token, by=gil)


def test_it_refuses_an_address_that_is_not_verified(acme, ana):
    from allauth.account.models import EmailAddress

    token = invited(acme, ana)
    person = make.user("new")
    EmailAddress.objects.filter(user=person).update(verified=False)
    with pytest.raises(problems.Forbidden):
        members.accept(token, by=person)


def test_it_refuses_an_expired_a_withdrawn_and_a_used_link(acme, ana):
    person = make.user("new")
    expired = invited(acme, ana)
    acme.invitations.update(expires_at=timezone.now() - timedelta(seconds=1))
    withdrawn = invited(acme, ana)
    members.withdraw(acme.invitations.get(withdrawn_at=None, expires_at__gt=timezone.now()), by=ana)
    used = invited(acme, ana)
    members.accept(used, by=person)
    for token in (expired, withdrawn, used, "nonsense"):
        with pytest.raises(problems.NotFound):
            members.accept(token, by=person)


def test_a_second_invitation_replaces_the_first(acme, ana):
    first = invited(acme, ana)
    second = invited(acme, ana)
    assert members.offer(first) is None and members.offer(second).shop == "Acme"


def test_it_keeps_to_the_plan(db):
    shop = make.tenant("tiny", plan="free")  # two members
    owner = make.member(shop, "olga")
    members.invite(shop, email="a@example.com", role="analyst", by=owner)
    with pytest.raises(problems.PlanLimit, match="2 members"):
        members.invite(shop, email="b@example.com", role="analyst", by=owner)


def test_it_keeps_the_last_owner(acme, ana, ben):
    own = acme.memberships.get(user=ana)
    with pytest.raises(members.LastOwner):
        members.change_role(own, role="analyst", by=ana)
    with pytest.raises(members.LastOwner):
        members.remove(own, by=ana)
    members.change_role(acme.memberships.get(user=ben), role="owner", by=ana)
    members.remove(own, by=ben)
    assert [m.user.email for m in acme.memberships.all()] == ["ben@example.com"]


@pytest.mark.parametrize(
    ("email", "role"), [("nonsense", "analyst"), ("x@example.com", "king"), ("ben@example.com", "analyst")]
)
def test_it_refuses_what_makes_no_sense(acme, ana, ben, email, role):
    with pytest.raises(problems.Problem) as caught:
        members.invite(acme, email=email, role=role, by=ana)
    assert caught.value.errors and not mail.outbox


def test_a_letter_that_cannot_be_sent_leaves_nothing(acme, ana, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(problems.Unavailable):
        members.invite(acme, email="new@example.com", role="analyst", by=ana)
    assert not acme.invitations.exists() and actions(acme) == []
