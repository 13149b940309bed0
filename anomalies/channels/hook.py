"""Webhook: the news as a signed call in the Standard Webhooks format (https://www.standardwebhooks.com)."""

from datetime import datetime

import orjson

from anomalies.channels.message import Message
from anomalies.channels.outcome import AT_THE_NEXT_TURN, Outcome
from anomalies.models import AlertChannel
from anomalies.models.channel import PURPOSE
from luxebrain.lib import outbound, sealed, webhooks
from luxebrain.lib.problems import Problem

TYPE = "incident.told"
GONE = 410


def send(channel: AlertChannel, news: Message, *, message_id: str, now: datetime) -> Outcome:
    """A repeated attempt has the same id, by which the receiver knows it."""
    body = orjson.dumps({"type": TYPE, "timestamp": now.isoformat(), "data": {"title": news.headline, **news.data}})
    secret = sealed.unseal(channel.sealed_secret, purpose=PURPOSE)
    headers = webhooks.headers(message_id, body, now, [secret])
    try:
        url = sealed.unseal(channel.sealed_url, purpose=PURPOSE)
        answer = outbound.fetch(url, method="POST", headers=headers, content=body)
    except outbound.Refused as refused:
        return Outcome(False, why=refused.detail)
    except Problem as problem:
        return Outcome(False, why=problem.detail, again=AT_THE_NEXT_TURN)
    if 200 <= answer.status < 300:
        return Outcome(True, reference=message_id)
    return Outcome(
        False, why=f"The server answered {answer.status}.", again=None if answer.status == GONE else AT_THE_NEXT_TURN
    )
