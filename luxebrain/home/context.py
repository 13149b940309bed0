"""What the shell of both panels shows: whose panel it is, the menu, the person. Asked only when drawn."""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from anomalies import banners, counting
from luxebrain.lib import navigation
from luxebrain.lib.markup import initials
from luxebrain.lib.navigation import Badge, Item
from modelregistry.models import Experiment, IsolationRequest
from recommendations.models import BatchJob
from tenants import access, notices, tenancy
from tenants.models import ErrorGroup


def count_tenants(request: HttpRequest) -> Badge:
    count = tenancy.across().exclude(state="closed").count()
    return Badge(count, f"{count} shops")


def count_errors(request: HttpRequest) -> Badge:
    count = ErrorGroup.objects.using("ops").filter(state=ErrorGroup.State.OPEN).count()
    return Badge(count, f"{count} open", urgent=count > 0)


def count_isolation(request: HttpRequest) -> Badge:
    count = IsolationRequest.objects.across_tenants().filter(state=IsolationRequest.State.REQUESTED).count()
    return Badge(count, f"{count} to decide")


def count_alerts(request: Any) -> Badge:
    counts = counting.of_tenant(request.tenant, only_open=True)
    return Badge(counts.open, f"{counts.open} open", urgent=counts.high > 0, most=99)


def count_anomalies(request: HttpRequest) -> Badge:
    counts = counting.of_platform(only_open=True)
    return Badge(counts.open, counts.text, urgent=counts.high > 0, most=99)


def count_batches(request: HttpRequest) -> Badge | None:
    jobs = BatchJob.objects.across_tenants()
    count = jobs.filter(state__in=BatchJob.OPEN).count()
    failed = jobs.filter(state=BatchJob.State.FAILED).exists()
    return Badge(count, f"{count} waiting or running", urgent=failed) if count or failed else None


def count_open_batches(request: Any) -> Badge | None:
    count = request.tenant.batch_jobs.filter(state__in=BatchJob.OPEN).count()
    return Badge(count, f"{count} under way") if count else None


def count_all_experiments(request: HttpRequest) -> Badge:
    count = Experiment.objects.across_tenants().filter(state=Experiment.State.RUNNING).count()
    return Badge(count, f"{count} running")


def count_experiments(request: Any) -> Badge:
    count = request.tenant.experiments.filter(state=Experiment.State.RUNNING).count()
    return Badge(count, f"{count} running")


