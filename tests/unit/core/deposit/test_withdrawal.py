from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from lana.core.deposit.primitives import WithdrawalStatus
from lana.core.deposit.withdrawal.entity import Withdrawal
from lana.core.deposit.withdrawal.errors import (
    AlreadyCancelled,
    AlreadyConfirmed,
    AlreadyDenied,
    NotApproved,
    NotConfirmed,
    WithdrawalAmountZero,
)
from lana.lib.errors import Refusal
from lana.lib.es.entity import ALREADY, DONE, Outcome
from lana.lib.ids import new_id
from lana.lib.money import UsdCents

Step = Callable[[Withdrawal], Outcome]


def initiated() -> Withdrawal:
    return Withdrawal.initiate(
        new_id=new_id(), account_id=new_id(), amount=UsdCents(30_000), reference=None, public_id="1003"
    )


def approve(withdrawal: Withdrawal) -> Outcome:
    return withdrawal.conclude_approval(True, new_id())


def deny(withdrawal: Withdrawal) -> Outcome:
    return withdrawal.conclude_approval(False, new_id())


def confirm(withdrawal: Withdrawal) -> Outcome:
    return withdrawal.confirm(new_id())


def cancel(withdrawal: Withdrawal) -> Outcome:
    return withdrawal.cancel(new_id())


def revert(withdrawal: Withdrawal) -> Outcome:
    return withdrawal.revert(new_id())


def after(*steps: Step) -> Withdrawal:
    withdrawal = initiated()
    for step in steps:
        assert step(withdrawal) is DONE
    return withdrawal


MOVES: list[tuple[tuple[Step, ...], WithdrawalStatus, int]] = [
    ((), WithdrawalStatus.PENDING_APPROVAL, 1),
    ((approve,), WithdrawalStatus.PENDING_CONFIRMATION, 1),
    ((deny,), WithdrawalStatus.DENIED, 2),
    ((approve, confirm), WithdrawalStatus.CONFIRMED, 2),
    ((cancel,), WithdrawalStatus.CANCELLED, 2),
    ((approve, cancel), WithdrawalStatus.CANCELLED, 2),
    ((approve, confirm, revert), WithdrawalStatus.REVERTED, 3),
]


@pytest.mark.parametrize(("steps", "status", "transactions"), MOVES)
def test_each_move_ends_in_its_status_with_its_ledger_transactions(
    steps: tuple[Step, ...], status: WithdrawalStatus, transactions: int
) -> None:
    withdrawal = after(*steps)
    assert withdrawal.status is status
    assert len(withdrawal.ledger_tx_ids) == transactions
    assert withdrawal.ledger_tx_ids[0] == withdrawal.id == withdrawal.approval_process_id


UNCHANGED: list[tuple[tuple[Step, ...], Step]] = [
    ((approve, confirm), confirm),
    ((approve, confirm, revert), confirm),
    ((cancel,), cancel),
    ((approve, cancel), cancel),
    ((approve, confirm, revert), revert),
    ((approve,), approve),
    ((approve,), deny),
    ((deny,), deny),
    ((deny,), approve),
    ((cancel,), approve),
    ((cancel,), deny),
    ((approve, confirm), deny),
]


@pytest.mark.parametrize(("steps", "step"), UNCHANGED)
def test_a_repeat_changes_nothing(steps: tuple[Step, ...], step: Step) -> None:
    withdrawal = after(*steps)
    before = msgspec.json.encode(withdrawal)
    assert step(withdrawal) is ALREADY
    assert msgspec.json.encode(withdrawal) == before


REFUSED: list[tuple[tuple[Step, ...], Step, type[Refusal]]] = [
    ((), confirm, NotApproved),
    ((deny,), confirm, NotApproved),
    ((cancel,), confirm, NotApproved),
    ((approve, cancel), confirm, AlreadyCancelled),
    ((approve, confirm), cancel, AlreadyConfirmed),
    ((approve, confirm, revert), cancel, AlreadyConfirmed),
    ((deny,), cancel, AlreadyDenied),
    ((), revert, NotConfirmed),
    ((approve,), revert, NotConfirmed),
    ((deny,), revert, NotConfirmed),
    ((cancel,), revert, NotConfirmed),
]


@pytest.mark.parametrize(("steps", "step", "refusal"), REFUSED)
def test_a_move_the_status_does_not_allow_is_refused_by_name(
    steps: tuple[Step, ...], step: Step, refusal: type[Refusal]
) -> None:
    withdrawal = after(*steps)
    before = msgspec.json.encode(withdrawal)
    with pytest.raises(refusal, match=str(withdrawal.id)) as refused:
        step(withdrawal)
    assert refusal.__name__ in refused.value.message
    assert msgspec.json.encode(withdrawal) == before


def test_nothing_is_withdrawn_for_zero() -> None:
    with pytest.raises(WithdrawalAmountZero, match="Withdrawal amount cannot be zero"):
        Withdrawal.initiate(
            new_id=new_id(), account_id=new_id(), amount=UsdCents(0), reference=None, public_id="1003"
        )


@pytest.mark.parametrize("reference", [None, ""])
def test_without_a_reference_the_id_is_the_reference(reference: str | None) -> None:
    withdrawal = Withdrawal.initiate(
        new_id=new_id(), account_id=new_id(), amount=UsdCents(1), reference=reference, public_id="1003"
    )
    assert withdrawal.reference == str(withdrawal.id)
