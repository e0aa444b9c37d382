"""Objects, actions and words of custody."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from lana.lib.authz import Resource

CUSTODIAN = Resource("custody", "custodian")
WALLET = Resource("custody", "wallet")

CUSTODIAN_LIST = CUSTODIAN.action("list")
CUSTODIAN_CREATE = CUSTODIAN.action("create")
CUSTODIAN_UPDATE = CUSTODIAN.action("update")
CUSTODIAN_CREATE_WALLET = CUSTODIAN.action("create-wallet")
WALLET_UPDATE = WALLET.action("update")

ROTATION_ACTOR: Final = "custody-key-rotation"

MANUAL: Final = "manual"


class Network(StrEnum):
    """Which chain an address belongs to."""

    MAINNET = "mainnet"
    SIGNET = "signet"
    TESTNET3 = "testnet3"
    TESTNET4 = "testnet4"
