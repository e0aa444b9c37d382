"""`lana-cli genxpriv`"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from lana.cli.errors import CommandFailed

TERMINAL: Final = Path("/dev/tty")

# BIP 32: HMAC-SHA-512 under "Bitcoin seed" of 32 random bytes; a key of 0 or not below the curve's order is
# drawn again
ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
SEED_BYTES: Final = 32
ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
MAX_DRAWS: Final = 10


class Network(StrEnum):
    MAINNET = "mainnet"
    TESTNET3 = "testnet3"
    TESTNET4 = "testnet4"
    SIGNET = "signet"


VERSIONS: Final = {Network.MAINNET: "0488ade4"}
TEST_VERSION: Final = "04358394"


def base58check(payload: bytes) -> str:
    """Base 58 with a checksum of four bytes."""
    checked = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(checked), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(checked) - len(checked.lstrip(b"\0"))) + text


def master_key(seed: bytes, network: Network) -> str | None:
    """The extended private key of a seed; None for the seeds BIP 32 calls invalid."""
    digest = hmac.digest(b"Bitcoin seed", seed, "sha512")
    key, chain_code = digest[:32], digest[32:]
    if not 0 < int.from_bytes(key) < ORDER:
        return None
    version = bytes.fromhex(VERSIONS.get(network, TEST_VERSION))
    depth_parent_and_number = bytes(1 + 4 + 4)
    return base58check(version + depth_parent_and_number + chain_code + b"\0" + key)


def genxpriv(
    network: Annotated[Network, typer.Option(help="Which Bitcoin network it is for.")] = Network.TESTNET4,
) -> None:
    """Write a fresh extended private key to the terminal, and nowhere else: it cannot be redirected.

    Example:

      lana-cli genxpriv --network signet
    """
    for _ in range(MAX_DRAWS):
        key = master_key(secrets.token_bytes(SEED_BYTES), network)
        if key:
            break
    else:
        raise CommandFailed("no valid key was drawn: the random source of this machine is broken")
    try:
        with TERMINAL.open("w") as terminal:
            terminal.write(f"{key}\n")
    except OSError as error:
        raise CommandFailed("there is no terminal to write the private key to") from error
