"""Short numbers by which people name customers, accounts and transactions."""

from lana.core.public_id.primitives import PublicIdTarget, TargetKind
from lana.core.public_id.service import PublicIds

__all__ = ["PublicIdTarget", "PublicIds", "TargetKind"]
