"""How large a setting may be: no value that is taken breaks what reads it."""

from __future__ import annotations

from uuid import UUID

import pytest

from lana.app import App
from lana.app.declared import SETTINGS
from lana.core.domain_config import AnySetting, ConfigType
from lana.lib.authz import Ctx
from lana.lib.errors import Refusal
from tests.support.lending import BITCOIN, Lender
from tests.support.price_feed import STAFF
from tests.support.proof import assert_clean, settle
from tests.support.servers import Servers
from tests.support.terms import TERMS

WHOLE = [setting for setting in SETTINGS if setting.type is ConfigType.UINT]


def takes(setting: AnySetting, value: int) -> bool:
    try:
        setting.read(value)
    except Refusal:
        return False
    return True


def largest(setting: AnySetting) -> int:
    """Between a default, which is taken, and 2^63, which is not."""
    low, high = int(str(setting.plain_default)), 2**63
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if takes(setting, middle) else (low, middle)
    return low


async def put(app: App, setting: AnySetting) -> None:
    """The largest it can be; one below another one leaves room for it."""
    greater = [each for each in WHOLE if each.above == setting.key]
    for each in greater:
        await app.commands.run(STAFF, app.domain_configs.set_by_key, each.key, largest(each))
    value = largest(setting) - len(greater)
    await app.commands.run(STAFF, app.domain_configs.set_by_key, setting.key, value)
    await app.settings.refresh()


@pytest.mark.parametrize("setting", WHOLE, ids=lambda setting: setting.key)
async def test_the_largest_value_that_a_setting_takes_breaks_nothing(
    app: App, superuser: Ctx, setting: AnySetting
) -> None:
    assert not takes(setting, 2**63)
    await put(app, setting)
    lender, servers = Lender(app, superuser), Servers(app, superuser.subject.id)
    await lender.price(10_000_000)
    for provider in await app.price_providers.repo.all_by("active", value=True):
        await app.commands.run(STAFF, app.price_providers.deactivate, provider.id)
    found = await app.prices.peek()
    assert found is not None
    assert found.fresh, "the age of a price that nobody stands by is looked at"
    account = await lender.account()
    loan = await lender.active(100_000, BITCOIN, account=account)
    await ask_for_a_loan(servers, loan.customer_id)
    await lender.propose(100_000)
    await lender.end_day()
    await settle(app)
    await assert_clean(app)


async def ask_for_a_loan(servers: Servers, customer_id: UUID) -> None:
    """Its expiry is shown."""
    staff = servers.superuser
    made = await staff.do("termsTemplateCreate", "termsTemplate { termsTemplateId }", name="T", terms=TERMS)
    product = made["termsTemplate"]["termsTemplateId"]
    await staff.do("termsTemplateOfferUpdate", "__typename", termsTemplateId=product, offered=True)
    customer = servers.customer(customer_id)
    given = {"productId": product, "amount": 100_000, "purpose": "a house"}
    made = await customer.do("creditRequestSubmit", "creditRequest { expiresAt }", **given)
    assert made["creditRequest"]["expiresAt"] > "2026"
