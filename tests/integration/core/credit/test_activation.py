"""Activation: all of it at once and in its order, or nothing; what keeps it waiting, and what lets it go on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest

from lana.app import App
from lana.core.credit import CollateralizationState as State
from lana.core.credit import DisbursalStatus, Facility, PendingState, PendingStatus, chart
from lana.core.credit.cycle.repo import CycleRepo
from lana.core.deposit import DepositAccount
from lana.core.terms import Days
from lana.lib.authz import Ctx
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from tests.support.lending import Lender, terms
from tests.support.loan_life import obligations_of, posted, told
from tests.support.price_feed import go_by, go_stale
from tests.support.proof import assert_clean, no_effect, settle

pytestmark = pytest.mark.asyncio

PRICE = 10_000_000
AMOUNT = 100_000
ENOUGH = 1_250_000
"""Satoshis worth 125 % of the amount, which is the margin call's."""


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def maybe_facility(lender: Lender, facility_id: UUID) -> Facility | None:
    return await lender.credit.facility_reading.facilities.peek(facility_id)


async def is_active(lender: Lender, facility_id: UUID) -> bool:
    return await maybe_facility(lender, facility_id) is not None


async def activate(lender: Lender, facility_id: UUID) -> Facility | None:
    system = Ctx.system("credit-facility-activation")
    return await lender.app.commands.run(system, lender.credit.activations.activate, facility_id)


async def codes_of(lender: Lender, facility: Facility) -> Sequence[str]:
    """Of all transactions on the facility's accounts and its customer's, as they were posted."""
    accounts = [facility.account_ids.facility_account_id, facility.account_ids.fee_income_account_id]
    rows = await lender.app.db.fetch(
        "select distinct x.position, t.code from cala.transactions x"
        " join cala.templates t on t.id = x.template_id join cala.entries e on e.transaction_id = x.id"
        " where e.account_id = any(%b::uuid[]) order by x.position",
        [accounts],
    )
    return [row[1] for row in rows]


# --- all of it --------------------------------------------------------------------------------------------------


async def test_everything_an_activation_makes_is_there_in_its_order(lender: Lender) -> None:
    """26.1."""
    await lender.price(PRICE)
    facility = await lender.active(AMOUNT, 1_400_000)
    assert await codes_of(lender, facility) == [
        "CREATE_CREDIT_FACILITY_PROPOSAL",
        "ACTIVATE_CREDIT_FACILITY",
        "INITIAL_DISBURSAL",
        "ADD_STRUCTURING_FEE",
    ]
    assert facility.structuring_fee_tx_id is not None
    assert await posted(lender, facility.ledger_tx_id, facility.structuring_fee_tx_id) == [
        "ACTIVATE_CREDIT_FACILITY",
        "ADD_STRUCTURING_FEE",
    ]
    assert (await lender.pending(facility.id)).status is PendingStatus.COMPLETED
    assert facility.collateralization_state is State.FULLY_COLLATERALIZED
    assert (facility.activated_on, facility.maturity_date) == (date(2026, 1, 15), date(2026, 4, 15))
    assert facility.activated_at == lender.app.bank_time.now()
    await assert_clean(lender.app)


async def test_the_initial_disbursal_is_settled_at_once_and_owed_at_maturity(lender: Lender) -> None:
    await lender.price(PRICE)
    facility = await lender.active(AMOUNT, 1_400_000)
    found = await lender.credit.facility_reading.find_many_disbursals_by_facility(lender.ctx, [facility.id])
    (disbursal,) = found[facility.id]
    assert (disbursal.status, disbursal.amount) == (DisbursalStatus.CONFIRMED, AMOUNT)
    assert disbursal.approval_process_id == facility.id
    assert await posted(lender, disbursal.id) == ["INITIAL_DISBURSAL"]
    assert int(disbursal.public_id) == int(facility.public_id) + 1
    (obligation,) = await obligations_of(lender, facility.id)
    assert (obligation.reference, obligation.amount) == (f"initial-disbursal-{disbursal.id}", AMOUNT)
    assert (obligation.due_date, obligation.overdue_date) == (date(2026, 4, 15), date(2026, 6, 4))
    assert disbursal.obligation_id == obligation.id
    (settled,) = await told(lender, "DisbursalSettled")
    assert settled["settlement"] == {"tx_id": str(disbursal.id), "effective": "2026-01-15"}


async def test_the_first_cycle_begins_with_the_activation(lender: Lender) -> None:
    await lender.price(PRICE)
    facility = await lender.active(AMOUNT, 1_400_000)
    assert facility.cycle is not None
    assert facility.cycle.idx == 1
    assert facility.cycle.period == Days(start=date(2026, 1, 15), end=date(2026, 1, 31))
    assert await CycleRepo(lender.app.db).peek(facility.cycle.id) is not None


