"""Routes. Names without parameters stand before those with."""

from django.urls import path

from anomalies.backoffice import acting, alert_rules, channels, expected, inbox, rule_list, unsubscribe

urlpatterns = [
    path("anomalies", inbox.inbox, name="anomalies"),
    path("anomalies/rules", rule_list.alert_rules, name="alert-rules"),
    path("anomalies/rules/new", alert_rules.new_rule, name="alert-rule-new"),
    path("anomalies/rules/<int:pk>", alert_rules.change_rule, name="alert-rule"),
    path("anomalies/rules/<int:pk>/remove", rule_list.remove_rule, name="alert-rule-remove"),
    path("anomalies/rules/acts/<int:pk>/undo", rule_list.undo_act, name="alert-rule-undo"),
    path("anomalies/expected", expected.expected, name="expected-everywhere"),
    path("anomalies/channels", channels.channels, name="alert-channels"),
    path("anomalies/channels/new", channels.new, name="alert-channel-new"),
    path("anomalies/channels/<int:pk>", channels.channel, name="alert-channel"),
    path("anomalies/channels/<int:pk>/switch", channels.switch, name="alert-channel-switch"),
    path("anomalies/channels/<int:pk>/test", channels.test, name="alert-channel-test"),
    path("anomalies/channels/<int:pk>/remove", channels.remove, name="alert-channel-remove"),
    path("anomalies/unsubscribe/<str:token>", unsubscribe.unsubscribe, name="alerts-unsubscribe"),
    path("anomalies/badge", inbox.badge, name="anomalies-badge"),
    path("anomalies/bulk", acting.bulk, name="anomalies-bulk"),
    path("anomalies/views", inbox.save_view, name="anomalies-save-view"),
    path("anomalies/views/<int:pk>/drop", inbox.drop_view, name="anomalies-drop-view"),
    path("anomalies/platform/<int:pk>/resolve", acting.resolve_shared, name="anomalies-resolve-shared"),
    path("anomalies/<int:pk>/<slug:verb>", acting.act, name="anomaly-act"),
]
