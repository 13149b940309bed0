"""ModelVersion: immutable facts about one trained model."""

from django.db import models

from tenants.models import Tenant, TenantOwned, User


class ModelVersion(TenantOwned):
    """What was trained, on what, how well it did, and where its artefact lies. Aliases move, this stays.

    The database refuses changes of the facts (migration 0008). What may change: the state, the place and digest
    of the artefact when a person is erased from it, and that it has none any more (modelregistry/retention.py):
    then `artifact_path` is empty, and a version that could serve is archived, until the same file is uploaded
    again. `metrics` hold each metric with its 95 % interval: "ndcg@10", "ndcg@10_low", "ndcg@10_high".
    """

    class Origin(models.TextChoices):
        TRAINING = "training", "Training"
        UPLOAD = "upload", "Upload"

    class State(models.TextChoices):
        READY = "ready", "Ready"
        FAILED = "failed", "Failed checks"
        RETIRED = "retired", "Retired"
        ARCHIVED = "archived", "Files removed"

    class Scope(models.TextChoices):
        """Which training made it: the one that every shop has, or the isolated one (modelregistry/isolation.py).
        Not whose rows it learnt from: that is `learnt_from` (docs/adr/0015)."""

        SHARED = "shared", "Shared"
        TENANT = "tenant", "Isolated"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="model_versions")
    model = models.CharField(max_length=40, default="recommendation")
    number = models.PositiveIntegerField()
    algorithm = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.TRAINING)
    upload_digest = models.CharField(max_length=64, blank=True, help_text="sha256 of the file that was uploaded")
    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.SHARED)
    artifact_path = models.CharField(max_length=300, help_text="Relative to the models directory; empty: removed")
    files_removed_at = models.DateTimeField(null=True, help_text="When the artefact was let go")
    files_returned_at = models.DateTimeField(null=True, help_text="When the same file was uploaded again")
    digest = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField(default=0)
    metrics = models.JSONField(default=dict, help_text="Offline metrics on the time split")
    counts = models.JSONField(default=dict, help_text="Customers, products and interactions trained on")
    data_from = models.DateTimeField(null=True)
    data_until = models.DateTimeField(null=True)
    code_version = models.CharField(max_length=40, blank=True)
    train_seconds = models.FloatField(default=0)
    cpu_seconds = models.FloatField(default=0)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "model", "number"], name="version_number"),
            models.UniqueConstraint(
                fields=["tenant", "model", "upload_digest"], condition=~models.Q(upload_digest=""),
                name="version_uploaded_once",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def learnt_from(self) -> str:
        """Whose rows it learnt from. "own": the shop's alone; "shared": these, and what other shops have in common
        with it; "upload": not known."""
        if self.origin == self.Origin.UPLOAD:
            return "upload"
        return "shared" if self.counts.get("shops") else "own"
