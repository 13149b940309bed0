"""Rows about anomalies. Files may import in this order only: incident, rule, stream, notice."""

from anomalies.models.incident import AnomalyIncident, IncidentEvent, PlatformIncident, Severity, Side, State
from anomalies.models.notice import AlertNotice, BannerDismissal, SavedView
from anomalies.models.rule import AlertRule, ExpectedWindow
from anomalies.models.stream import Stream, StreamPoint, WatchMark

__all__ = [
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
