"""What the credit domain posts, as one table: each pair of entries as "debited / credited".

F facility, U uncovered outstanding, H payment holding, P proceeds from liquidation, D the customer's deposit
account, R and N receivables (R where it stands, N not yet due), I interest income, E fee income, S the source
of a payment, C collateral, L in liquidation, Q liquidated; the omnibus accounts: OF facility, OC collateral,
OP proceeds, OI interest added, OM payments made.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

import msgspec

import cala_ledger
from lana.core.accounting import JOURNAL_ID
from lana.core.credit import chart

Currency = Literal["USD", "BTC"]

# symbol -> expression of the account
ACCOUNTS: Final[dict[str, str]] = {
    "F": "params.credit_facility_account",
    "U": "params.facility_uncovered_outstanding_account",
    "H": "params.payment_holding_account_id",
    "P": "params.proceeds_account_id",
    "D": "params.deposit_account_id",
    "N": "params.receivable_not_yet_due_account_id",
    "R": "params.receivable_account_id",
    "T": "params.to_account_id",
    "I": "params.interest_income_account_id",
    "E": "params.fee_income_account_id",
    "S": "params.payment_source_account_id",
    "C": "params.collateral_account_id",
    "L": "params.collateral_in_liquidation_account_id",
    "Q": "params.liquidated_collateral_account_id",
    "OF": f"'{chart.FACILITY_OMNIBUS}'",
    "OC": f"'{chart.COLLATERAL_OMNIBUS}'",
    "OP": f"'{chart.PROCEEDS_OMNIBUS}'",
    "OI": f"'{chart.INTEREST_ADDED_OMNIBUS}'",
    "OM": f"'{chart.PAYMENTS_MADE_OMNIBUS}'",
}


class Template(StrEnum):
    CREATE_CREDIT_FACILITY_PROPOSAL = "CREATE_CREDIT_FACILITY_PROPOSAL"
    ACTIVATE_CREDIT_FACILITY = "ACTIVATE_CREDIT_FACILITY"
    INITIAL_DISBURSAL = "INITIAL_DISBURSAL"
    ADD_STRUCTURING_FEE = "ADD_STRUCTURING_FEE"
    INITIATE_CREDIT_FACILITY_DISBURSAL = "INITIATE_CREDIT_FACILITY_DISBURSAL"
    CONFIRM_DISBURSAL = "CONFIRM_DISBURSAL"
    CANCEL_DISBURSAL = "CANCEL_DISBURSAL"
    CREDIT_FACILITY_ACCRUE_INTEREST = "CREDIT_FACILITY_ACCRUE_INTEREST"
    CREDIT_FACILITY_POST_ACCRUED_INTEREST = "CREDIT_FACILITY_POST_ACCRUED_INTEREST"
    RECORD_OBLIGATION_DUE_BALANCE = "RECORD_OBLIGATION_DUE_BALANCE"
    RECORD_OBLIGATION_OVERDUE_BALANCE = "RECORD_OBLIGATION_OVERDUE_BALANCE"
    RECORD_OBLIGATION_DEFAULTED_BALANCE = "RECORD_OBLIGATION_DEFAULTED_BALANCE"
    RECORD_PAYMENT = "RECORD_PAYMENT"
    RECORD_PAYMENT_ALLOCATION = "RECORD_PAYMENT_ALLOCATION"
    REFUND_PAYMENT = "REFUND_PAYMENT"
    RETURN_LIQUIDATION_SURPLUS = "RETURN_LIQUIDATION_SURPLUS"
    ADD_COLLATERAL = "ADD_COLLATERAL"
    REMOVE_COLLATERAL = "REMOVE_COLLATERAL"
    SEND_COLLATERAL_TO_LIQUIDATION = "SEND_COLLATERAL_TO_LIQUIDATION"
    RECEIVE_PROCEEDS_FROM_LIQUIDATION = "RECEIVE_PROCEEDS_FROM_LIQUIDATION"
    RECEIVE_FURTHER_PROCEEDS_FROM_LIQUIDATION = "RECEIVE_FURTHER_PROCEEDS_FROM_LIQUIDATION"


class Pair(msgspec.Struct, frozen=True):
    """Two entries of one amount; entry types are `kind` with `_DR` and `_CR`. `credit_first`: written in the
    other order.
    """

    kind: str
    debit: str
    credit: str
    pending: bool = False
    credit_first: bool = False
    currency: Currency = "USD"
    amount: str = "amount"


T = Template


def _one(template: Template, pair: str) -> tuple[Pair, ...]:
    """One settled pair, typed as its template."""
    return (_pair(template, pair),)


def _pair(
    kind: str, pair: str, *, pending: bool = False, credit_first: bool = False, currency: Currency = "USD"
) -> Pair:
    debit, credit = pair.split(" / ")
    return Pair(kind, debit, credit, pending, credit_first, currency)


def _moved(template: Template) -> tuple[Pair, ...]:
    return (_pair(template, "T / R", credit_first=True),)


def _btc(template: Template, pair: str) -> tuple[Pair, ...]:
    return (_pair(template, pair, currency="BTC"),)


TABLE: Final[dict[Template, tuple[str, tuple[Pair, ...]]]] = {
    T.CREATE_CREDIT_FACILITY_PROPOSAL: (
        "Create credit facility",
        (_pair(T.CREATE_CREDIT_FACILITY_PROPOSAL, "OF / F", pending=True),),
    ),
    T.ACTIVATE_CREDIT_FACILITY: (
        "Activate credit facility",
        (
            _pair("ACTIVATE_CREDIT_FACILITY_PENDING", "F / OF", pending=True),
            _pair("ACTIVATE_CREDIT_FACILITY_SETTLED", "OF / F"),
        ),
    ),
    T.INITIAL_DISBURSAL: (
        "Initial disbursal",
        (_pair("SINGLE_DISBURSAL_DRAWDOWN", "F / U"), _pair("SINGLE_DISBURSAL_RECEIVABLE", "N / D")),
    ),
    T.ADD_STRUCTURING_FEE: ("Add structuring fee", _one(T.ADD_STRUCTURING_FEE, "D / E")),
    T.INITIATE_CREDIT_FACILITY_DISBURSAL: (
        "Initiate credit facility disbursal",
        (
            _pair("INITIATE_DISBURSAL_DRAWDOWN_SETTLED", "F / U"),
            _pair("INITIATE_DISBURSAL_DRAWDOWN_PENDING", "U / F", pending=True),
        ),
    ),
    T.CONFIRM_DISBURSAL: (
        "Settle a disbursal",
        (
            _pair("CONFIRM_DISBURSAL_DRAWDOWN_PENDING", "F / U", pending=True),
            _pair("CONFIRM_DISBURSAL_SETTLED", "N / D"),
        ),
    ),
    T.CANCEL_DISBURSAL: (
        "Cancel a disbursal",
        (
            _pair("CANCEL_DISBURSAL_DRAWDOWN_PENDING", "F / U", pending=True),
            _pair("CANCEL_DISBURSAL_DRAWDOWN_SETTLED", "U / F"),
        ),
    ),
    T.CREDIT_FACILITY_ACCRUE_INTEREST: (
        "Accrue interest in accrual period for credit facility",
        (_pair("ACCRUE_INTEREST", "N / I", pending=True),),
    ),
    T.CREDIT_FACILITY_POST_ACCRUED_INTEREST: (
        "Post accrued interest from accrual cycle for credit facility",
        (
            _pair("POST_ACCRUED_INTEREST_PENDING", "I / N", pending=True),
            _pair("POST_ACCRUED_INTEREST_SETTLED", "N / I"),
            _pair("RECORD_INTEREST_UNCOVERED_OBLIGATION_SETTLED", "OI / U"),
        ),
    ),
    T.RECORD_OBLIGATION_DUE_BALANCE: (
        "Record a due obligation balance",
        _moved(T.RECORD_OBLIGATION_DUE_BALANCE),
    ),
    T.RECORD_OBLIGATION_OVERDUE_BALANCE: (
        "Record an overdue obligation balance",
        _moved(T.RECORD_OBLIGATION_OVERDUE_BALANCE),
    ),
    T.RECORD_OBLIGATION_DEFAULTED_BALANCE: (
        "Record a defaulted obligation balance",
        _moved(T.RECORD_OBLIGATION_DEFAULTED_BALANCE),
    ),
    T.RECORD_PAYMENT: (
        "Record a payment received",
        (_pair("RECORD_PAYMENT", "S / H"), _pair("RECORD_UNCOVERED_DRAWDOWN_FROM_PAYMENT", "U / OM")),
    ),
    T.RECORD_PAYMENT_ALLOCATION: ("Record a deposit", _one(T.RECORD_PAYMENT_ALLOCATION, "H / R")),
    T.REFUND_PAYMENT: ("Refund of a payment", _one(T.REFUND_PAYMENT, "H / S")),
    T.RETURN_LIQUIDATION_SURPLUS: (
        "Liquidation surplus to the customer",
        _one(T.RETURN_LIQUIDATION_SURPLUS, "P / D"),
    ),
    T.ADD_COLLATERAL: ("Record a deposit", _btc(T.ADD_COLLATERAL, "OC / C")),
    T.REMOVE_COLLATERAL: ("Record a deposit", _btc(T.REMOVE_COLLATERAL, "C / OC")),
    T.SEND_COLLATERAL_TO_LIQUIDATION: (
        "Send collateral to liquidation",
        _btc(T.SEND_COLLATERAL_TO_LIQUIDATION, "C / L"),
    ),
    T.RECEIVE_PROCEEDS_FROM_LIQUIDATION: (
        "Record received proceeds from liquidation and collateral liquidated",
        (
            _pair(T.RECEIVE_PROCEEDS_FROM_LIQUIDATION, "OP / P"),
            Pair("RECORD_COLLATERAL_LIQUIDATED", "L", "Q", currency="BTC", amount="amount_liquidated"),
        ),
    ),
    T.RECEIVE_FURTHER_PROCEEDS_FROM_LIQUIDATION: (
        "Record further proceeds of collateral liquidated before",
        _one(T.RECEIVE_FURTHER_PROCEEDS_FROM_LIQUIDATION, "OP / P"),
    ),
}


def _entries(pair: Pair) -> tuple[cala_ledger.EntrySpec, cala_ledger.EntrySpec]:
    debit = _entry(pair, pair.debit, "DEBIT", "DR")
    credit = _entry(pair, pair.credit, "CREDIT", "CR")
    return (credit, debit) if pair.credit_first else (debit, credit)


def _entry(pair: Pair, account: str, direction: str, suffix: str) -> cala_ledger.EntrySpec:
    return cala_ledger.EntrySpec(
        entry_type=f"'{pair.kind}_{suffix}'",
        account_id=ACCOUNTS[account],
        layer="PENDING" if pair.pending else "SETTLED",
        direction=direction,
        amount=f"params.{pair.amount}",
        currency=f"'{pair.currency}'",
    )


def _define(template: Template) -> cala_ledger.Template:
    description, pairs = TABLE[template]
    named = [ACCOUNTS[symbol] for pair in pairs for symbol in (pair.debit, pair.credit)]
    accounts = [name.removeprefix("params.") for name in named if name.startswith("params.")]
    return cala_ledger.Template(
        code=template.value,
        description=description,
        params=(
            *(
                cala_ledger.Param(name=name, type=cala_ledger.ParamType.INTEGER)
                for name in dict.fromkeys(pair.amount for pair in pairs)
            ),
            *(
                cala_ledger.Param(name=name, type=cala_ledger.ParamType.UUID)
                for name in dict.fromkeys(accounts)
            ),
        ),
        transaction=cala_ledger.TransactionSpec(journal_id=f"'{JOURNAL_ID}'", description=f"'{description}'"),
        entries=tuple(entry for pair in pairs for entry in _entries(pair)),
    )


DEFINITIONS: Final = tuple(_define(template) for template in Template)
