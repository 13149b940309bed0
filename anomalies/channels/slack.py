"""Slack: one message per incident, later news in its thread where a bot token is given.

Formats and limits: https://api.slack.com/messaging/webhooks, https://api.slack.com/methods/chat.postMessage and
https://api.slack.com/apis/rate-limits (one message a second and channel; 429 with Retry-After beyond).
"""

from typing import Any

from django.conf import settings

from anomalies.channels.message import Message
from anomalies.channels.outcome import AT_THE_NEXT_TURN, Outcome
from anomalies.models import AlertChannel
from anomalies.models.channel import PURPOSE
from luxebrain.lib import outbound, sealed
from luxebrain.lib.problems import Problem

LONGEST = 2900  # of a section; Slack's own limit is 3,000
FOR_EVER = {"invalid_auth", "account_inactive", "token_revoked", "channel_not_found", "is_archived", "not_in_channel"}
SIGN = {"high": "🔴", "medium": "🟠", "low": "⚪"}


def send(channel: AlertChannel, news: Message, *, thread: str) -> Outcome:
    """`thread`: the ts of the incident's first message, "" for that one itself."""
    body = {"text": escaped(f"{news.subject}: {news.headline}"), "blocks": blocks(news)}
    try:
        if channel.sealed_secret:
            return _by_token(channel, body, thread)
        answer = outbound.fetch(sealed.unseal(channel.sealed_url, purpose=PURPOSE), method="POST", json=body)
    except outbound.Refused as refused:
        return Outcome(False, why=refused.detail)
    except Problem as problem:
        return Outcome(False, why=problem.detail, again=AT_THE_NEXT_TURN)
    if answer.status == 200:
        return Outcome(True)
    return _refused(answer)


def _by_token(channel: AlertChannel, body: dict[str, Any], thread: str) -> Outcome:
    token = sealed.unseal(channel.sealed_secret, purpose=PURPOSE)
    sent = {"channel": channel.slack_channel, **body, **({"thread_ts": thread} if thread else {})}
    answer = outbound.fetch(
        f"{settings.SLACK_API_URL}/chat.postMessage", method="POST", json=sent,
        headers={"authorization": f"Bearer {token}"},
    )  # fmt: skip
    if answer.status != 200:
        return _refused(answer)
    found = answer.json()
    found = found if isinstance(found, dict) else {}
    if found.get("ok"):
        return Outcome(True, reference=str(found.get("ts", ""))[:200])
    error = str(found.get("error", "no reason"))[:80]
    return Outcome(False, why=f"Slack said {error}.", again=None if error in FOR_EVER else AT_THE_NEXT_TURN)


def _refused(answer: outbound.Answer) -> Outcome:
    why = f"Slack answered {answer.status}."
    if answer.status == 429:
        asked = answer.headers.get("retry-after", "1")
        return Outcome(False, why=why, again=float(min(int(asked), 3600)) if asked.isdecimal() else 1.0)
    return Outcome(False, why=why, again=AT_THE_NEXT_TURN if answer.status >= 500 else None)


def blocks(news: Message) -> list[dict[str, Any]]:
    """Slack's message blocks: a headline, the facts in two columns, what to do, buttons that open it and its chart."""
    made: list[dict[str, Any]] = [
        {"type": "section", "text": _text(f"{SIGN.get(news.severity, '')} *{escaped(news.headline)}*")},
    ]
    if news.facts:
        made.append(
            {"type": "section", "fields": [_text(f"*{label}*\n{escaped(value)}") for label, value in news.facts[:10]]}
        )
    if news.advice:
        made.append({"type": "context", "elements": [_text(escaped(news.advice))]})
    links = [("Open", news.url), *([("See the chart", news.chart)] if news.chart else [])]
    buttons = [
        {"type": "button", "text": {"type": "plain_text", "text": words}, "url": url} for words, url in links
    ]  # fmt: skip
    made.append({"type": "actions", "elements": buttons})
    return made


def _text(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text[:LONGEST]}


def escaped(text: str) -> str:
    """What shops are called must not become a link or a call to everybody: Slack's three control characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
