"""Money in integers of the minor unit, as types that cannot be mixed."""

from lana.lib.money.amount import (
    INT64_MAX,
    AmountOverflow,
    InexactAmount,
    Satoshis,
    UsdCents,
    btc_of,
    checked_add,
    checked_int64,
    checked_mul,
    checked_sub,
    format_btc,
    format_usd,
    satoshis_of,
    usd_cents_of,
    usd_of,
)

__all__ = [
    "INT64_MAX",
    "AmountOverflow",
    "InexactAmount",
    "Satoshis",
    "UsdCents",
    "btc_of",
    "checked_add",
    "checked_int64",
    "checked_mul",
    "checked_sub",
    "format_btc",
    "format_usd",
    "satoshis_of",
    "usd_cents_of",
    "usd_of",
]
