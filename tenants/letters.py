"""Letters: e-mail as plain text and the same text as simple HTML."""

import smtplib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from luxebrain.lib import logs, problems

LONGEST_SUBJECT = 200
log = logs.get(__name__)


def compose(*, to: str | list[str], subject: str, text: str) -> EmailMultiAlternatives:
    letter = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [to] if isinstance(to, str) else to)
    page = render_to_string("tenants/letters/base.html", {"subject": subject, "text": text})
    letter.attach_alternative(page, "text/html")
    return letter


def send(name: str, *, to: str, **context: Any) -> None:
    """Sends templates/tenants/letters/<name>.txt; its first line is the subject.

    What people called themselves or their shop is one line of it, whatever they wrote. Raises Problem.
    """
    one_line = {key: " ".join(value.split()) if isinstance(value, str) else value for key, value in context.items()}
    rendered = render_to_string(f"tenants/letters/{name}.txt", one_line).strip()
    subject, _, text = rendered.partition("\n")
    try:
        compose(to=to, subject=subject.strip()[:LONGEST_SUBJECT], text=text.strip()).send()
    except (smtplib.SMTPException, OSError) as error:
        log.warning("letter.not_sent", letter=name, reason=str(error)[:200])
        raise problems.Unavailable("The letter could not be sent, so nothing was changed. Please try again.") from error
