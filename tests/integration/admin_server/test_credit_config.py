"""The credit module's place in a chart of accounts, of which the bank has none yet."""

from __future__ import annotations

from lana.admin_server.schema import schema
from lana.app import App
from lana.lib.authz import Ctx
from lana.lib.graphql.schema import core_schema
from tests.integration.security.documents import Operation, document
from tests.support.servers import Servers


async def test_without_a_chart_of_accounts_nothing_is_configured(app: App, superuser: Ctx) -> None:
    staff = Servers(app, superuser.subject.id).superuser
    configure = Operation("mutation", "creditFacilityModuleConfigure")
    query, given = document(core_schema(schema()), configure, {})
    answer = await staff.answer(query, given)
    (error,) = answer["errors"]
    assert error["message"] == "ChartOfAccountsIntegrationError - AccountingBaseConfigNotFound"
    assert error["extensions"]["code"] == "ACCOUNTING_BASE_CONFIG_NOT_FOUND"
    assert error["extensions"]["kind"] == "CONFLICT"
    asked = await staff.ask("{ creditFacilityConfig { chartOfAccountsId } }")
    assert asked == {"creditFacilityConfig": None}
