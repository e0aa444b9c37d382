"""A sale told from two sides: coins leave the wallet, staff records them as sent. Whichever comes first, and in
whatever parts, the collateral is what the wallet has without what was sent, and the books agree.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lana.core.credit.collateral.entity import (
    Collateral,
    RemovalReversed,
    UpdatedViaCustodianSync,
    UpdatedViaLiquidation,
)
from lana.core.credit.collateral.errors import AmountExceedsCollateral
from lana.core.credit.primitives import CollateralDirection
from lana.lib.ids import new_id
from lana.lib.money import UsdCents
from tests.unit.core.credit.test_collateral import in_liquidation, sats, send
from tests.unit.core.credit.test_liquidation import TODAY, liquidation

ADD, REMOVE = CollateralDirection.ADD, CollateralDirection.REMOVE
LOT = 1_000


def seen(held: Collateral, balance: int) -> tuple[int, int, int]:
    """The wallet has this much: the total, what is in transit, what left unrecorded."""
    held.sync_with_wallet(sats(balance), new_id())
    return held.amount, held.in_transit, held.left_unrecorded


# --- by example -------------------------------------------------------------------------------------------------


def test_coins_that_left_before_they_were_recorded_as_sent_are_counted_once() -> None:
    """26.3 in the other order."""
    held = in_liquidation(100_000_000, wallet=True)
    assert seen(held, 13_461_538) == (13_461_538, 0, 86_538_462)
    tx_id, reversal_id = new_id(), new_id()
    held.send_to_liquidation(sats(86_538_462), tx_id, reversal_id)
    assert (held.amount, held.in_transit, held.left_unrecorded) == (13_461_538, 0, 0)
    reversal, sending = held.pending[-2:]
    assert isinstance(reversal, RemovalReversed)
    assert isinstance(sending, UpdatedViaLiquidation)
    assert (reversal.ledger_tx_id, reversal.direction, reversal.abs_diff) == (reversal_id, ADD, 86_538_462)
    assert reversal.collateral_amount == 100_000_000
    assert (sending.ledger_tx_id, sending.direction, sending.abs_diff) == (tx_id, REMOVE, 86_538_462)
    assert (sending.collateral_amount, sending.already_left) == (13_461_538, 86_538_462)


def test_of_what_is_recorded_only_the_part_that_left_is_not_waited_for() -> None:
    held = in_liquidation(100, wallet=True)
    assert seen(held, 75) == (75, 0, 25)
    send(held, 40)
    assert (held.amount, held.in_transit, held.left_unrecorded) == (60, 15, 0)
    assert seen(held, 60) == (60, 0, 0)


def test_no_more_is_sent_than_is_there_and_left() -> None:
    held = in_liquidation(100, wallet=True)
    seen(held, 60)
    with pytest.raises(AmountExceedsCollateral, match="101 of 100 satoshis"):
        send(held, 101)
    send(held, 100)
    assert (held.amount, held.in_transit) == (0, 60)


def test_coins_that_came_back_as_they_left_are_waited_for_when_they_are_sent_again() -> None:
    held = in_liquidation(100, wallet=True)
    seen(held, 60)
    assert seen(held, 100) == (100, 0, 0)
    send(held, 40)
    assert (held.amount, held.in_transit) == (60, 40)


def test_more_collateral_does_not_make_up_for_coins_that_left() -> None:
    held = in_liquidation(100, wallet=True)
    seen(held, 60)
    assert seen(held, 90) == (90, 0, 40)
    send(held, 40)
    assert (held.amount, held.in_transit) == (90, 0)


def test_what_left_without_a_liquidation_or_during_another_one_was_not_sent_to_this_one() -> None:
    held = in_liquidation(100, wallet=True)
    assert seen(held, 60) == (60, 0, 40)
    held.cancel_liquidation()
    assert seen(held, 50) == (50, 0, 0)
    held.start_liquidation(new_id())
    send(held, 50)
    assert (held.amount, held.in_transit) == (0, 50)


# --- in any order -----------------------------------------------------------------------------------------------


class Sale(RuleBasedStateMachine):
    """Coins are sold in lots; what comes in otherwise is less than one, so it cannot be taken for coins that
    came back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.held = in_liquidation(100 * LOT, wallet=True)
        self.liquidation = liquidation()
        self.wallet = 100 * LOT
        self.left = self.recorded = 0
        self.sold = 0  # by liquidations before this one

    def moves(self, by: int) -> None:
        self.wallet += by
        self.held.sync_with_wallet(sats(self.wallet), new_id())

    @precondition(lambda self: self.wallet >= LOT)
    @rule(data=st.data())
    def coins_leave(self, data: st.DataObject) -> None:
        amount = LOT * data.draw(st.integers(1, self.wallet // LOT))
        self.left += amount
        self.moves(-amount)

    @precondition(lambda self: self.held.amount + self.held.left_unrecorded >= LOT)
    @rule(data=st.data())
    def they_are_recorded_as_sent(self, data: st.DataObject) -> None:
        there = self.held.amount + self.held.left_unrecorded
        with pytest.raises(AmountExceedsCollateral):
            send(self.held, there + 1)
        amount = LOT * data.draw(st.integers(1, there // LOT))
        self.recorded += amount
        send(self.held, amount)
        self.liquidation.send(sats(amount), new_id(), TODAY)

    @rule(amount=st.integers(1, LOT - 1))
    def more_collateral_comes(self, amount: int) -> None:
        self.moves(amount)

    @precondition(lambda self: self.held.left_unrecorded)
    @rule()
    def coins_come_back_as_they_left(self) -> None:
        back = int(self.held.left_unrecorded)
        self.left -= back
        self.moves(back)

    @rule()
    def the_same_balance_is_told_again(self) -> None:
        events = len(self.held.pending)
        self.moves(0)
        assert len(self.held.pending) == events

    @precondition(lambda self: self.liquidation.sent_total)
    @rule(completes=st.booleans())
    def proceeds_come(self, completes: bool) -> None:
        given, ids = UsdCents(1), {"ledger_tx_id": new_id(), "payment_id": new_id()}
        self.held.receive_proceeds(given, **ids, completes=completes)
        self.liquidation.receive(given, ids["ledger_tx_id"], TODAY, completes=completes)
        if completes:
            self.start_anew()

    @precondition(lambda self: not self.liquidation.sent_total)
    @rule()
    def it_is_cancelled(self) -> None:
        self.held.cancel_liquidation()
        # what had left by then and was not recorded stays removed
        self.left = min(self.left, self.recorded)
        self.start_anew()

    def start_anew(self) -> None:
        self.sold += self.liquidation.sent_total
        self.held.start_liquidation(new_id())
        self.liquidation = liquidation()

    @invariant()
    def collateral_is_what_the_wallet_has_without_what_was_sent(self) -> None:
        held = self.held
        assert held.amount == self.wallet - held.in_transit
        assert held.in_transit == max(0, self.recorded - self.left)
        assert held.left_unrecorded == max(0, self.left - self.recorded)

    @invariant()
    def the_books_agree(self) -> None:
        """25.9, by the postings that belong to the events."""
        books: Counter[str] = Counter()
        for event in self.held.pending:
            match event:
                case UpdatedViaCustodianSync() | RemovalReversed():
                    added = event.abs_diff if event.direction is ADD else -event.abs_diff
                    books.update({"omnibus": added, "collateral": added})
                    assert event.collateral_amount == books["collateral"]
                case UpdatedViaLiquidation(abs_diff=sent):
                    books.update({"collateral": -sent, "sent": sent})
                    assert event.collateral_amount == books["collateral"]
                case _:
                    pass
        assert books["collateral"] == self.held.amount
        assert books["sent"] == self.sold + self.liquidation.sent_total
        assert books["omnibus"] == books["collateral"] + books["sent"]

    @invariant()
    def its_state_is_what_its_events_say(self) -> None:
        assert Collateral.fold(self.held.pending) == self.held


TestSale = Sale.TestCase
