"""Addresses for webhooks: opened, found by their token, rotated, closed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from luxebrain.lib import problems
from recommendations import endpoints
from tests import make

DOMAIN, CLIENT_SECRET = "apple.myshopify.com", "shpss_0123456789abcdef"


def token_of(endpoint) -> str:
    return endpoints.address(endpoint).rsplit("/", 1)[1]


def test_it_is_found_by_its_token_before_any_tenant_is_entered(acme, globex) -> None:
    """T7: the address names the tenant; nobody else's does."""
    mine = endpoints.open(acme, source="woocommerce", by="test")
    endpoints.open(globex, source="woocommerce", by="test")
    found = endpoints.find(token_of(mine), source="woocommerce")
    assert found is not None
    assert (found.tenant_id, found.endpoint_id, found.secrets) == (acme.pk, mine.pk, (endpoints.secret(mine),))
    assert endpoints.find(token_of(mine), source="shopify") is None
    assert endpoints.find("none", source="woocommerce") is None
    assert endpoints.address(mine).startswith("http")
    assert acme.audit_entries.filter(action="endpoints.open").count() == 1


def test_neither_token_nor_secret_stands_in_the_table(acme) -> None:
    """Promise 10: what a dump of the table would show is sealed."""
    row = endpoints.open(acme, source="shopify", shop_domain=DOMAIN, secret=CLIENT_SECRET, by="test")
    endpoints.rotate(row, new="shpss_fedcba9876543210", by="test")
    dump = str(acme.webhook_endpoints.values().get())
    for planted in (token_of(row), CLIENT_SECRET, "shpss_fedcba9876543210"):
        assert planted not in dump


def test_both_secrets_count_while_one_replaces_the_other(acme) -> None:
    row = endpoints.open(acme, source="generic", by="test")
    old = endpoints.secret(row)
    new = endpoints.rotate(row, by="test")
    assert new.startswith("whsec_")
    assert endpoints.find(token_of(row), source="generic").secrets == (new, old)
    row.previous_ends_at = timezone.now() - timedelta(seconds=1)
    row.save()
    assert endpoints.find(token_of(row), source="generic").secrets == (new,)


def test_a_closed_address_is_nobodys(acme) -> None:
    row = endpoints.open(acme, source="generic", by="test")
    endpoints.close(row, by="test")
    assert endpoints.find(token_of(row), source="generic") is None
    for act in (endpoints.close, endpoints.rotate):
        with pytest.raises(problems.Conflict):
            act(row, by="test")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"source": "magento"}, "source"),
        ({"source": "shopify", "secret": CLIENT_SECRET}, "shop_domain"),
        ({"source": "shopify", "shop_domain": DOMAIN}, "secret"),
        ({"source": "shopify", "shop_domain": "evil.example/" + DOMAIN, "secret": CLIENT_SECRET}, "shop_domain"),
        ({"source": "woocommerce", "secret": "short"}, "secret"),
        ({"source": "generic", "secret": "x" * 40}, "secret"),
    ],
)
def test_it_says_what_is_wrong_with_an_address(acme, given: dict, field: str) -> None:
    with pytest.raises(problems.Problem) as refused:
        endpoints.open(acme, by="test", **given)
    assert refused.value.errors[0]["field"] == field


def test_a_shop_has_so_many_addresses(acme) -> None:
    rows = [endpoints.open(acme, source="generic", by="test") for _ in range(endpoints.MOST)]
    with pytest.raises(problems.Conflict):
        endpoints.open(acme, source="generic", by="test")
    endpoints.close(rows[0], by="test")
    endpoints.open(acme, source="generic", by="test")


def test_rotating_at_shopify_needs_the_new_secret(acme) -> None:
    with make.inside(acme) as tenant:
        domain = "https://Apple.myshopify.com/"
        row = endpoints.open(tenant, source="shopify", shop_domain=domain, secret=CLIENT_SECRET, by="test")
        assert row.shop_domain == DOMAIN
        with pytest.raises(problems.Problem):
            endpoints.rotate(row, by="test")
