"""What is new: told once to each person who was there before it, and kept on a page."""

from datetime import timedelta

from django.utils import timezone

from luxebrain.home import news
from tenants.models import User

NEWEST = news.NEWS[0].title


def long_here(person):
    User.objects.filter(pk=person.pk).update(created_at=timezone.now() - timedelta(days=400))


def test_it_is_told_until_somebody_says_that_they_saw_it(acme, ana, signed_in):
    """R129: a banner on the overview, dismissed for this person for good."""
    long_here(ana)
    owner = signed_in(ana)
    assert NEWEST in owner.get("/t/acme/overview").content.decode()
    answer = owner.post("/news/seen", headers={"referer": "http://testserver/t/acme/overview"})
    assert (answer.status_code, answer["Location"]) == (302, "http://testserver/t/acme/overview")
    assert NEWEST not in owner.get("/t/acme/overview").content.decode()
    ana.refresh_from_db()
    assert news.unseen(ana) == []


def test_who_came_later_is_not_told(acme, ana, signed_in):
    """R129."""
    User.objects.filter(pk=ana.pk).update(created_at=timezone.now() + timedelta(days=1))
    assert NEWEST not in signed_in(ana).get("/t/acme/overview").content.decode()


def test_the_page_has_all_of_it_and_leads_there(acme, ana, sam, signed_in):
    """R129: the staff is told more than a shop."""
    html = signed_in(ana).get("/news").content.decode()
    for one in news.NEWS:
        assert (one.title in html) is not one.for_staff
    assert "/t/acme/experiments" in html
    staffs = signed_in(sam).get("/news").content.decode()
    assert all(one.title.replace("'", "&#x27;") in staffs for one in news.NEWS)
    assert 'href="/news"' in signed_in(ana).get("/t/acme/overview").content.decode()


def test_it_leads_back_to_our_own_pages_only(ana, signed_in):
    answer = signed_in(ana).post("/news/seen", headers={"referer": "https://elsewhere.example/x"})
    assert answer["Location"] == "/news"


def test_it_is_in_order_and_leads_to_pages_that_are_there(acme):
    from luxebrain.home.context import address

    assert [one.on for one in news.NEWS] == sorted((one.on for one in news.NEWS), reverse=True)
    assert all(address(f"panel:{one.page}", slug="acme") for one in news.NEWS if one.page)
