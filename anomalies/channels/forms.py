"""The form of a channel, one per kind, and the way from it to the use case."""

from typing import Any

from django import forms

from anomalies import metrics
from anomalies.models import AlertChannel, Severity

HOURS = [("", "—"), *((str(hour), f"{hour:02}:00") for hour in range(24))]
KINDS = AlertChannel.Kind


class ChannelForm(forms.Form):
    """What every kind has: its name, what it hears of, and its quiet hours."""

    name = forms.CharField(label="Name", max_length=80, help_text="To tell several apart.")
    min_severity = forms.ChoiceField(label="From which severity on", choices=Severity.choices, initial=Severity.MEDIUM)
    metrics = forms.MultipleChoiceField(
        label="Only these", required=False, choices=[(one.name, one.label) for one in metrics.ALL.values()],
        widget=forms.CheckboxSelectMultiple, help_text="Nothing ticked: everything.",
    )  # fmt: skip
    quiet_from = forms.TypedChoiceField(
        label="Quiet from", choices=HOURS, coerce=int, empty_value=None, required=False,
        help_text="Only high severity is told then; the rest when the quiet hours end.",
    )  # fmt: skip
    quiet_to = forms.TypedChoiceField(label="Quiet until", choices=HOURS, coerce=int, empty_value=None, required=False)

    def facts(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class MailForm(ChannelForm):
    recipients = forms.CharField(
        label="Mail addresses", widget=forms.Textarea(attrs={"rows": 3}), max_length=4000,
        help_text="One a line. Each letter has a way out of the list.",
    )  # fmt: skip
    digest = forms.BooleanField(
        label="Once a day, what was not worth a letter of its own", required=False, initial=True
    )
    field_order = ("name", "recipients")

    def facts(self) -> dict[str, Any]:
        found = super().facts()
        return {**found, "recipients": found["recipients"].replace(",", "\n").split("\n")}


class SlackForm(ChannelForm):
    url = forms.CharField(
        label="Incoming webhook", required=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="https://hooks.slack.com/services/… Empty: there is a bot token, or it stays as it is.",
    )  # fmt: skip
    token = forms.CharField(
        label="Bot token", required=False, max_length=300, widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="With it (right chat:write), later news of an incident goes into the thread of the first.",
    )  # fmt: skip
    slack_channel = forms.CharField(
        label="Channel", required=False, max_length=40, help_text="With a bot token: the channel's id, as in C024BE91L."
    )
    field_order = ("name", "url", "token", "slack_channel")


class WebhookForm(ChannelForm):
    url = forms.CharField(
        label="Address", required=False, max_length=1000,
        help_text="A public https address. When you change the channel: leave it empty to keep what is set.",
    )  # fmt: skip
    field_order = ("name", "url")


FORMS: dict[str, type[ChannelForm]] = {KINDS.MAIL: MailForm, KINDS.SLACK: SlackForm, KINDS.WEBHOOK: WebhookForm}


def initial(row: AlertChannel) -> dict[str, Any]:
    """What is shown of a channel: nothing that is secret."""
    names = ("name", "min_severity", "metrics", "quiet_from", "quiet_to", "digest", "slack_channel")
    return {**{name: getattr(row, name) for name in names}, "recipients": "\n".join(row.recipients)}
