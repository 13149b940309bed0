"""User, Membership, Invitation: who may sign in, and what they are in which shop."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from tenants.models.owned import TenantOwned
from tenants.models.tenant import Tenant


class UserManager(BaseUserManager):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person. What a person may do in a shop is a Membership; on the platform, a platform role."""

    class PlatformRole(models.TextChoices):
        NONE = "", "None"
        ANALYST = "analyst", "Platform analyst (read only)"
        OPERATOR = "operator", "Platform operator"

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    platform_role = models.CharField(max_length=10, choices=PlatformRole.choices, default="", blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    news_seen_on = models.DateField(null=True)  # what is newer is told on the overview

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Sessions end when the password changes, and also when the rights on the platform do."""
        said = f"{self.password}|{self.platform_role}"
        return salted_hmac("tenants.User.sessions", said, secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_staff(self) -> bool:
        return bool(self.platform_role)

    @property
    def is_operator(self) -> bool:
        return self.platform_role == self.PlatformRole.OPERATOR

    def get_full_name(self) -> str:
        return self.name or self.email


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ANALYST = "analyst", "Analyst"
    DEVELOPER = "developer", "Developer"


class Membership(TenantOwned):
    """One person's role in one shop."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="membership_once"),
        ]


class Invitation(TenantOwned):
    """An e-mail address that may join a shop with a role, until it expires; only a digest is kept."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role.choices)
    digest = models.BinaryField(max_length=32)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "digest"], name="invitation_digest"),
        ]
        indexes = [models.Index(fields=["digest"], name="invitation_by_digest")]

    def is_open(self, now: Any) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > now
