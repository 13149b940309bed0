"""The menu: what one person sees, and which entry is current."""

from django.test import RequestFactory, override_settings
from django.urls import path

from luxebrain.lib.navigation import Badge, Item, build


def nothing(request, slug):  # pragma: no cover - only its address matters
    raise NotImplementedError


urlpatterns = [
    path("p/<slug:slug>/", nothing, name="overview"),
    path("p/<slug:slug>/keys/", nothing, name="keys"),
    path("p/<slug:slug>/keys/old/", nothing, name="old"),
]
ITEMS = [
    Item("Overview", "house", "overview", alone=True),
    Item(
        "Keys", "key-round", "keys", "Settings", may="keys.read", badge=lambda request: Badge(2, "2 open", urgent=True)
    ),
    Item("Old keys", "key", "old", "Settings", may="keys.write"),
]


def menu(address, *, may=lambda permission: True):
    with override_settings(ROOT_URLCONF=__name__):
        return build(ITEMS, request=RequestFactory().get(address), may=may, url_kwargs={"slug": "acme"})


def current(groups):
    return [item["label"] for group in groups for item in group["items"] if item["current"]]


def test_it_marks_the_entry_whose_path_fits_best():
    assert current(menu("/p/acme/")) == ["Overview"]
    assert current(menu("/p/acme/keys/new/")) == ["Keys"]
    assert current(menu("/p/acme/keys/old/7/")) == ["Old keys"]


def test_it_does_not_mark_the_overview_on_other_pages():
    assert current(menu("/p/acme/account/")) == []


def test_it_leaves_out_what_the_person_may_not_see():
    groups = menu("/p/acme/", may={"keys.read"}.__contains__)
    assert [item["label"] for group in groups for item in group["items"]] == ["Overview", "Keys"]
    assert [group["title"] for group in groups] == ["", "Settings"]


def test_it_counts_with_words_for_screen_readers():
    entry = menu("/p/acme/")[1]["items"][0]
    assert (entry["badge_count"], entry["badge_urgent"], entry["badge_text"]) == (2, True, "2 open")
    assert entry["url"] == "/p/acme/keys/"
