"""What is new in the product: told once to each person, and kept on a page of its own."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from luxebrain.home.context import address
from luxebrain.lib.pages import render_page
from tenants import access
from tenants.access import person_page


@dataclass(frozen=True)
class News:
    """`page` is the route in a shop's panel that it is about; `for_staff`: shops are not told."""

    on: date
    title: str
    text: str
    page: str = ""
    for_staff: bool = False


# The newest first.
NEWS = (
    News(
        date(2026, 11, 26), "Requests of a day, and as a file",
        "The page of answered lists is narrowed to days of your shop's clock; what it shows is downloaded as CSV.",
        "requests",
    ),
    News(
        date(2026, 11, 26), "Tick what is bought again",
        "Placements, Settings for all lists offers your own categories with the number of their products.",
        "placements",
    ),
    News(
        date(2026, 11, 26), "A shop by its name",
        "Filters and forms take a shop's slug or name and offer it while you type, however many shops there are.",
        for_staff=True,
    ),
    News(
        date(2026, 11, 26), "What was changed, in words",
        "Owners find a page Changes in the menu: who changed what in the shop, what it was before and what it is now.",
    ),
    News(
        date(2026, 11, 26), "The audit trail in words",
        "Before and after of every change, for a shop and some days, as a file too. A shop's page leads to all of it.",
        for_staff=True,
    ),
    News(
        date(2026, 11, 26), "The API says where and why",
        "Every fault has its place and a code for programs; the documentation names the scope of each call.",
        "api-keys",
    ),
    News(
        date(2026, 11, 26), "Told before the calls are used up",
        "A notice at 80 % and one at 100 % of your plan's calls; Plan & usage says when they end, and what follows.",
        "usage",
    ),
    News(
        date(2026, 11, 26), "Webhooks of a shop",
        "A shop's page leads to what its server sent and what it was sent; the inside of one is shown for a reason.",
        for_staff=True,
    ),
    News(
        date(2026, 11, 26), "What is usual",
        "Alerts shows the newest value of everything that is watched, and what is usual at this hour.", "alerts",
    ),
    News(
        date(2026, 11, 26), "Channels of a plan",
        "Tenants, Plans says on which channels the shops of each plan are told of alerts, and changes it.",
        for_staff=True,
    ),
    News(
        date(2026, 11, 26), "Files of customers by API",
        "Send a file of up to a million customer ids, and name the audience in batch jobs.", "audiences",
    ),
    News(
        date(2026, 11, 26), "Saved audiences by API",
        "Keep, count and change audiences from your own software, and name them in batch jobs.", "audiences",
    ),
    News(
        date(2026, 11, 26), "No data is said",
        "Alerts lists what is watched, and says since when a source gives no data.", "alerts",
    ),
    News(
        date(2026, 11, 26), "The shared model",
        "Small shops learn from others which kinds of products go together. What your shop gives, and the switch to "
        "stay out, stand in its settings.", "settings",
    ),
    News(
        date(2026, 11, 26), "Sale days",
        "Say when a sale runs: its days are marked in the charts and alarm nobody.", "alerts",
    ),
    News(
        date(2026, 11, 26), "Pause a shop's batch work",
        "The batch queue can hold one shop's jobs back, with a reason, until it is resumed.", for_staff=True,
    ),
    News(
        date(2026, 11, 25), "Alerts",
        "What is unusual in calls, orders and recommendations is told once, in plain words, by mail, Slack or webhook.",
        "alerts",
    ),
    News(
        date(2026, 11, 25), "Experiments",
        "Try a model, weights or rules on a share of your shoppers, and look as early as you like.", "experiments",
    ),
    News(
        date(2026, 11, 24), "Batch jobs",
        "Recommendations for many customers at once, for newsletters and print, now, later or every week.",
        "batch-jobs",
    ),
)  # fmt: skip


def of(user: Any) -> list[News]:
    """What concerns this person."""
    return [one for one in NEWS if user.is_staff or not one.for_staff]


def newest(user: Any) -> News | None:
    """The newest that this person has not seen."""
    return next(iter(unseen(user)), None)


def unseen(user: Any) -> list[News]:
    """What came after the person did, and after they last said that they had seen it."""
    since = max(filter(None, (user.news_seen_on, user.created_at.date())))
    return [one for one in of(user) if one.on > since]


@person_page
@require_safe
def page(request: Any) -> HttpResponse:
    shops = access.memberships(request.user)
    new = unseen(request.user)
    rows = [
        {
            "news": one,
            "is_new": one in new,
            "url": address(f"panel:{one.page}", slug=shops[0].slug) if one.page and shops else "",
        }
        for one in of(request.user)
    ]
    return render_page(request, "home/news.html", {"rows": rows})


@person_page
@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """All of it, from now on; back to where the person was."""
    user: Any = request.user
    user.news_seen_on = max(one.on for one in NEWS)
    user.save(update_fields=["news_seen_on"])
    back = request.META.get("HTTP_REFERER", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "news")
