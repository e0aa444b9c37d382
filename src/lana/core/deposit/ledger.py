"""Money moves here: every posting of the deposit domain, prepared while deciding and written with its Op."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import cala_ledger
from lana.core.accounting import JOURNAL_ID
from lana.core.customer import CustomerType
from lana.core.deposit.chart import OVERDRAFT_LIMIT, deposit_set, frozen_set
from lana.core.deposit.deposit.entity import Deposit
from lana.core.deposit.history import NO_USE
from lana.core.deposit.primitives import AccountIds, Balance
from lana.core.deposit.templates import DEFINITIONS, Template
from lana.core.deposit.withdrawal.entity import Withdrawal
from lana.lib.es.loader import Loader
from lana.lib.es.op import Op
from lana.lib.money import UsdCents

USD: Final = "USD"
CREDIT: Final = cala_ledger.Direction.CREDIT
TEMPLATES: Final = cala_ledger.Templates(DEFINITIONS)


def external_id(holder_id: UUID) -> str:
    return f"deposit-customer-account:{holder_id}"


class DepositLedger:
    def __init__(self, ledger: cala_ledger.Ledger) -> None:
        self._balances = Loader(ledger.balances.now)
        self._entries = ledger.entries

    # --- accounts -------------------------------------------------------------------------------------------

    def open_accounts(self, op: Op, ids: AccountIds, holder_id: UUID, customer_type: CustomerType) -> None:
        """The account, which cannot be overdrawn, and its frozen companion, in the sets
        of the holder's type.
        """
        reference = {
            "entity_ref": {"entity_type": "DepositAccount", "entity_id": str(ids.deposit_account_id)}
        }
        op.open_account(
            cala_ledger.NewAccount(
                id=ids.deposit_account_id,
                journal_id=JOURNAL_ID,
                code=str(ids.deposit_account_id),
                external_id=external_id(holder_id),
                name=f"Deposit Account {holder_id}",
                normal_side=CREDIT,
                metadata=reference,
                sets=(deposit_set(customer_type),),
                limits=(OVERDRAFT_LIMIT.id,),
                created_at=op.now,
            )
        )
        op.open_account(
            cala_ledger.NewAccount(
                id=ids.frozen_deposit_account_id,
                journal_id=JOURNAL_ID,
                code=str(ids.frozen_deposit_account_id),
                external_id=f"frozen-{external_id(holder_id)}",
                name=f"Frozen Deposit Account {holder_id}",
                normal_side=CREDIT,
                metadata=reference,
                sets=(frozen_set(customer_type),),
                created_at=op.now,
            )
        )

    def freeze(self, op: Op, ids: AccountIds, balance: Balance) -> None:
        """Set the settled balance aside, then lock. Pending money stays where it is."""
        self._guard(op, ids, balance)
        if balance.settled:
            self.set_aside(op, ids, balance.settled)
        op.lock_account(ids.deposit_account_id)

    def lock(self, op: Op, ids: AccountIds, balance: Balance) -> None:
        """No posting any more, if the balance is still the one the decision rests on."""
        self._guard(op, ids, balance)
        op.lock_account(ids.deposit_account_id)

    def set_aside(self, op: Op, ids: AccountIds, amount: UsdCents) -> None:
        self._move_frozen(op, Template.FREEZE_ACCOUNT, ids, amount)

    def unfreeze(self, op: Op, ids: AccountIds, balance: Balance) -> None:
        """Unlock, then give back all that was set aside: what joined it meanwhile makes this run again."""
        op.guard_balance(ids.frozen_deposit_account_id, USD, settled=balance.frozen, pending=0)
        op.unlock_account(ids.deposit_account_id)
        if balance.frozen:
            self._move_frozen(op, Template.UNFREEZE_ACCOUNT, ids, balance.frozen)

    # --- postings -------------------------------------------------------------------------------------------

    def post(self, op: Op, template: Template, transaction_id: UUID, of: Deposit | Withdrawal) -> None:
        transaction = cala_ledger.TransactionInput(
            id=transaction_id,
            template=template,
            params={"amount": of.amount, "deposit_account_id": of.deposit_account_id},
            metadata={
                "entity_ref": {"entity_type": type(of).__name__, "entity_id": str(of.id)},
                "initiated_by": str(op.subject),
            },
            effective=op.today,
        )
        op.post(TEMPLATES.prepare(transaction))

    def _move_frozen(self, op: Op, template: Template, ids: AccountIds, amount: int) -> None:
        transaction = cala_ledger.TransactionInput(
            id=op.new_id(),
            template=template,
            params={
                "amount": amount,
                "deposit_account_id": ids.deposit_account_id,
                "frozen_deposit_account_id": ids.frozen_deposit_account_id,
            },
            metadata={"initiated_by": str(op.subject)},
            effective=op.today,
        )
        op.post(TEMPLATES.prepare(transaction))

    def _guard(self, op: Op, ids: AccountIds, balance: Balance) -> None:
        """Whoever moves the account's money guards the account, so this is checked when all of them are
        through.
        """
        op.guard_balance(ids.deposit_account_id, USD, settled=balance.settled, pending=balance.pending)

    # --- balances -------------------------------------------------------------------------------------------

    async def balance(self, ids: AccountIds) -> Balance:
        return (await self.balances([ids]))[ids.deposit_account_id]

    async def balances(self, accounts: Sequence[AccountIds]) -> Mapping[UUID, Balance]:
        """By the deposit account's id, all in one read."""
        wanted = [i for ids in accounts for i in (ids.deposit_account_id, ids.frozen_deposit_account_id)]
        found = await self._balances.load_many(wanted)

        def of(account_id: UUID) -> cala_ledger.Balance:
            return found[account_id].get(USD, cala_ledger.zero(account_id, USD))

        answer: dict[UUID, Balance] = {}
        for ids in accounts:
            own, frozen = of(ids.deposit_account_id), of(ids.frozen_deposit_account_id)
            answer[ids.deposit_account_id] = Balance(
                settled=UsdCents(own.settled.net(CREDIT)),
                pending=UsdCents(own.pending.net(CREDIT)),
                frozen=UsdCents(frozen.settled.net(CREDIT)),
            )
        return answer

    async def last_used(self, ids: Sequence[UUID]) -> Mapping[UUID, datetime]:
        """By the deposit account's id, where it ever was: its newest movement that freezes or unfreezes
        nothing and is none between layers.
        """
        return await self._entries.last_recorded(ids, excluding=NO_USE)
