"""Notice, NoticeReader: what members of a shop should hear of, and how far each has read."""

from django.db import models

from tenants.models.owned import TenantOwned
from tenants.models.people import User
from tenants.models.tenant import Tenant


class Notice(TenantOwned):
    """Something that happened, in a line, with the page to look at. `right` is what a member must have to see it."""

    class Tone(models.TextChoices):
        INFO = "info", "News"
        GOOD = "good", "Done"
        WARNING = "warning", "Look at this"
        BAD = "bad", "Something failed"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=60)
    tone = models.CharField(max_length=7, choices=Tone.choices, default=Tone.INFO)
    title = models.CharField(max_length=160)
    text = models.CharField(max_length=400, blank=True)
    path = models.CharField(max_length=300, blank=True, help_text="Of this panel, beginning with /")
    right = models.CharField(max_length=40, default="overview.read")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        indexes = [models.Index(fields=["tenant", "created_at"], name="notice_by_time")]

    def __str__(self) -> str:
        return self.title


class NoticeReader(TenantOwned):
    """How far a member has read, and whether notices come by e-mail as well. No row: nothing read, no mail."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="notice_readers")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    read_up_to = models.BigIntegerField(default=0, help_text="Id of the newest notice that was seen")
    wants_mail = models.BooleanField(default=False)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="notice_reader_once")]
