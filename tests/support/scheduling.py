"""How tests are shared between workers: file by file, and everything around one Keycloak on one worker."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

TOGETHER = "tests/e2e"


class OneKeycloak(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(f"{TOGETHER}/") else super()._split_scope(nodeid)
