"""Rows about tenants, people, keys, usage and work.

Files may import in this order only: plan, tenant, owned, people, api_key, usage, work, audit, errors,
idempotent_answer, occurrence, outgoing, notice, platform_key.
"""

from tenants.models.api_key import ApiKey
from tenants.models.audit import AuditEntry
from tenants.models.errors import ErrorGroup, ErrorOccurrence
from tenants.models.idempotent_answer import IdempotentAnswer
from tenants.models.notice import Notice, NoticeReader
from tenants.models.occurrence import Occurrence
from tenants.models.outgoing import OutgoingDelivery, OutgoingEndpoint
from tenants.models.owned import TenantGuard, TenantOwned, TenantScopeRequired
from tenants.models.people import Invitation, Membership, User
from tenants.models.plan import Plan
from tenants.models.platform_key import PlatformKey
from tenants.models.tenant import Tenant
from tenants.models.usage import UsageHour
from tenants.models.work import Work

__all__ = [
    "ApiKey",
    "AuditEntry",
    "ErrorGroup",
    "ErrorOccurrence",
    "IdempotentAnswer",
    "Invitation",
    "Membership",
    "Notice",
    "NoticeReader",
    "Occurrence",
    "OutgoingDelivery",
    "OutgoingEndpoint",
    "Plan",
    "PlatformKey",
    "Tenant",
    "TenantGuard",
    "TenantOwned",
    "TenantScopeRequired",
    "UsageHour",
    "User",
    "Work",
]
