"""The credit domain's place in the chart of accounts, which has none before the bank has a chart."""

from __future__ import annotations

from lana.core.credit.primitives import ConfigAction
from lana.lib.authz import Authorizer, Scope
from lana.lib.errors import Refusal
from lana.lib.es.op import Op


class AccountingBaseConfigNotFound(Refusal):
    """The bank has no chart of accounts yet."""

    prefix = "ChartOfAccountsIntegrationError"


class ModuleConfig:
    def __init__(self, authz: Authorizer) -> None:
        self._authz = authz

    async def configure(self, op: Op) -> None:
        """AccountingBaseConfigNotFound."""
        self._authz.enforce(op, ConfigAction.UPDATE)
        raise AccountingBaseConfigNotFound

    def check_may_read(self, ctx: Scope) -> None:
        self._authz.enforce(ctx, ConfigAction.READ)
