"""May subject S do action A on object O? Default deny, allow-only, answered from memory.

Rules are read once and kept in the process; `replace` takes a whole new set. Whoever owns the rules keeps
them fresh within a second (`lana.core.access.GrantsRefresher`). The check precedes every load, so that a
caller without the permission cannot tell existing from missing ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from lana.lib.authz.primitives import Action, Check, Subject, SubjectKind
from lana.lib.authz.scope import Scope
from lana.lib.errors import NotAuthorized

Grants = Mapping[UUID, frozenset[str]]


class Authorizer:
    """Rules of staff: user id → the actions (`module:entity:verb`) its role grants, always on all objects of
    a kind.
    """

    def __init__(self) -> None:
        self._grants: Grants = {}

    def replace(self, grants: Grants) -> None:
        """Take a whole new set of rules."""
        self._grants = grants

    def evaluate(self, subject: Subject, action: Action) -> bool:
        """Silent: for `userCan…` flags. Nothing is recorded."""
        match subject.kind:
            case SubjectKind.SYSTEM:
                return True
            case SubjectKind.CUSTOMER:
                return False
            case SubjectKind.USER:
                return str(action) in self._grants.get(subject.id, frozenset())

    def enforce(self, scope: Scope, action: Action, *object_ids: UUID) -> None:
        """Record the check; raise `NotAuthorized` when it fails. No ids means all objects of the kind."""
        allowed = self.evaluate(scope.subject, action)
        scope.record(Check(scope.subject, action, object_ids, allowed))
        if not allowed:
            raise NotAuthorized

    def enforce_owner(self, scope: Scope, action: Action, object_id: UUID, owner: UUID) -> bool:
        """A customer's own object? Recorded either way; the caller answers `not found` when False."""
        allowed = scope.subject.is_customer and scope.subject.id == owner
        scope.record(Check(scope.subject, action, (object_id,), allowed))
        return allowed
