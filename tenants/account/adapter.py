"""How people sign in: where they land, what letters they get, what a failure leaves in the log."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from luxebrain.lib import logs
from tenants import letters
from tenants.account import landing, lockout

log = logs.get(__name__)


class AccountAdapter(DefaultAccountAdapter):
    def get_login_redirect_url(self, request: HttpRequest) -> str:
        token = request.session.pop("invitation", "")
        return reverse("invitation", args=[token]) if token else landing.path(request.user)  # type: ignore[arg-type]

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """The library's letters in our wrapper: its text, and the same text as HTML."""
        subject = " ".join(render_to_string(f"{template_prefix}_subject.txt", context).split())
        text = render_to_string(f"{template_prefix}_message.txt", context).strip()
        letter = letters.compose(to=email, subject=subject, text=text)
        letter.extra_headers.update(headers or {})
        return letter

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        lockout.note("sign_in.failed", request, credentials)
