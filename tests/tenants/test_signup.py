"""Opening a shop."""

import pytest
from django.core import mail

from luxebrain.lib import problems
from tenants import access, members, signup
from tests import make


def test_it_opens_a_shop_with_its_owner(db):
    zara = make.user("zara")
    shop = signup.open(name="Maison Verre", owner=zara, by=zara)
    assert (shop.slug, shop.plan_id, shop.state) == ("maison-verre", "free", "active")
    member = access.membership(zara, slug="maison-verre")
    assert member is not None and member.role == "owner"
    assert shop.audit_entries.get().action == "signup.open"


def test_it_mails_the_owner_who_has_no_account_yet(sam):
    shop = signup.open(name="Atelier Nord", plan="growth", owner_email="Nora@Example.com", by=sam)
    letter = mail.outbox[-1]
    assert letter.to == ["nora@example.com"] and "Atelier Nord" in letter.subject
    nora = make.user("nora")
    members.accept(letter.body.split("/account/invitation/")[1].split()[0].rstrip("/"), by=nora)
    assert shop.memberships.get().role == "owner"


def test_it_suggests_an_address_that_is_free(db):
    zara = make.user("zara")
    slugs = [signup.open(name=name, owner=zara, by=zara).slug for name in ("Été & Co", "ete co", "Ete-Co!", "日本")]
    assert slugs == ["ete-co", "ete-co-2", "ete-co-3", "shop"]


def test_it_says_that_an_address_is_taken(acme):
    zara = make.user("zara")
    with pytest.raises(problems.Conflict) as caught:
        signup.open(name="Another", slug="acme", owner=zara, by=zara)
    assert caught.value.errors[0]["field"] == "slug"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"slug": "Not Allowed"}, "slug"),
        ({"slug": "-x"}, "slug"),
        ({"slug": "x" * 51}, "slug"),
        ({"slug": "a\n"}, "slug"),
        ({"name": " "}, "name"),
        ({"currency": "euro"}, "currency"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"plan": "royal"}, "plan"),
        ({"owner": None}, "owner_email"),
    ],
)
def test_it_names_the_field_that_is_wrong(db, wrong, field):
    zara = make.user("zara")
    with pytest.raises(problems.Problem) as caught:
        signup.open(**{"name": "Shop", "owner": zara, "by": zara, **wrong})
    assert [error["field"] for error in caught.value.errors] == [field]
