"""Objects and actions of the audit log."""

from __future__ import annotations

from lana.lib.authz import Resource

AUDIT = Resource("audit", "audit")
AUDIT_LIST = AUDIT.action("list")
