"""What the deposit domain posts, as one table. O = omnibus, D = deposit account, F = its frozen companion."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

import msgspec

import cala_ledger
from lana.core.deposit.chart import JOURNAL_ID, OMNIBUS_ACCOUNT_ID

Account = Literal["O", "D", "F"]
Layer = Literal["SETTLED", "PENDING"]

ACCOUNTS: Final[dict[Account, str]] = {
    "O": f"'{OMNIBUS_ACCOUNT_ID}'",
    "D": "params.deposit_account_id",
    "F": "params.frozen_deposit_account_id",
}


class Template(StrEnum):
    RECORD_DEPOSIT = "RECORD_DEPOSIT"
    REVERT_DEPOSIT = "REVERT_DEPOSIT"
    INITIATE_WITHDRAW = "INITIATE_WITHDRAW"
    CONFIRM_WITHDRAW = "CONFIRM_WITHDRAW"
    CANCEL_WITHDRAW = "CANCEL_WITHDRAW"
    DENY_WITHDRAW = "DENY_WITHDRAW"
    REVERT_WITHDRAW = "REVERT_WITHDRAW"
    FREEZE_ACCOUNT = "FREEZE_ACCOUNT"
    UNFREEZE_ACCOUNT = "UNFREEZE_ACCOUNT"


class Pair(msgspec.Struct, frozen=True):
    """Two entries of one amount, in the order they are written. Types are the template's code plus the
    suffixes.
    """

    layer: Layer
    first: tuple[Account, Literal["DEBIT", "CREDIT"]]
    second: tuple[Account, Literal["DEBIT", "CREDIT"]]
    suffix: str = ""


def _settled(first: str, second: str, suffix: str = "") -> Pair:
    return _pair("SETTLED", first, second, suffix)


def _pending(first: str, second: str) -> Pair:
    return _pair("PENDING", first, second, "_PENDING")


def _pair(layer: Layer, first: str, second: str, suffix: str) -> Pair:
    sides: dict[str, tuple[Account, Literal["DEBIT", "CREDIT"]]] = {
        "O+": ("O", "DEBIT"),
        "O-": ("O", "CREDIT"),
        "D+": ("D", "CREDIT"),
        "D-": ("D", "DEBIT"),
        "F+": ("F", "CREDIT"),
        "F-": ("F", "DEBIT"),
    }
    return Pair(layer, sides[first], sides[second], suffix)


S: Final = "_SETTLED"

# + raises the balance of the account's normal side, - lowers it
TABLE: Final[dict[Template, tuple[str, tuple[Pair, ...]]]] = {
    Template.RECORD_DEPOSIT: ("Record a deposit", (_settled("O+", "D+"),)),
    Template.REVERT_DEPOSIT: ("Revert a deposit", (_settled("O-", "D-"),)),
    Template.INITIATE_WITHDRAW: ("Initiate a withdraw", (_settled("O-", "D-", S), _pending("O+", "D+"))),
    Template.CONFIRM_WITHDRAW: ("Confirm a withdraw", (_pending("O-", "D-"),)),
    Template.CANCEL_WITHDRAW: ("Cancel a Withdraw", (_pending("O-", "D-"), _settled("O+", "D+", S))),
    Template.DENY_WITHDRAW: ("Deny a withdraw", (_pending("O-", "D-"), _settled("O+", "D+", S))),
    Template.REVERT_WITHDRAW: ("Revert a withdraw", (_settled("O+", "D+", S),)),
    Template.FREEZE_ACCOUNT: ("Freeze a deposit account", (_settled("D-", "F+"),)),
    Template.UNFREEZE_ACCOUNT: ("Unfreeze a deposit account", (_settled("F-", "D+"),)),
}


def _entry(
    template: Template, pair: Pair, side: tuple[Account, Literal["DEBIT", "CREDIT"]]
) -> cala_ledger.EntrySpec:
    account, direction = side
    return cala_ledger.EntrySpec(
        entry_type=f"'{template}{pair.suffix}_{'DR' if direction == 'DEBIT' else 'CR'}'",
        account_id=ACCOUNTS[account],
        layer=pair.layer,
        direction=direction,
        amount="params.amount",
        currency="'USD'",
    )


def _define(template: Template) -> cala_ledger.Template:
    description, pairs = TABLE[template]
    used = {side[0] for pair in pairs for side in (pair.first, pair.second)}
    names = [ACCOUNTS[account].removeprefix("params.") for account in ("D", "F") if account in used]
    return cala_ledger.Template(
        code=template.value,
        description=description,
        params=(
            cala_ledger.Param(name="amount", type=cala_ledger.ParamType.INTEGER),
            *(cala_ledger.Param(name=name, type=cala_ledger.ParamType.UUID) for name in names),
        ),
        transaction=cala_ledger.TransactionSpec(journal_id=f"'{JOURNAL_ID}'", description=f"'{description}'"),
        entries=tuple(_entry(template, pair, side) for pair in pairs for side in (pair.first, pair.second)),
    )


DEFINITIONS: Final = tuple(_define(template) for template in Template)
