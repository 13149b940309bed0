"""Rows about model versions. Files may import in this order only: version, alias, metrics, performance,
experiment, isolation, release."""

from modelregistry.models.alias import AliasMove, ModelAlias
from modelregistry.models.experiment import Experiment, ExperimentDay
from modelregistry.models.isolation import IsolationRequest, IsolationStep
from modelregistry.models.metrics import ModelMetrics
from modelregistry.models.performance import DailyPerformance
from modelregistry.models.release import Release, ReleaseCheck, ShadowList
from modelregistry.models.version import ModelVersion

__all__ = [
    "AliasMove",
    "DailyPerformance",
    "Experiment",
    "ExperimentDay",
    "IsolationRequest",
    "IsolationStep",
    "ModelAlias",
    "ModelMetrics",
    "ModelVersion",
    "Release",
    "ReleaseCheck",
    "ShadowList",
]
