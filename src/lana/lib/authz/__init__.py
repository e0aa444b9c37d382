"""Subjects, permissions and the check that precedes every command and read."""

from lana.lib.authz.authorizer import Authorizer, Grants
from lana.lib.authz.primitives import Action, Check, Resource, Subject, SubjectKind
from lana.lib.authz.scope import Ctx, Scope

__all__ = ["Action", "Authorizer", "Check", "Ctx", "Grants", "Resource", "Scope", "Subject", "SubjectKind"]
