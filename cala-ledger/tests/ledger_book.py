"""A small bank's book for the tests: journal, omnibus O, account D, frozen companion F, sets above them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from cala_ledger import (
    Direction,
    EntrySpec,
    Ledger,
    Limit,
    NewAccount,
    NewSet,
    Param,
    ParamType,
    Template,
    TransactionInput,
    TransactionSpec,
)

TODAY = date(2024, 5, 6)
OVERDRAFT = UUID(int=1)


def _params(*accounts: str) -> tuple[Param, ...]:
    return (
        Param(name="journal_id", type=ParamType.UUID),
        Param(name="currency", type=ParamType.STRING, default="'USD'"),
        Param(name="amount", type=ParamType.INTEGER),
        Param(name="effective", type=ParamType.DATE),
        *(Param(name=name, type=ParamType.UUID) for name in accounts),
    )


def _template(code: str, text: str, legs: Sequence[tuple[str, str, str]]) -> Template:
    """Legs: entry type, account param, "layer direction" in constants."""
    return Template(
        code=code,
        params=_params(*dict.fromkeys(account for _, account, _ in legs)),
        transaction=TransactionSpec(
            journal_id="params.journal_id", effective="params.effective", description=f"'{text}'"
        ),
        entries=tuple(
            EntrySpec(
                entry_type=f"'{kind}'",
                account_id=f"params.{account}",
                layer=where.split()[0],
                direction=where.split()[1],
                amount="params.amount",
                currency="params.currency",
            )
            for kind, account, where in legs
        ),
    )


def _pair(code: str, text: str, debit: str, credit: str) -> Template:
    legs = [(f"{code}_DR", debit, "SETTLED DEBIT"), (f"{code}_CR", credit, "SETTLED CREDIT")]
    return _template(code, text, legs)


TEMPLATES = (
    _pair("RECORD_DEPOSIT", "Record a deposit", "omnibus", "account"),
    _pair("REVERT_DEPOSIT", "Revert a deposit", "account", "omnibus"),
    _pair("REVERT_WITHDRAW", "Revert a withdraw", "omnibus", "account"),
    _pair("FREEZE_ACCOUNT", "Freeze a deposit account", "account", "frozen"),
    _pair("UNFREEZE_ACCOUNT", "Unfreeze a deposit account", "frozen", "account"),
    _template(
        "INITIATE_WITHDRAW",
        "Initiate a withdraw",
        [
            ("INITIATE_WITHDRAW_SETTLED_CR", "omnibus", "SETTLED CREDIT"),
            ("INITIATE_WITHDRAW_SETTLED_DR", "account", "SETTLED DEBIT"),
            ("INITIATE_WITHDRAW_PENDING_DR", "omnibus", "PENDING DEBIT"),
            ("INITIATE_WITHDRAW_PENDING_CR", "account", "PENDING CREDIT"),
        ],
    ),
    _template(
        "CONFIRM_WITHDRAW",
        "Confirm a withdraw",
        [
            ("CONFIRM_WITHDRAW_PENDING_CR", "omnibus", "PENDING CREDIT"),
            ("CONFIRM_WITHDRAW_PENDING_DR", "account", "PENDING DEBIT"),
        ],
    ),
    _template(
        "CANCEL_WITHDRAW",
        "Cancel a Withdraw",
        [
            ("CANCEL_WITHDRAW_PENDING_CR", "omnibus", "PENDING CREDIT"),
            ("CANCEL_WITHDRAW_PENDING_DR", "account", "PENDING DEBIT"),
            ("CANCEL_WITHDRAW_SETTLED_DR", "omnibus", "SETTLED DEBIT"),
            ("CANCEL_WITHDRAW_SETTLED_CR", "account", "SETTLED CREDIT"),
        ],
    ),
)


class Book(msgspec.Struct):
    ledger: Ledger
    journal: UUID
    root: UUID
    deposits: UUID
    omnibus: UUID

    def new_account(self, *, limited: bool = True, sets: tuple[UUID, ...] | None = None) -> NewAccount:
        account_id = uuid7()
        return NewAccount(
            id=account_id,
            journal_id=self.journal,
            code=str(account_id),
            name="Deposit Account",
            normal_side=Direction.CREDIT,
            sets=(self.deposits,) if sets is None else sets,
            limits=(OVERDRAFT,) if limited else (),
        )

    async def open(self, *, limited: bool = True, sets: tuple[UUID, ...] | None = None) -> UUID:
        account = self.new_account(limited=limited, sets=sets)
        await self.ledger.accounts.create(account)
        return account.id

    def tx(
        self,
        template: str,
        account: UUID,
        amount: int,
        *,
        on: date = TODAY,
        tx_id: UUID | None = None,
        frozen: UUID | None = None,
        omnibus: UUID | None = None,
    ) -> TransactionInput:
        other = {"frozen": frozen} if frozen else {"omnibus": omnibus or self.omnibus}
        return TransactionInput(
            id=tx_id or uuid7(),
            template=template,
            params={
                "journal_id": self.journal,
                "account": account,
                "amount": amount,
                "effective": on,
                **other,
            },
        )

    async def settled(self, account: UUID, on: date | None = None) -> int:
        balances = self.ledger.balances
        found = await (balances.as_of([account], on) if on else balances.now([account]))
        return found[account]["USD"].settled.net(Direction.CREDIT) if found[account] else 0


async def open_book(ledger: Ledger) -> Book:
    journal, root, deposits, assets, omnibus = (uuid7() for _ in range(5))
    await ledger.journals.create(journal, f"J-{journal}", "General Ledger")
    await ledger.limits.ensure(Limit(id=OVERDRAFT, name="Overdraft Prevention"))
    await ledger.templates.ensure(*TEMPLATES)

    def account_set(set_id: UUID, name: str, side: Direction, *sets: UUID) -> NewSet:
        return NewSet(id=set_id, journal_id=journal, name=name, normal_side=side, sets=sets)

    await ledger.accounts.create_many(
        [
            account_set(root, "Root", Direction.DEBIT),
            account_set(deposits, "Deposits", Direction.CREDIT, root),
            account_set(assets, "Assets", Direction.DEBIT, root),
            NewAccount(
                id=omnibus,
                journal_id=journal,
                code=f"omnibus-{omnibus}",
                name="Omnibus",
                normal_side=Direction.DEBIT,
                sets=(assets,),
            ),
        ]
    )
    return Book(ledger, journal, root, deposits, omnibus)
