"""The panel's team page."""

from django.core import mail
from django.test import Client

from tests import make


def test_an_owner_invites_and_withdraws(acme, ana, signed_in):
    client = signed_in(ana)
    page = client.post("/t/acme/team/invite", {"email": "new@example.com", "role": "developer"}, follow=True)
    assert "on its way to new@example.com" in page.text and "Open invitations" in page.text
    token = mail.outbox[0].body.split("/account/invitation/")[1].split()[0]
    assert token not in page.text
    row = acme.invitations.get()
    assert "stops working" in client.get(f"/t/acme/team/invitations/{row.pk}/withdraw").text
    client.post(f"/t/acme/team/invitations/{row.pk}/withdraw")
    assert Client().get(f"/account/invitation/{token}").status_code == 404


def test_it_says_what_is_wrong(acme, ana, ben, signed_in):
    client = signed_in(ana)
    for form, words in (
        ({"email": "nonsense", "role": "analyst"}, "valid email"),
        ({"email": "ben@example.com", "role": "analyst"}, "Already a member"),
        ({"email": "x@example.com", "role": "king"}, "not one of the available"),
    ):
        answer = client.post("/t/acme/team/invite", form)
        assert answer.status_code == 422 and words in answer.text


def test_the_address_of_a_form_says_what_it_is(acme, ana, signed_in):
    answer = signed_in(ana).get("/t/acme/team/invite")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "A form is sent to this address" in answer.text and answer["X-Request-Id"] in answer.text


def test_the_last_owner_stays(acme, ana, ben, signed_in):
    client = signed_in(ana)
    own = acme.memberships.get(user=ana)
    for path, form in (
        (f"/t/acme/team/members/{own.pk}/role", {"role": "analyst"}),
        (f"/t/acme/team/members/{own.pk}/remove", {}),
    ):
        assert "A shop needs an owner" in client.post(path, form, follow=True).text
    own.refresh_from_db()
    assert own.role == "owner"


def test_a_removed_member_is_out_with_the_next_click(acme, ana, ben, signed_in):
    row = acme.memberships.get(user=ben)
    theirs = signed_in(ben)
    assert theirs.get("/t/acme/team").status_code == 200
    client = signed_in(ana)
    assert "next click" in client.get(f"/t/acme/team/members/{row.pk}/remove").text
    client.post(f"/t/acme/team/members/{row.pk}/remove")
    assert theirs.get("/t/acme/team").status_code == 404


def test_a_changed_role_holds_at_once(acme, ana, ben, signed_in):
    row = acme.memberships.get(user=ben)
    theirs = signed_in(ben)
    assert theirs.get("/t/acme/api-keys").status_code == 403
    page = signed_in(ana).post(f"/t/acme/team/members/{row.pk}/role", {"role": "developer"}, follow=True)
    assert "Ben is now developer" in page.text
    assert theirs.get("/t/acme/api-keys").status_code == 200


def test_roles(acme, ana, ben, dev, gil, signed_in):
    row = acme.memberships.get(user=dev)
    invitation = acme.invitations.create(
        email="x@example.com", role="analyst", digest=b"x" * 32, expires_at="2099-01-01T00:00Z"
    )
    posts = [
        ("/t/acme/team/invite", {"email": "y@example.com", "role": "owner"}),
        (f"/t/acme/team/members/{row.pk}/role", {"role": "owner"}),
        (f"/t/acme/team/members/{row.pk}/remove", {}),
        (f"/t/acme/team/invitations/{invitation.pk}/withdraw", {}),
    ]
    for person, reads, writes in ((ben, 200, 403), (dev, 200, 403), (gil, 404, 404)):
        client = signed_in(person)
        assert client.get("/t/acme/team").status_code == reads
        assert [client.post(path, form).status_code for path, form in posts] == [writes] * 4
    assert acme.memberships.count() == 3 and acme.invitations.count() == 1


def test_a_strangers_member_is_not_found(acme, globex, ana, gil, signed_in):
    row = globex.memberships.get()
    client = signed_in(ana)
    assert client.post(f"/t/acme/team/members/{row.pk}/remove").status_code == 404
    assert client.post(f"/t/acme/team/members/{row.pk}/role", {"role": "analyst"}).status_code == 404


def test_a_full_plan_says_so(db, signed_in):
    shop = make.tenant("tiny", plan="free")
    owner = make.member(shop, "olga")
    make.member(shop, "otto")
    client = signed_in(owner)
    assert "Your plan is full" in client.get("/t/tiny/team").text
    answer = client.post("/t/tiny/team/invite", {"email": "x@example.com", "role": "analyst"})
    assert answer.status_code == 422 and "allows 2 members" in answer.text
