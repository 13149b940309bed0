"""Experiments as the API tells them, with the schemas of the answers."""

from typing import Any

from rest_framework import serializers

from modelregistry.models import Experiment, ExperimentDay

FIELDS = {
    "number": serializers.IntegerField(),
    "key": serializers.CharField(help_text="Stands in answers of recommendations"),
    "name": serializers.CharField(),
    "hypothesis": serializers.CharField(allow_blank=True),
    "unit": serializers.ChoiceField(Experiment.Unit.choices, help_text="What differs between A and B"),
    "a": serializers.JSONField(),
    "b": serializers.JSONField(),
    "share_b": serializers.IntegerField(help_text="Per cent of the subjects; A gets the others"),
    "placements": serializers.ListField(child=serializers.CharField(), help_text="Empty: all lists"),
    "goal": serializers.ChoiceField(Experiment.Goal.choices),
    "automatic": serializers.ChoiceField(Experiment.Automatic.choices, help_text="What it does once it is decided"),
    "state": serializers.ChoiceField(Experiment.State.choices),
    "phase": serializers.IntegerField(help_text="Begins anew when the share moves"),
    "minimum_subjects": serializers.IntegerField(help_text="Of each arm"),
    "planned_end": serializers.DateField(allow_null=True),
    "started_at": serializers.DateTimeField(allow_null=True),
    "phase_started_at": serializers.DateTimeField(allow_null=True),
    "ended_at": serializers.DateTimeField(allow_null=True),
    "counted_until": serializers.DateTimeField(allow_null=True, help_text="Up to when the figures stand"),
    "winner": serializers.CharField(allow_null=True, help_text="A or B; null before and without a decision"),
    "conclusion": serializers.CharField(allow_blank=True),
    "result": serializers.JSONField(help_text="The figures when it ended; empty before"),
}
DAY_SUMS = tuple(
    field.name for field in ExperimentDay._meta.fields
    if field.name not in {"id", "tenant", "experiment", "phase", "arm", "segment", "day", "updated_at"}
)  # fmt: skip
_AMOUNT = serializers.CharField(help_text="A decimal number")
Told = type("Experiment", (serializers.Serializer,), dict(FIELDS))
Day = type(
    "ExperimentDay",
    (serializers.Serializer,),
    {
        "day": serializers.DateField(),
        "arm": serializers.ChoiceField(["A", "B"]),
        **{name: _AMOUNT if "revenue" in name else serializers.IntegerField() for name in DAY_SUMS},
    },
)


def told(row: Experiment) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS} | {"winner": row.winner or None}


def day(row: ExperimentDay) -> dict[str, Any]:
    sums = {name: str(value) if "revenue" in name else value for name in DAY_SUMS for value in [getattr(row, name)]}
    return {"day": row.day, "arm": row.arm, **sums}
