"""Collateral: its total by hand, by wallet and by liquidation, and giving it back."""

from __future__ import annotations

import pytest

from lana.core.credit import ReleaseState
from lana.core.credit.collateral.entity import (
    Change,
    Collateral,
    Initialized,
    LiquidationAccountIds,
    UpdatedViaCustodianSync,
    UpdatedViaLiquidation,
    WalletObserved,
)
from lana.core.credit.collateral.errors import (
    AmountExceedsCollateral,
    CollateralReleased,
    ManualUpdateError,
    NoActiveLiquidation,
)
from lana.core.credit.primitives import CollateralAccountIds, CollateralDirection
from lana.lib.es.entity import ALREADY, DONE, Outcome
from lana.lib.ids import new_id
from lana.lib.money import Satoshis, UsdCents

ADD, REMOVE = CollateralDirection.ADD, CollateralDirection.REMOVE


def sats(amount: int) -> Satoshis:
    return Satoshis(amount)


def change(amount: int, direction: CollateralDirection) -> Change:
    return Change(amount=sats(amount), direction=direction)


def collateral(amount: int = 0, *, wallet: bool = False) -> Collateral:
    made = Collateral.born(
        Initialized(
            id=new_id(),
            secured_loan_id=new_id(),
            account_ids=CollateralAccountIds(
                collateral_account_id=new_id(),
                liquidated_collateral_account_id=new_id(),
                collateral_in_liquidation_account_id=new_id(),
            ),
            facility_ledger_account_ids_for_liquidation=LiquidationAccountIds(
                proceeds_from_liquidation_account_id=new_id(),
                payment_holding_account_id=new_id(),
                uncovered_outstanding_account_id=new_id(),
            ),
            custody_wallet_id=new_id() if wallet else None,
        )
    )
    if amount and wallet:
        made.sync_with_wallet(sats(amount), new_id())
    elif amount:
        made.update_manually(change(amount, ADD), new_id())
    return made


def in_liquidation(amount: int, *, wallet: bool = False) -> Collateral:
    made = collateral(amount, wallet=wallet)
    made.start_liquidation(new_id())
    return made


def send(held: Collateral, amount: int) -> Outcome:
    return held.send_to_liquidation(sats(amount), new_id(), new_id())


# --- by hand ----------------------------------------------------------------------------------------------------


def test_a_new_total_is_its_difference_and_an_equal_one_is_none() -> None:
    held = collateral(500)
    assert held.difference(sats(500)) is None
    assert held.difference(sats(700)) == change(200, ADD)
    assert held.difference(sats(0)) == change(500, REMOVE)
    assert held.update_manually(change(500, REMOVE), new_id()) is DONE
    assert held.amount == 0


def test_nobody_enters_by_hand_what_a_wallet_says() -> None:
    held = collateral(500, wallet=True)
    with pytest.raises(ManualUpdateError) as refused:
        held.update_manually(change(1, ADD), new_id())
    assert (
        str(refused.value) == "CollateralError - ManualUpdateError: Cannot update collateral with a custodian"
    )
    assert held.amount == 500


# --- by wallet --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "balance", "total", "in_transit"),
    [
        (0, 1_000, 1_000, 0),
        (0, 1_200, 1_200, 0),
        (0, 700, 700, 0),
        (0, 0, 0, 0),
        (300, 1_000, 700, 300),  # sent, and not left yet: counted once
        (300, 900, 700, 200),  # a part has left
        (300, 700, 700, 0),  # all of it
        (300, 600, 600, 0),  # and a hundred besides
        (300, 0, 0, 0),
        (300, 1_500, 1_200, 300),  # more came in meanwhile
        (1_000, 1_000, 0, 1_000),
        (1_000, 0, 0, 0),
    ],
)
def test_a_wallet_is_followed_less_what_was_sent_and_has_not_left(
    sent: int, balance: int, total: int, in_transit: int
) -> None:
    held = in_liquidation(1_000, wallet=True)
    send(held, sent)
    before = held.amount
    found = held.sync_with_wallet(sats(balance), new_id())
    assert (held.amount, held.in_transit) == (total, in_transit)
    assert (found is None) is (total == before)


def test_a_balance_seen_twice_changes_nothing() -> None:
    held = collateral(500, wallet=True)
    events = len(held.pending)
    assert held.sync_with_wallet(sats(500), new_id()) is None
    assert len(held.pending) == events


def test_what_leaves_of_what_was_sent_is_an_event_without_a_posting() -> None:
    held = in_liquidation(500, wallet=True)
    send(held, 200)
    assert held.sync_with_wallet(sats(300), new_id()) is None
    assert held.pending[-1] == WalletObserved(in_transit=sats(0))


def test_coins_sent_from_where_no_wallet_is_watched_are_not_waited_for() -> None:
    held = in_liquidation(500)
    send(held, 200)
    assert (held.amount, held.in_transit) == (300, 0)


# --- liquidation ------------------------------------------------------------------------------------------------


def test_there_is_one_liquidation_at_a_time() -> None:
    held = collateral(500)
    first = new_id()
    assert held.start_liquidation(first) is DONE
    assert held.start_liquidation(new_id()) is ALREADY
    assert held.liquidation_id == first


def test_coins_are_sent_in_parts_up_to_what_is_there() -> None:
    held = in_liquidation(500)
    assert send(held, 0) is ALREADY
    send(held, 200)
    send(held, 300)
    assert held.amount == 0
    with pytest.raises(AmountExceedsCollateral):
        send(held, 1)
    assert [e.abs_diff for e in held.pending if isinstance(e, UpdatedViaLiquidation)] == [200, 300]


def test_of_collateral_that_is_on_its_way_back_nothing_is_sold() -> None:
    held = in_liquidation(500)
    held.request_release()
    for amount in (0, 1):
        with pytest.raises(CollateralReleased):
            send(held, amount)


def test_without_a_liquidation_nothing_is_sent_received_or_cancelled() -> None:
    held = collateral(500)
    for amount in (0, 1):
        with pytest.raises(NoActiveLiquidation):
            send(held, amount)
    with pytest.raises(NoActiveLiquidation):
        held.receive_proceeds(UsdCents(1), ledger_tx_id=new_id(), payment_id=new_id(), completes=True)
    with pytest.raises(NoActiveLiquidation):
        held.cancel_liquidation()


def test_a_tranche_leaves_the_liquidation_open_and_the_last_one_ends_it() -> None:
    held = in_liquidation(500)
    held.receive_proceeds(UsdCents(1), ledger_tx_id=new_id(), payment_id=new_id(), completes=False)
    assert held.liquidation_id is not None
    held.receive_proceeds(UsdCents(1), ledger_tx_id=new_id(), payment_id=new_id(), completes=True)
    assert held.liquidation_id is None
    assert held.start_liquidation(new_id()) is DONE


def test_after_a_cancelled_liquidation_another_may_start() -> None:
    held = in_liquidation(500)
    held.cancel_liquidation()
    assert held.start_liquidation(new_id()) is DONE


# --- release ----------------------------------------------------------------------------------------------------


def test_it_may_be_released_once_asked_for_and_empty() -> None:
    held = collateral(500, wallet=True)
    assert not held.may_be_released
    assert held.request_release() is DONE
    assert held.request_release() is ALREADY
    assert not held.may_be_released
    held.sync_with_wallet(sats(0), new_id())
    assert isinstance(held.pending[-1], UpdatedViaCustodianSync)
    assert held.may_be_released
    assert held.release() is DONE
    assert held.release() is ALREADY
    assert held.release_state is ReleaseState.RELEASED
    assert not held.may_be_released
