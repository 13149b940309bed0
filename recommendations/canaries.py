"""What a version must answer before it may serve: every kind of list, and a set of the shop's own requests."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.conf import settings

from modelregistry import versions
from modelregistry.artifacts import Loaded
from modelregistry.checks import CanaryFailed, belonging
from recommendations import history, suppression
from recommendations.algorithms.bundle import Bundle
from tenants.models import Tenant

KINDS = ("personalised", "similar", "bought_together", "trending", "popular")
LATEST_ORDERS = 20  # whose customers and products are asked about
LIMIT = 5
KNOWN_SHARE = 0.5  # of an uploaded model's products and customers that must be the shop's


@versions.load_test(settings.MODEL_NAME)
def answers(loaded: Loaded) -> dict[str, Any]:
    """The bundle can be put together and lists products of every kind; what it is, by its own manifest."""
    bundle = Bundle.from_arrays(loaded.arrays, loaded.manifest)
    customer = bundle.customers.id(0) if len(bundle.customers) else None
    product = bundle.products.id(0) if len(bundle.products) else None
    for kind in KINDS:
        found = bundle.recommend(kind, limit=LIMIT, customer=customer, product=product)
        if len(bundle.products) > 1 and not found:
            raise ValueError(f"it lists nothing for {kind}")
    return {
        "algorithm": bundle.personal, "parameters": bundle.parts[bundle.personal].params,
        "counts": {"products": len(bundle.products), "customers": len(bundle.customers)},
    }  # fmt: skip


@belonging(settings.MODEL_NAME)
def is_about(tenant: Tenant, loaded: Loaded) -> None:
    """A file from outside must be about this shop: its products, its customers, and nobody who was erased."""
    bundle = Bundle.from_arrays(loaded.arrays, loaded.manifest)
    products, customers = list(bundle.products), list(bundle.customers)
    known = tenant.products.filter(external_id__in=products).count()
    if known < len(products) * KNOWN_SHARE:
        raise CanaryFailed(f"only {known} of its {len(products)} products are in this shop's catalogue")
    theirs = tenant.customers.filter(external_id__in=customers).count()
    if theirs < len(customers) * KNOWN_SHARE:
        raise CanaryFailed(f"only {theirs} of its {len(customers)} customers are this shop's")
    gone = suppression.read(tenant)
    erased = sum(gone.has(history.subject(customer=name)) for name in customers)
    if erased:
        raise CanaryFailed(f"it names {erased} customers who were erased; train it again without them")


@versions.canary_requests(settings.MODEL_NAME)
def ask(tenant: Tenant, loaded: Loaded) -> None:
    """What the shop's latest customers and best known products would be shown, of what is for sale today.

    Raises CanaryFailed where a list is empty, names a product twice or the product it is about, or has a
    score that is no number. A shop without products is asked nothing.
    """
    for_sale = set(tenant.products.for_sale().values_list("external_id", flat=True))
    if not for_sale:
        return
    bundle = Bundle.from_arrays(loaded.arrays, loaded.manifest)
    allowed = np.fromiter((name in for_sale for name in bundle.products), np.bool_, count=len(bundle.products))
    if not allowed.any():
        raise CanaryFailed("it knows none of the products that are for sale in this shop")
    for kind, request in requests(tenant):
        _inspect(bundle, kind, request, allowed)


def requests(tenant: Tenant) -> Iterator[tuple[str, dict[str, Any]]]:
    """(kind, its customer or product): an unknown shopper, then those of the latest orders."""
    yield from (("personalised", {}), ("trending", {}), ("popular", {}))
    orders = list(tenant.orders.order_by("-ordered_at").values_list("pk", "customer__external_id")[:LATEST_ORDERS])
    for customer in sorted({name for _, name in orders if name}):
        yield "personalised", {"customer": customer}
    lines = tenant.order_lines.filter(order_id__in=[pk for pk, _ in orders])
    for product in sorted(set(lines.values_list("product_external_id", flat=True)))[:LATEST_ORDERS]:
        yield "similar", {"product": product}
        yield "bought_together", {"product": product}


def _inspect(bundle: Bundle, kind: str, request: dict[str, Any], allowed: np.ndarray) -> None:
    about = f"the request for {kind.replace('_', ' ')}" + "".join(f" of {name}" for name in request.values())
    found = bundle.recommend(kind, limit=LIMIT, allowed=allowed, **request)
    shown = [entry.product for entry in found]
    seeds = set(bundle.seeds(request.get("product"))[0].tolist())
    possible = int(np.count_nonzero(allowed)) - sum(bool(allowed[seed]) for seed in seeds)
    if len(shown) < min(LIMIT, possible):
        raise CanaryFailed(f"{about} got {len(shown)} products of {min(LIMIT, possible)}")
    if len(set(shown)) < len(shown) or seeds & set(shown) or not allowed[shown].all():
        raise CanaryFailed(f"{about} got a product twice, itself, or one that is not for sale")
    if not all(np.isfinite(entry.score) for entry in found):
        raise CanaryFailed(f"{about} got a score that is no number")
