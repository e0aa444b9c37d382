from __future__ import annotations

import pytest

from lana.core.deposit.account.entity import DepositAccount, Initialized
from lana.core.deposit.account.errors import (
    BalanceIsNotZero,
    CannotUpdateClosedAccount,
    CannotUpdateFrozenAccount,
    DepositAccountClosed,
    DepositAccountFrozen,
)
from lana.core.deposit.deposit.entity import Deposit
from lana.core.deposit.deposit.errors import DepositAmountZero
from lana.core.deposit.primitives import (
    AccountFreezeReason,
    AccountIds,
    AccountStatus,
    Activity,
    Balance,
    DepositStatus,
)
from lana.lib.es.entity import ALREADY, DONE
from lana.lib.ids import new_id
from lana.lib.money import UsdCents

HOLDER = AccountFreezeReason.HOLDER


def balance(settled: int = 0, pending: int = 0, frozen: int = 0) -> Balance:
    return Balance(settled=UsdCents(settled), pending=UsdCents(pending), frozen=UsdCents(frozen))


def opened() -> DepositAccount:
    account_id = new_id()
    return DepositAccount.born(
        Initialized(
            id=account_id,
            account_holder_id=new_id(),
            account_ids=AccountIds(deposit_account_id=account_id, frozen_deposit_account_id=new_id()),
            status=AccountStatus.ACTIVE,
            activity=Activity.ACTIVE,
            public_id="1001",
        )
    )


def frozen() -> DepositAccount:
    account = opened()
    account.freeze()
    return account


def closed() -> DepositAccount:
    account = opened()
    account.close(balance())
    return account


def test_money_moves_on_an_active_account_only() -> None:
    opened().require_active()
    with pytest.raises(DepositAccountFrozen):
        frozen().require_active()
    with pytest.raises(DepositAccountClosed):
        closed().require_active()


def test_freezing_again_changes_nothing_and_a_closed_account_is_refused() -> None:
    account = frozen()
    assert account.freeze() is ALREADY
    gone = closed()
    with pytest.raises(CannotUpdateClosedAccount, match=str(gone.id)):
        gone.freeze()


def test_unfreezing_what_is_not_frozen_changes_nothing() -> None:
    assert opened().unfreeze() is ALREADY
    assert closed().unfreeze() is ALREADY


def test_an_account_frozen_by_itself_stays_frozen_when_its_holder_is_released() -> None:
    account = frozen()
    assert account.freeze(HOLDER) is DONE
    assert account.unfreeze(HOLDER) is DONE
    assert account.status is AccountStatus.FROZEN
    assert account.unfreeze() is DONE
    assert account.status is AccountStatus.ACTIVE


def test_an_account_frozen_with_its_holder_alone_is_released_with_the_holder() -> None:
    account = opened()
    account.freeze(HOLDER)
    account.unfreeze(HOLDER)
    assert account.status is AccountStatus.ACTIVE


def test_staff_lifts_every_freeze_of_an_account() -> None:
    account = opened()
    account.freeze(HOLDER)
    account.freeze()
    account.unfreeze()
    assert account.status is AccountStatus.ACTIVE
    assert account.unfreeze(HOLDER) is ALREADY


@pytest.mark.parametrize("left", [balance(settled=1), balance(pending=1)])
def test_an_account_with_money_left_is_not_closed_whatever_its_status(left: Balance) -> None:
    for account in (opened(), frozen(), closed()):
        with pytest.raises(BalanceIsNotZero):
            account.close(left)


def test_a_frozen_account_is_not_closed_and_its_frozen_money_is_not_counted() -> None:
    account = frozen()
    with pytest.raises(CannotUpdateFrozenAccount, match=str(account.id)):
        account.close(balance(frozen=100))


def test_closing_again_changes_nothing() -> None:
    assert closed().close(balance()) is ALREADY


def test_the_first_evaluation_is_told_whatever_it_finds_and_later_ones_only_what_changes() -> None:
    account = opened()
    assert account.update_activity(Activity.ACTIVE) is DONE
    assert account.update_activity(Activity.ACTIVE) is ALREADY


def test_escheatable_is_final() -> None:
    account = opened()
    assert account.update_activity(Activity.INACTIVE) is DONE
    assert account.update_activity(Activity.ACTIVE) is DONE
    assert account.update_activity(Activity.ESCHEATABLE) is DONE
    assert account.update_activity(Activity.ACTIVE) is ALREADY
    assert account.activity is Activity.ESCHEATABLE


def record(amount: int, reference: str | None = None) -> Deposit:
    return Deposit.record(
        new_id=new_id(), account_id=new_id(), amount=UsdCents(amount), reference=reference, public_id="1002"
    )


def test_a_deposit_is_confirmed_at_once_and_reverted_once() -> None:
    deposit = record(100, "wire 7")
    assert (deposit.status, deposit.reference) == (DepositStatus.CONFIRMED, "wire 7")
    reversal = new_id()
    assert deposit.revert(reversal) is DONE
    assert deposit.revert(new_id()) is ALREADY
    assert deposit.status is DepositStatus.REVERTED
    assert deposit.ledger_tx_ids == (deposit.id, reversal)
    assert Deposit.fold(list(deposit.pending)) == deposit


def test_a_deposit_without_reference_has_its_id_for_one() -> None:
    deposit = record(100, "")
    assert deposit.reference == str(deposit.id)


def test_nothing_is_deposited_for_zero() -> None:
    with pytest.raises(DepositAmountZero, match="Deposit amount cannot be zero"):
        record(0)
