"""What only this app can say of values in the audit trail: figures by their labels, limits in their unit, channels."""

from typing import Any

from anomalies import metrics
from anomalies.channels import choosing
from anomalies.models import AlertRule
from tenants.audit_values import SAID, Side


def figure(value: Any, side: Side) -> str:
    return metrics.get(str(value)).label


def threshold(value: Any, side: Side) -> str:
    """A fixed limit in the unit of its figure; the strangeness of a baseline has none."""
    if side.get("kind") == AlertRule.Kind.BASELINE:
        return f"strangeness {metrics.get('').text(value)}"
    return metrics.get(str(side.get("metric", ""))).text(value)


def channels(value: Any, side: Side) -> str:
    return choosing.words(value)


SAID |= {
    "alert_rule.channels": channels, "alert_rule.metric": figure, "alert_rule.threshold": threshold,
    "expected.metric": figure,
}  # fmt: skip
