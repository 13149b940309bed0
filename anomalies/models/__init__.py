"""Rows about anomalies. Files may import in this order only: incident, rule, stream, notice, channel."""

from anomalies.models.channel import AlertChannel, AlertDelivery
from anomalies.models.incident import AnomalyIncident, IncidentEvent, PlatformIncident, Severity, Side, State
from anomalies.models.notice import AlertNotice, BannerDismissal, SavedView
from anomalies.models.rule import AlertRule, ExpectedWindow
from anomalies.models.stream import Stream, StreamPoint, WatchMark

__all__ = [
    "AlertChannel",
    "AlertDelivery",
    "AlertNotice",
    "AlertRule",
    "AnomalyIncident",
    "BannerDismissal",
    "ExpectedWindow",
    "IncidentEvent",
    "PlatformIncident",
    "SavedView",
    "Severity",
    "Side",
    "State",
    "Stream",
    "StreamPoint",
    "WatchMark",
]