TENANT_MENU = (
    Item("Overview", "house", "panel:overview", may="overview.read", alone=True),
    Item("Recommendations", "star", "panel:recommendations", may="recommendations.read"),
    Item("Requests", "search", "panel:requests", may="recommendations.read"),
    Item("Placements", "layout-template", "panel:placements", may="recommendations.read"),
    Item("Rules", "list-ordered", "panel:rules", may="recommendations.read"),
    Item("Insights", "chart-line", "panel:insights", may="recommendations.read"),
    Item("Batch jobs", "text-align-start", "panel:batch-jobs", may="recommendations.read", badge=count_open_batches),
    Item("Models", "box", "panel:models", may="models.read"),
    Item("Experiments", "flask-conical", "panel:experiments", may="models.read", badge=count_experiments),
    Item("Alerts", "bell", "panel:alerts", may="alerts.read", badge=count_alerts),
    Item("Catalogue & events", "database", "panel:catalogue", "Store", may="catalogue.read"),
    Item("API keys", "key-round", "panel:api-keys", "Settings", may="keys.read"),
    Item("Outgoing webhooks", "webhook", "panel:outgoing", "Settings", may="keys.read"),
    Item("Team", "users", "panel:team", "Settings", may="team.read"),
    Item("Plan & usage", "receipt-text", "panel:usage", "Settings", may="usage.read"),
    Item("Changes", "scroll-text", "panel:changes", "Settings", may="audit.read"),
    Item("Privacy", "shield-check", "panel:privacy", "Settings", may="privacy.write"),
    Item("Shop settings", "settings", "panel:settings", "Settings", may="settings.write"),
)
STAFF_MENU = (
    Item("Overview", "house", "dashboard", may="platform.read", alone=True),
    Item("Tenants", "users", "tenants", may="platform.read", badge=count_tenants),
    Item("Anomalies", "bell", "anomalies", may="platform.read", badge=count_anomalies, live="anomalies-badge"),
    Item("Model registry", "box", "models", "Models", may="platform.read"),
    Item("Experiments", "flask-conical", "experiments", "Models", may="platform.read", badge=count_all_experiments),
    Item("Isolation requests", "key-round", "isolation-requests", "Models", may="platform.read", badge=count_isolation),
    Item("Batch queue", "text-align-start", "monitoring", "Operations", may="platform.read", badge=count_batches),
    Item("Errors & health", "activity", "errors", "Operations", may="platform.read", badge=count_errors),
    Item("People", "user-round-cog", "people", "Operations", may="platform.read"),
    Item("Audit trail", "scroll-text", "audit", "Operations", may="platform.read"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """`shell` and `navigation`, computed when a template asks: most answers draw neither."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"shell": {}, "navigation": []}
    if getattr(request, "tenant", None) is not None:
        return {
            "shell": lazily(of_tenant, request),
            "navigation": lazily(tenant_menu, request),
            "alert": lazily(alert_of, request),
        }
    return {"shell": lazily(of_staff, request), "navigation": lazily(staff_menu, request)}


def alert_of(request: Any) -> banners.Banner | None:
    """The worst open alert, for the banner of every page of the shop."""
    return banners.of(request.tenant, request.user)


def lazily(make: Callable[[HttpRequest], Any], request: HttpRequest) -> Any:
    return SimpleLazyObject(lambda: make(request))


def tenant_menu(request: Any) -> list[dict[str, Any]]:
    slug = {"slug": request.tenant.slug}
    items = standing(TENANT_MENU, slug)
    return navigation.build(items, request=request, may=request.membership.may, url_kwargs=slug)


def staff_menu(request: Any) -> list[dict[str, Any]]:
    rights = access.PLATFORM_RIGHTS.get(request.user.platform_role, frozenset())
    return navigation.build(standing(STAFF_MENU, {}), request=request, may=rights.__contains__)


def standing(items: Iterable[Item], kwargs: dict[str, str]) -> list[Item]:
    """The entries whose pages this build has."""
    return [item for item in items if address(item.url_name, **kwargs)]


def address(name: str, **kwargs: str) -> str:
    try:
        return reverse(name, kwargs=kwargs or None)
    except NoReverseMatch:
        return ""


def of_tenant(request: Any) -> dict[str, Any]:
    tenant = request.tenant
    stripe = ""
    if tenant.state == "suspended":
        stripe = f"This shop is suspended: {tenant.suspended_reason} API calls are refused; your data is kept."
    elif tenant.is_demo:
        stripe = (
            "A demo shop: its orders are real history moved to today, its shoppers are replayed: "
            "a click is a shown product that is really in that order."
        )
    return {
        "kind": "tenant",
        "title": tenant.name,
        "subtitle": f"{request.membership.plan} · {request.membership.role}",
        "home_url": address("panel:overview", slug=tenant.slug),
        "stripe": stripe,
        "notices_url": address("panel:notices", slug=tenant.slug),
        "notices_new": min(notices.unread(tenant, request.user, role=request.membership.role), 99),
        "alert_url": address("panel:alert-banner", slug=tenant.slug),
        "may_act": request.membership.may("alerts.write"),
        **of_person(request, current=tenant.slug),
    }


def of_staff(request: Any) -> dict[str, Any]:
    return {
        "kind": "staff",
        "title": "Platform admin",
        "subtitle": "All tenants",
        "initials": "PA",
        "home_url": address("dashboard"),
        "stripe": "",
        **of_person(request, current=""),
    }


def of_person(request: Any, *, current: str) -> dict[str, Any]:
    user = request.user
    return {
        "tenants": [
            {
                "name": shop.name,
                "url": address("panel:overview", slug=shop.slug),
                "initials": initials(shop.name),
                "current": shop.slug == current,
            }
            for shop in access.memberships(user)
        ],
        "staff_url": address("dashboard") if user.platform_role else "",
        "help_url": address("api-docs"),
        "news_url": address("news"),
        "user_name": str(user),
        "user_initials": initials(str(user)),
        "account_url": address("account"),
        "sign_out_url": address("account_logout"),
    }
