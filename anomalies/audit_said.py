"""What only this app can say of values in the audit trail: figures by their labels, limits in their unit, channels."""

from typing import Any

from anomalies import metrics
from anomalies.channels import choosing
from tenants.audit_values import SAID, Side


def figure(value: Any, side: Side) -> str:
    return metrics.get(str(value)).label


def threshold(value: Any, side: Side) -> str:
    return metrics.threshold(str(side.get("metric", "")), str(side.get("kind", "")), value)


def channels(value: Any, side: Side) -> str:
    return choosing.words(value)


SAID |= {
    "alert_rule.channels": channels, "alert_rule.metric": figure, "alert_rule.threshold": threshold,
    "expected.metric": figure,
}  # fmt: skip