async def test_it_is_told_audited_and_in_the_history(lender: Lender) -> None:
    await lender.price(PRICE)
    facility = await lender.active(AMOUNT, 1_400_000)
    (completed,) = await told(lender, "PendingCreditFacilityCompleted")
    assert (completed["id"], completed["status"]) == (str(facility.id), "completed")
    (activated,) = await told(lender, "FacilityActivated")
    assert (activated["id"], activated["activation_tx_id"]) == (str(facility.id), str(facility.ledger_tx_id))
    assert activated["collateralization"]["collateral"] == 1_400_000
    rows = await lender.app.db.fetch(
        "select subject, object_ids from audit_entries where action = 'credit:credit-facility:activate'"
    )
    assert rows == [("system:credit-facility-activation", [facility.id])]
    history = await lender.credit.facility_reading.find_many_histories(lender.ctx, [facility.id])
    names = [type(entry.told).__name__ for entry in history[facility.id]]
    assert names[::-1] == [
        "CollateralChanged",
        "PendingCollateralizationUpdated",
        "Approved",
        "DisbursalExecuted",
    ]


@pytest.mark.parametrize(
    ("single", "fee", "deposited", "owed", "remaining"),
    [
        (True, "5", 95_000, [100_000], 0),
        (True, "0", 100_000, [100_000], 0),
        (False, "5", 0, [5_000], 95_000),
        (False, "0.0001", 0, [1], 99_999),
        (False, "0", 0, [], 100_000),
    ],
)
async def test_what_the_policy_pays_out_and_the_fee_takes_back(
    lender: Lender, single: bool, fee: str, deposited: int, owed: list[int], remaining: int
) -> None:
    await lender.price(PRICE)
    facility = await lender.active(AMOUNT, 1_400_000, terms(single=single, fee=fee))
    assert await lender.held(facility.disbursal_credit_account_id) == deposited
    assert [each.amount for each in await obligations_of(lender, facility.id)] == owed
    assert (await lender.balance(facility.id))["remaining"] == remaining
    assert facility.position.exposure == sum(owed)
    assert (facility.structuring_fee_tx_id is None) is (fee == "0")
    await assert_clean(lender.app)


async def test_with_nothing_drawn_the_state_at_first_is_that_of_the_amount(lender: Lender) -> None:
    await lender.price(PRICE)
    facility = await lender.active(AMOUNT, ENOUGH, terms(single=False, fee="0"))
    history = await lender.credit.facility_reading.facilities.events(facility.id, limit=10)
    born = history[-1].data
    assert (born["collateralization_state"], born["price"]) == ("fully_collateralized", PRICE)
    assert born["outstanding"] == {"disbursed": 0, "interest": 0}


# --- when -------------------------------------------------------------------------------------------------------


async def test_the_margin_calls_cvl_is_enough_and_a_satoshi_less_is_not(lender: Lender) -> None:
    await lender.price(PRICE)
    pending = await lender.approved(AMOUNT)
    await lender.collateral(pending.collateral_id, ENOUGH - 1)
    await settle(lender.app)
    assert (await lender.pending(pending.id)).collateralization_state is PendingState.UNDER_COLLATERALIZED
    assert await activate(lender, pending.id) is None
    assert not await is_active(lender, pending.id)
    await lender.collateral(pending.collateral_id, ENOUGH)
    await settle(lender.app)
    facility = await lender.facility(pending.id)
    assert facility.position.cvl(UsdCents(PRICE)) == 125
    changes = await told(lender, "PendingCreditFacilityCollateralizationChanged")
    states = [each["collateralization"]["state"] for each in changes]
    assert states == ["under_collateralized", "fully_collateralized"]


