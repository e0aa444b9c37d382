"""Balances of ledger accounts, by currency and layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import strawberry

from cala_ledger import Account, Balance, Direction, Sums
from lana.lib.graphql import Satoshis, SignedSatoshis, SignedUsdCents, UsdCents


@strawberry.type
class UsdBalanceDetails:
    debit: UsdCents
    credit: UsdCents
    net: SignedUsdCents

    @classmethod
    def of(cls, sums: Sums, side: Direction) -> UsdBalanceDetails:
        return cls(
            debit=UsdCents(sums.debit), credit=UsdCents(sums.credit), net=SignedUsdCents(sums.net(side))
        )


@strawberry.type
class BtcBalanceDetails:
    debit: Satoshis
    credit: Satoshis
    net: SignedSatoshis

    @classmethod
    def of(cls, sums: Sums, side: Direction) -> BtcBalanceDetails:
        return cls(
            debit=Satoshis(sums.debit), credit=Satoshis(sums.credit), net=SignedSatoshis(sums.net(side))
        )


@strawberry.type
class UsdLedgerAccountBalance:
    settled: UsdBalanceDetails
    pending: UsdBalanceDetails
    encumbrance: UsdBalanceDetails

    @classmethod
    def of(cls, balance: Balance, side: Direction) -> UsdLedgerAccountBalance:
        return cls(
            settled=UsdBalanceDetails.of(balance.settled, side),
            pending=UsdBalanceDetails.of(balance.pending, side),
            encumbrance=UsdBalanceDetails.of(balance.encumbrance, side),
        )


@strawberry.type
class BtcLedgerAccountBalance:
    settled: BtcBalanceDetails
    pending: BtcBalanceDetails
    encumbrance: BtcBalanceDetails

    @classmethod
    def of(cls, balance: Balance, side: Direction) -> BtcLedgerAccountBalance:
        return cls(
            settled=BtcBalanceDetails.of(balance.settled, side),
            pending=BtcBalanceDetails.of(balance.pending, side),
            encumbrance=BtcBalanceDetails.of(balance.encumbrance, side),
        )


@strawberry.type
class UsdLedgerAccountBalanceRange:
    open: UsdLedgerAccountBalance
    period_activity: UsdLedgerAccountBalance
    close: UsdLedgerAccountBalance


@strawberry.type
class BtcLedgerAccountBalanceRange:
    open: BtcLedgerAccountBalance
    period_activity: BtcLedgerAccountBalance
    close: BtcLedgerAccountBalance


LedgerAccountBalanceRange = Annotated[
    UsdLedgerAccountBalanceRange | BtcLedgerAccountBalanceRange, strawberry.union("LedgerAccountBalanceRange")
]


def current_range(
    account: Account, balances: Mapping[str, Balance]
) -> UsdLedgerAccountBalanceRange | BtcLedgerAccountBalanceRange:
    """Outside statements a range opens at nothing and closes with today's balance; bitcoin goes before
    dollars.
    """
    side = account.normal_side
    if "BTC" in balances:
        nothing = Balance(account_id=account.id, currency="BTC")
        btc = BtcLedgerAccountBalance.of(balances["BTC"], side)
        return BtcLedgerAccountBalanceRange(
            open=BtcLedgerAccountBalance.of(nothing, side), period_activity=btc, close=btc
        )
    nothing = Balance(account_id=account.id, currency="USD")
    usd = UsdLedgerAccountBalance.of(balances.get("USD", nothing), side)
    return UsdLedgerAccountBalanceRange(
        open=UsdLedgerAccountBalance.of(nothing, side), period_activity=usd, close=usd
    )
