"""The ledger as it is: accounts, transactions, entries, templates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

import cala_ledger
from lana.admin_server.balances import LedgerAccountBalanceRange, current_range
from lana.admin_server.common import Info
from lana.admin_server.history import System
from lana.admin_server.refs import (
    CollateralRef,
    CreditFacilityDisbursalRef,
    CreditFacilityRef,
    DepositAccountRef,
    DepositRef,
    UserRef,
    WithdrawalRef,
)
from lana.core.accounting import EntityRef, UnexpectedCurrency, code_of, entity_of, initiator_of, template_id
from lana.lib.graphql import AccountCode, Connection, Satoshis, UsdCents, connection, entity
from lana.lib.pg.page import Page

strawberry.enum(cala_ledger.Direction, name="DebitOrCredit")
strawberry.enum(cala_ledger.Layer, name="Layer")

LedgerAccountEntity = Annotated[
    DepositAccountRef | CreditFacilityRef | CollateralRef, strawberry.union("LedgerAccountEntity")
]
LedgerTransactionEntity = Annotated[
    DepositRef | WithdrawalRef | CreditFacilityDisbursalRef, strawberry.union("LedgerTransactionEntity")
]
LedgerTransactionInitiator = Annotated[UserRef | System, strawberry.union("LedgerTransactionInitiator")]


@strawberry.type
class UsdAmount:
    usd: UsdCents


@strawberry.type
class BtcAmount:
    btc: Satoshis


LedgerEntryAmount = Annotated[UsdAmount | BtcAmount, strawberry.union("LedgerEntryAmount")]


@entity("ledgerAccountId")
class LedgerAccount:
    entity_: strawberry.Private[cala_ledger.Account]
    ledger_account_id: UUID
    name: str
    code: AccountCode | None
    normal_balance_type: cala_ledger.Direction

    @classmethod
    def of(cls, account: cala_ledger.Account) -> LedgerAccount:
        code = code_of(account)
        return cls(
            entity_=account,
            ledger_account_id=account.id,
            name=account.name,
            code=AccountCode(code) if code else None,
            normal_balance_type=account.normal_side,
        )

    @strawberry.field
    async def balance_range(self, info: Info) -> LedgerAccountBalanceRange:
        request = info.context
        balances = await request.load(request.app.ledger.find_many_balances, self.ledger_account_id)
        return current_range(self.entity_, balances or {})

    @strawberry.field
    async def ancestors(self, info: Info) -> list[LedgerAccount]:
        return await ancestors_of(info, self.ledger_account_id)

    @strawberry.field
    async def is_root_account(self, info: Info) -> bool:
        return not await ancestors_of(info, self.ledger_account_id)

    @strawberry.field
    async def closest_account_with_code(self, info: Info) -> LedgerAccount | None:
        if self.code:
            return self
        return next(iter(await ancestors_of(info, self.ledger_account_id)), None)

    @strawberry.field
    async def children(self, info: Info) -> list[LedgerAccount]:
        request = info.context
        found = await request.load(request.app.ledger.find_many_children, self.ledger_account_id)
        return [LedgerAccount.of(account) for account in found or ()]

    @strawberry.field
    async def entity(self, info: Info) -> LedgerAccountEntity | None:
        of = entity_of(self.entity_.metadata)
        return await account_entity(info, of) if of else None

    @strawberry.field
    async def history(self, info: Info, first: int, after: str | None = None) -> Connection[LedgerEntry]:
        request = info.context
        page = Page(first, after)
        found = await request.app.ledger.list_history(request.ctx, self.ledger_account_id, page)
        return connection(found, LedgerEntry.of)


@entity("ledgerEntryId")
class LedgerEntry:
    entry: strawberry.Private[cala_ledger.Entry]
    ledger_entry_id: UUID
    entry_type: str
    amount: LedgerEntryAmount
    direction: cala_ledger.Direction
    layer: cala_ledger.Layer
    description: str | None
    created_at: datetime

    @classmethod
    def of(cls, entry: cala_ledger.Entry) -> LedgerEntry:
        return cls(
            entry=entry,
            ledger_entry_id=entry.id,
            entry_type=entry.entry_type,
            amount=amount_of(entry),
            direction=entry.direction,
            layer=entry.layer,
            description=entry.description,
            created_at=entry.recorded_at,
        )

    @strawberry.field
    async def ledger_account(self, info: Info) -> LedgerAccount:
        request = info.context
        find_many = request.app.ledger.find_many_accounts
        return LedgerAccount.of(await request.need(find_many, self.entry.account_id, "Ledger account"))

    @strawberry.field
    async def ledger_transaction(self, info: Info) -> LedgerTransaction:
        request = info.context
        find_many = request.app.ledger.find_many_transactions
        found = await request.need(find_many, self.entry.transaction_id, "Ledger transaction")
        return LedgerTransaction.of(found)


async def account_entity(info: Info, of: EntityRef) -> LedgerAccountEntity | None:
    """Whose account it is; None for a facility that is not active yet."""
    from lana.admin_server import credit_collateral, credit_facility, deposit

    request = info.context
    match of.entity_type:
        case "DepositAccount":
            find_accounts = request.app.deposit_accounts.find_many_accounts
            account = await request.need(find_accounts, of.entity_id, "Deposit account")
            return deposit.DepositAccount.of(account)
        case "Collateral":
            collateral = await credit_facility.collateral_of(info, of.entity_id)
            return credit_collateral.Collateral.of(collateral)
        case "CreditFacility" | "CreditFacilityProposal":
            find_facilities = request.app.credit.facility_reading.find_many_facilities
            facility = await request.load(find_facilities, of.entity_id)
            return credit_facility.CreditFacility.of(facility) if facility else None
        case _:
            return None


async def ancestors_of(info: Info, account_id: UUID) -> list[LedgerAccount]:
    request = info.context
    found = await request.load(request.app.ledger.find_many_ancestors, account_id)
    return [LedgerAccount.of(account) for account in found or ()]


def amount_of(entry: cala_ledger.Entry) -> UsdAmount | BtcAmount:
    match entry.currency:
        case "USD":
            return UsdAmount(usd=UsdCents(entry.amount))
        case "BTC":
            return BtcAmount(btc=Satoshis(entry.amount))
        case _:
            raise UnexpectedCurrency(entry.currency)


@entity("ledgerTransactionId")
class LedgerTransaction:
    transaction: strawberry.Private[cala_ledger.Transaction]
    ledger_transaction_id: UUID
    description: str | None
    effective: date
    created_at: datetime

    @classmethod
    def of(cls, transaction: cala_ledger.Transaction) -> LedgerTransaction:
        return cls(
            transaction=transaction,
            ledger_transaction_id=transaction.id,
            description=transaction.description,
            effective=transaction.effective,
            created_at=transaction.recorded_at,
        )

    @strawberry.field
    def entries(self) -> list[LedgerEntry]:
        return [LedgerEntry.of(entry) for entry in self.transaction.entries]

    @strawberry.field
    async def entity(self, info: Info) -> LedgerTransactionEntity | None:
        from lana.admin_server import deposit

        request = info.context
        match entity_of(self.transaction.metadata):
            case EntityRef("Deposit", entity_id):
                find_deposits = request.app.deposits.find_many_deposits
                return deposit.Deposit.of(await request.need(find_deposits, entity_id, "Deposit"))
            case EntityRef("Withdrawal", entity_id):
                find_withdrawals = request.app.withdrawals.find_many_withdrawals
                return deposit.Withdrawal.of(await request.need(find_withdrawals, entity_id, "Withdrawal"))
            case _:
                return None

    @strawberry.field
    async def initiated_by(self, info: Info) -> LedgerTransactionInitiator:
        from lana.admin_server import access

        who = initiator_of(self.transaction.metadata)
        if who is None or who.is_customer:
            return System(actor="unknown")
        if who.is_system:
            return System(actor=who.name)
        request = info.context
        return access.User.of(await request.need(request.app.access.find_many_users, who.id, "User"))


@entity("transactionTemplateId")
class TransactionTemplate:
    transaction_template_id: UUID
    code: str

    @classmethod
    def of(cls, code: str) -> TransactionTemplate:
        return cls(transaction_template_id=template_id(code), code=code)


@strawberry.type
class Query:
    @strawberry.field
    async def ledger_account(self, info: Info, id: UUID) -> LedgerAccount | None:
        found = await info.context.app.ledger.maybe_find_account(info.context.ctx, id)
        return LedgerAccount.of(found) if found else None

    @strawberry.field
    async def ledger_transaction(self, info: Info, id: UUID) -> LedgerTransaction | None:
        found = await info.context.app.ledger.maybe_find_transaction(info.context.ctx, id)
        return LedgerTransaction.of(found) if found else None

    @strawberry.field
    async def ledger_entries(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[LedgerEntry]:
        found = await info.context.app.ledger.list_entries(info.context.ctx, Page(first, after))
        return connection(found, LedgerEntry.of)

    @strawberry.field
    async def ledger_transactions_for_template_code(
        self, info: Info, template_code: str, first: int, after: str | None = None
    ) -> Connection[LedgerTransaction]:
        request = info.context
        page = Page(first, after)
        found = await request.app.ledger.list_transactions_of_template(request.ctx, template_code, page)
        return connection(found, LedgerTransaction.of)

    @strawberry.field
    async def transaction_templates(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[TransactionTemplate]:
        found = await info.context.app.ledger.list_templates(info.context.ctx, Page(first, after))
        return connection(found, TransactionTemplate.of)
