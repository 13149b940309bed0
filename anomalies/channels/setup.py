"""Setting channels up: opened, changed, tried out, switched off; what is secret is sealed and never shown again."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from anomalies import metrics as known
from anomalies.channels import choosing, telling
from anomalies.models import AlertChannel, Severity
from anomalies.models.channel import PURPOSE
from luxebrain.lib import addresses, outbound, sealed, webhooks
from luxebrain.lib.problems import Conflict, Problem
from tenants import audit, work
from tenants.models import Tenant, User

MOST, MOST_RECIPIENTS = 20, 20
Kind = AlertChannel.Kind


def of(tenant: Tenant | None) -> Any:
    """The channels of a shop, or (None) the platform's."""
    return AlertChannel.objects.using("ops").filter(tenant=tenant)


def save(
    tenant: Tenant | None, *, kind: str, by: User, row: AlertChannel | None = None, name: str = "",
    recipients: Iterable[str] = (), url: str = "", token: str = "", slack_channel: str = "",
    min_severity: str = Severity.MEDIUM, metrics: Iterable[str] = (), quiet_from: int | None = None,
    quiet_to: int | None = None, digest: bool = True,
) -> tuple[AlertChannel, str]:
    """Opens a channel, or changes `row`; with it a webhook's new secret, shown now and never again.

    An empty url or token of a channel that is changed leaves what it has. Raises Problem with a reason per
    field, and PlanLimit for a new one of a kind that the shop's plan has not.
    """
    if row is None and kind in Kind.values:
        choosing.require(tenant, kind)
    if row is None and of(tenant).count() >= MOST:
        raise Conflict(f"There are {MOST} channels already. Remove one first.")
    facts = {
        "name": name.strip(), "min_severity": min_severity, "metrics": list(dict.fromkeys(metrics)),
        "quiet_from": quiet_from, "quiet_to": quiet_to, "digest": digest,
        "recipients": list(dict.fromkeys(text.strip().lower() for text in recipients if text.strip())),
        "slack_channel": slack_channel.strip(),
    }  # fmt: skip
    wrong = _wrong(kind, facts, url=url, token=token, row=row)
    if wrong:
        raise Problem("Some fields are not right.", fields=wrong)
    secret = ""
    if url:
        facts["sealed_url"], facts["host"] = sealed.seal(url, purpose=PURPOSE), addresses.read(url).host
    if token:
        facts["sealed_secret"] = sealed.seal(token, purpose=PURPOSE)
    if kind == Kind.WEBHOOK and row is None:
        secret = webhooks.new_secret()
        facts["sealed_secret"] = sealed.seal(secret, purpose=PURPOSE)
    with transaction.atomic(using="ops"):
        made = row or AlertChannel(tenant=tenant, kind=kind, created_by=by)
        for field, value in facts.items():
            setattr(made, field, value)
        made.save(using="ops")
    _record(tenant, "alert_channel.changed" if row else "alert_channel.opened", made, by)
    return made, secret


def _wrong(
    kind: str, facts: dict[str, Any], *, url: str, token: str, row: AlertChannel | None
) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if kind not in Kind.values:
        wrong["kind"] = "There is no such kind of channel."
    if not facts["name"] or len(facts["name"]) > 80 or not facts["name"].isprintable():
        wrong["name"] = "Give it a name of at most 80 visible characters."
    if kind == Kind.MAIL:
        wrong |= _wrong_recipients(facts["recipients"])
    has_token = bool(token or (row and kind == Kind.SLACK and row.sealed_secret))
    if kind == Kind.SLACK and has_token and not facts["slack_channel"]:
        wrong["slack_channel"] = "With a bot token, Slack needs the id of the channel, as in C024BE91L."
    if token and not (token.isascii() and token.isprintable() and len(token) <= 300):
        wrong |= {"token": "Copy the token once more: it is made of plain letters and digits."}
    if not url and kind in (Kind.SLACK, Kind.WEBHOOK) and not (row and row.sealed_url) and not has_token:
        wrong["url"] = "Give the address."
    if url:
        try:
            outbound.check_address(url)
        except ValidationError as refused:
            wrong["url"] = " ".join(refused.messages)
    if unknown := [one for one in facts["metrics"] if one not in known.ALL]:
        wrong["metrics"] = f"There is no metric {', '.join(str(one)[:40] for one in unknown[:5])}."
    if facts["min_severity"] not in Severity.values:
        wrong["min_severity"] = "Low, medium or high."
    hours = (facts["quiet_from"], facts["quiet_to"])
    if (hours[0] is None) != (hours[1] is None):
        wrong["quiet_to"] = "Give both hours, or none."
    elif any(hour is not None and not 0 <= hour <= 23 for hour in hours):
        wrong["quiet_from"] = "Hours go from 0 to 23."
    return wrong


def _wrong_recipients(recipients: list[str]) -> dict[str, str]:
    if not recipients:
        return {"recipients": "Give at least one address."}
    if len(recipients) > MOST_RECIPIENTS:
        return {"recipients": f"At most {MOST_RECIPIENTS} addresses."}
    for recipient in recipients:
        try:
            validate_email(recipient)
        except ValidationError:
            return {"recipients": f"{recipient[:80]} is no mail address."}
    return {}


def switch(row: AlertChannel, *, on: bool, by: User) -> None:
    of(row.tenant).filter(pk=row.pk).update(is_active=on)
    _record(row.tenant, "alert_channel.switched_on" if on else "alert_channel.switched_off", row, by)


def remove(row: AlertChannel, *, by: User) -> None:
    """Removes the channel and its log; what waits on it is not sent."""
    _record(row.tenant, "alert_channel.removed", row, by)
    of(row.tenant).filter(pk=row.pk).delete()


def send_test(row: AlertChannel, *, by: User) -> None:
    """Asks a worker for a test message; how it went stands on the channel. Raises Conflict while one is under way, and
    PlanLimit where the shop's plan has no such channels."""
    choosing.require(row.tenant, row.kind)
    asked = of(row.tenant).filter(pk=row.pk).exclude(test_state="waiting")
    with transaction.atomic(using="ops"):
        if not asked.update(test_state="waiting", test_reason="", tested_at=timezone.now()):
            raise Conflict("A test is under way already.")
        payload = {"recipient": row.recipients[0]} if row.kind == Kind.MAIL else {}
        work.enqueue(None, telling.TEST_TASK, subject=row.pk, payload=payload)
    _record(row.tenant, "alert_channel.tested", row, by)


def unsubscribe(channel_id: int, recipient: str) -> AlertChannel | None:
    """Takes an address off a mail channel; the last one switches it off. None where it is not (any more) on it."""
    with transaction.atomic(using="ops"):
        rows = AlertChannel.objects.using("ops").filter(pk=channel_id, kind=Kind.MAIL).select_for_update(of=("self",))
        row = rows.first()
        if row is None or recipient not in row.recipients:
            return None
        row.recipients = [one for one in row.recipients if one != recipient]
        row.is_active = row.is_active and bool(row.recipients)
        row.save(using="ops", update_fields=["recipients", "is_active"])
    return row


def _record(tenant: Tenant | None, act: str, row: AlertChannel, by: User) -> None:
    audit.record(tenant, act, by=by, target=f"{row.get_kind_display()} {row.name}"[:160])
