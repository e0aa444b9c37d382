"""A customer's own account through the customer API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from tests.support.api import Refused
from tests.support.servers import Servers, open_servers

ME = """
{ me { customer { id customerId status level createdAt email telegramHandle customerType
  personalInfo { firstName } creditFacilities { id }
  depositAccount { id depositAccountId customerId createdAt balance { settled pending }
    deposits { id depositId accountId amount reference status createdAt }
    withdrawals { id withdrawalId amount status }
    history(first: 5) { nodes { __typename
      ... on DepositEntry { deposit { id } } ... on WithdrawalEntry { withdrawal { id status } } } } } } } }
"""


@pytest_asyncio.fixture
async def bank(dsn: str) -> AsyncIterator[Servers]:
    async with open_servers(dsn) as servers:
        await servers.allow_manual_conversion()
        yield servers


async def test_me_is_the_caller_with_account_and_movements(bank: Servers) -> None:
    ids = await bank.new_customer("ann@example.com")
    await bank.new_customer("bob@example.com")
    account_id = ids["depositAccountId"]
    made = await bank.superuser.do(
        "depositRecord", "deposit { depositId }", depositAccountId=account_id, amount=500
    )
    initiated = await bank.superuser.do(
        "withdrawalInitiate", "withdrawal { withdrawalId }", depositAccountId=account_id, amount=200
    )
    me = await bank.customer(UUID(ids["customerId"])).ask(ME)
    customer = me["me"]["customer"]
    assert (customer["id"], customer["email"]) == (f"Customer:{ids['customerId']}", "ann@example.com")
    assert (customer["status"], customer["level"], customer["creditFacilities"]) == ("ACTIVE", "BASIC", [])
    account = customer["depositAccount"]
    assert account["id"] == f"DepositAccount:{account_id}"
    assert account["balance"] == {"settled": 300, "pending": 200}
    deposit_id = made["deposit"]["depositId"]
    withdrawal_id = initiated["withdrawal"]["withdrawalId"]
    assert [d["id"] for d in account["deposits"]] == [f"Deposit:{deposit_id}"]
    assert [w["id"] for w in account["withdrawals"]] == [f"Withdrawal:{withdrawal_id}"]
    assert [e["__typename"] for e in account["history"]["nodes"]] == ["WithdrawalEntry", "DepositEntry"]
    assert account["history"]["nodes"][1]["deposit"] == {"id": f"Deposit:{deposit_id}"}


async def test_a_customer_without_account_hears_so(bank: Servers) -> None:
    made = await bank.superuser.do(
        "prospectCreate",
        "prospect { prospectId }",
        email="ann@example.com",
        telegramHandle="@ann",
        customerType="INDIVIDUAL",
    )
    prospect_id = made["prospect"]["prospectId"]
    for nobody in (prospect_id, str(uuid4())):
        with pytest.raises(Refused) as refused:
            await bank.customer(UUID(nobody)).ask("{ me { customer { id } } }")
        assert refused.value.code == "NOT_FOUND"
        assert f"CustomerFindError - NotFound(id={nobody})" in str(refused.value)
    await bank.superuser.do("prospectConvert", "customer { customerId }", prospectId=prospect_id)
    with pytest.raises(Refused) as refused:
        await bank.customer(UUID(prospect_id)).ask("{ me { customer { depositAccount { id } } } }")
    assert refused.value.code == "DEPOSIT_ACCOUNT_NOT_FOUND"
