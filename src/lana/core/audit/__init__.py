"""Reading the audit log: who asked for what, and whether it was allowed."""

from lana.core.audit.entry import AuditEntry, AuditFilter
from lana.core.audit.service import AuditLog

__all__ = ["AuditEntry", "AuditFilter", "AuditLog"]
