"""Custody: who holds bitcoin, and where."""

from lana.core.custody.custodian.entity import Custodian
from lana.core.custody.custodian.errors import (
    CustodianNotAvailable,
    CustodianNotFound,
    CustodianTaken,
    ExactlyOneCustodian,
    InvalidCustodianName,
    ProviderCannotChange,
    StaleEncryptionKey,
    WalletTaken,
)
from lana.core.custody.custodians import Custodians
from lana.core.custody.port import CustodianConfig, CustodyProvider, NewWallet, Settings
from lana.core.custody.primitives import MANUAL, Network
from lana.core.custody.public import WalletBalance, WalletBalanceUpdated
from lana.core.custody.start import rotate_keys
from lana.core.custody.wallet.entity import Wallet

__all__ = [
    "MANUAL",
    "Custodian",
    "CustodianConfig",
    "CustodianNotAvailable",
    "CustodianNotFound",
    "CustodianTaken",
    "Custodians",
    "CustodyProvider",
    "ExactlyOneCustodian",
    "InvalidCustodianName",
    "Network",
    "NewWallet",
    "ProviderCannotChange",
    "Settings",
    "StaleEncryptionKey",
    "Wallet",
    "WalletBalance",
    "WalletBalanceUpdated",
    "WalletTaken",
    "rotate_keys",
]
