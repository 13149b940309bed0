"""ImportRun and what belongs to it: one file taken in, what it changed, and how its columns were read."""

from django.db import models

from tenants.models import Tenant, TenantOwned, User


class ImportRun(TenantOwned):
    """A run of the importer. `problems` holds the first 200 refused rows: line, field, reason.

    A file of the panel waits for its columns (draft), is checked, waits for a yes (checked), runs, and
    can be undone until `undo_until`. `stored` is the file's name on disk, made by us. `reading` says how
    the file is read (encoding, delimiter, quote), `mapping` which of our fields each column is.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Needs you"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Ready"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    UNDER_WAY = (State.CHECKING, State.RUNNING, State.UNDOING)
    UNFINISHED = (State.DRAFT, State.CHECKING, State.CHECKED, State.RUNNING)

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="import_runs")
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    rows = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    error = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    layout = models.CharField(max_length=30, blank=True)
    stored = models.CharField(max_length=64, blank=True)
    report = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    reading = models.JSONField(default=dict)
    columns = models.JSONField(default=list, help_text="The file's columns with sample values")
    mapping = models.JSONField(default=dict, help_text="Our field → the file's column")
    examples = models.JSONField(default=list, help_text="The first rows of the dry run")
    checked = models.JSONField(default=dict, help_text="The counts of the dry run")
    total = models.PositiveIntegerField(null=True)
    pieces = models.PositiveIntegerField(default=0, help_text="How many pieces are done")
    report_bytes = models.PositiveBigIntegerField(default=0)
    working_since = models.DateTimeField(null=True)
    stop_asked = models.BooleanField(default=False)
    undo_until = models.DateTimeField(null=True)
    undone = models.JSONField(default=dict)

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        indexes = [models.Index(fields=["tenant", "state", "started_at"], name="import_by_state")]


class ImportPiece(TenantOwned):
    """What one piece of an import did to stored rows, so that it can be taken back.

    `made`: id → digest of the row as the import left it. `changed`: id → [digest, the row before].
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="import_pieces")
    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="+", db_constraint=False)
    number = models.PositiveIntegerField()
    part = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    made = models.JSONField(default=dict)
    changed = models.JSONField(default=dict)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "run", "number", "kind", "part"], name="import_piece_once")
        ]


class ImportMapping(TenantOwned):
    """How a shop's file with these columns was read the last time."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="import_mappings")
    headers = models.CharField(max_length=64, help_text="Digest of the column names")
    kind = models.CharField(max_length=20)
    layout = models.CharField(max_length=30, blank=True)
    mapping = models.JSONField(default=dict)
    used_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "headers"], name="import_mapping_once")]