async def test_a_rising_price_activates_what_waits(lender: Lender) -> None:
    await lender.price(PRICE)
    pending = await lender.approved(AMOUNT)
    await lender.collateral(pending.collateral_id, 1_200_000)
    await settle(lender.app)
    await lender.price(PRICE * 125 // 120)
    await settle(lender.app)
    assert not await is_active(lender, pending.id)
    await lender.price(PRICE * 125 // 120 + 1)
    await settle(lender.app)
    assert await is_active(lender, pending.id)


async def test_a_price_that_falls_before_the_activation_is_the_one_that_counts(lender: Lender) -> None:
    await lender.price(PRICE)
    pending = await lender.approved(AMOUNT)
    await lender.collateral(pending.collateral_id, ENOUGH)
    assert (await lender.pending(pending.id)).awaits_activation
    await go_by(lender.app, PRICE - 1)
    await settle(lender.app)
    assert not await is_active(lender, pending.id)
    found = await lender.pending(pending.id)
    assert found.collateralization_state is PendingState.UNDER_COLLATERALIZED
    assert found.price_at_state_change == PRICE - 1
    await lender.price(PRICE)
    await settle(lender.app)
    assert await is_active(lender, pending.id)
    await assert_clean(lender.app)


async def test_without_any_price_collateral_is_taken_and_nothing_is_activated(lender: Lender) -> None:
    pending = await lender.approved(AMOUNT)
    await lender.collateral(pending.collateral_id, 1_400_000)
    await settle(lender.app)
    found = await lender.pending(pending.id)
    assert found.collateral == 1_400_000
    assert found.collateralization_state is PendingState.NOT_YET_COLLATERALIZED
    async with no_effect(lender.app.db):
        assert await activate(lender, pending.id) is None
    await lender.price(PRICE)
    await settle(lender.app)
    assert await is_active(lender, pending.id)


async def test_with_a_stale_price_nothing_happens_at_all(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lender.price(PRICE)
    pending = await lender.approved(AMOUNT)
    await go_stale(lender.app, monkeypatch)
    await lender.collateral(pending.collateral_id, 1_400_000)
    await settle(lender.app)
    async with no_effect(lender.app.db):
        assert await activate(lender, pending.id) is None
        await lender.credit.margin_monitor.sweep()
    monkeypatch.undo()
    await lender.price(PRICE + 1)
    assert await is_active(lender, pending.id)
    await assert_clean(lender.app)


async def frozen(lender: Lender, account: DepositAccount, *, is_frozen: bool) -> None:
    accounts = lender.app.deposit_accounts
    verb = accounts.freeze_account if is_frozen else accounts.unfreeze_account
    await lender.app.commands.run(lender.ctx, verb, account.id)


async def test_a_frozen_account_keeps_it_waiting_until_it_takes_money_again(lender: Lender) -> None:
    await lender.price(PRICE)
    account = await lender.account(cents=1)
    pending = await lender.approved(AMOUNT, account=account)
    await frozen(lender, account, is_frozen=True)
    await lender.collateral(pending.collateral_id, 1_400_000)
    await settle(lender.app)
    async with no_effect(lender.app.db):
        assert await activate(lender, pending.id) is None
    await lender.price(PRICE + 1)
    assert not await is_active(lender, pending.id)
    await frozen(lender, account, is_frozen=False)
    await lender.price(PRICE + 2)
    assert await is_active(lender, pending.id)
    assert await lender.held(account.id) == 95_001
    await assert_clean(lender.app)


# --- once -------------------------------------------------------------------------------------------------------


async def test_many_activations_at_once_make_one_facility(lender: Lender) -> None:
    await lender.price(PRICE)
    pending = await lender.approved(AMOUNT)
    await lender.collateral(pending.collateral_id, ENOUGH)
    results = await asyncio.gather(*(activate(lender, pending.id) for _ in range(20)))
    assert sum(result is not None for result in results) == 1
    await settle(lender.app)
    async with no_effect(lender.app.db):
        assert await activate(lender, pending.id) is None
    assert len(await obligations_of(lender, pending.id)) == 1
    assert (await lender.balance(pending.id))["disbursed"] == AMOUNT
    assert await codes_of(lender, await lender.facility(pending.id)) == [
        "CREATE_CREDIT_FACILITY_PROPOSAL",
        "ACTIVATE_CREDIT_FACILITY",
        "INITIAL_DISBURSAL",
        "ADD_STRUCTURING_FEE",
    ]
    await assert_clean(lender.app)


async def test_activation_beside_a_freeze_and_collateral_that_leaves(lender: Lender) -> None:
    """Whoever comes first: it is active with enough at its activation, or it waits with nothing paid out."""
    await lender.price(PRICE)
    for _ in range(8):
        account = await lender.account(cents=1)
        pending = await lender.approved(AMOUNT, account=account)
        await lender.collateral(pending.collateral_id, ENOUGH)
        await asyncio.gather(
            activate(lender, pending.id),
            frozen(lender, account, is_frozen=True),
            lender.collateral(pending.collateral_id, ENOUGH + 1),
            go_by(lender.app, PRICE),
            return_exceptions=True,
        )
        found = await lender.app.deposit_accounts.find_many_balances(lender.ctx, [account.id])
        held = found[account.id].settled + found[account.id].frozen
        assert held == (95_001 if await is_active(lender, pending.id) else 1)
    await assert_clean(lender.app)


async def lock_omnibus(lender: Lender, *, locked: bool) -> None:
    async def turn(op: Op) -> None:
        (op.lock_account if locked else op.unlock_account)(chart.FACILITY_OMNIBUS)

    await lender.app.commands.run(Ctx.system("credit-facility-activation"), turn)


async def test_what_the_ledger_refuses_leaves_no_accounts_and_succeeds_later(lender: Lender) -> None:
    """Beside others in its batch, who are not disturbed."""
    await lender.price(PRICE)
    facility = await lender.active(AMOUNT, ENOUGH)
    refused = [await lender.approved(AMOUNT) for _ in range(2)]
    await lock_omnibus(lender, locked=True)
    for each in refused:
        await lender.collateral(each.collateral_id, ENOUGH)
    opened = "select count(*) from cala.accounts"
    before = await lender.app.db.fetch(opened)
    results = await asyncio.gather(
        *(activate(lender, each.id) for each in refused),
        lender.pay(facility.id, 1_000),
        return_exceptions=True,
    )
    codes = [getattr(result, "code", None) for result in results]
    assert codes == ["ACCOUNT_LOCKED", "ACCOUNT_LOCKED", None]
    assert await lender.app.db.fetch(opened) == before
    await lock_omnibus(lender, locked=False)
    for each in refused:
        assert await activate(lender, each.id)
    await assert_clean(lender.app)
