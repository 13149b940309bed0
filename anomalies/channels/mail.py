"""Mail: one letter per piece of news; the letters of one incident hold together as a thread."""

import smtplib
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing

from anomalies.channels.message import Message
from anomalies.channels.outcome import AT_THE_NEXT_TURN, Outcome
from anomalies.models import AlertChannel
from tenants import letters

SALT = "anomalies.unsubscribe"


def send(channel: AlertChannel, news: Message, *, recipient: str, number: int, first: bool) -> Outcome:
    """One letter to one recipient. `number` tells the letters of a thread apart; `first` begins it.

    Every recipient has a letter of their own: nobody sees the others, and each has a way out of the list.
    """
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    root = f"<{news.thread}.{channel.pk}@{host}>"
    own = root if first else f"<{news.thread}.{channel.pk}.{number}@{host}>"
    way_out = f"{settings.BASE_URL}/anomalies/unsubscribe/{token(channel, recipient)}"
    text = f"{news.text}\n\nYou get this because “{channel.name}” names you. To get no more of it: {way_out}"
    letter = letters.compose(to=recipient, subject=news.subject[: letters.LONGEST_SUBJECT], text=text)
    letter.extra_headers = {
        "Message-ID": own,
        "List-Unsubscribe": f"<{way_out}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        **({} if first else {"In-Reply-To": root, "References": root}),
    }
    try:
        letter.send()
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _ in error.recipients.values())
        why = f"The mail server refuses {recipient} ({code})."
        return Outcome(False, why=why, again=AT_THE_NEXT_TURN if code < 500 else None)
    except smtplib.SMTPResponseException as error:
        why = f"The mail server answered {error.smtp_code}."
        return Outcome(False, why=why, again=AT_THE_NEXT_TURN if error.smtp_code < 500 else None)
    except (smtplib.SMTPException, OSError):
        return Outcome(False, why="The mail server could not be reached.", again=AT_THE_NEXT_TURN)
    return Outcome(True, reference=own)


def token(channel: AlertChannel, recipient: str) -> str:
    return signing.dumps([channel.pk, recipient], salt=SALT)


def read_token(text: str) -> tuple[int, str] | None:
    """(channel, address) of a link in a letter; None where it was changed."""
    try:
        found: Sequence = signing.loads(text, salt=SALT)
        return int(found[0]), str(found[1])
    except (signing.BadSignature, ValueError, TypeError, IndexError):
        return None
