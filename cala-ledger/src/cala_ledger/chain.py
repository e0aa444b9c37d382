"""The sealed chain: what a block is, how it is hashed, and a check of its export that needs no database.

Run as a program on a file that `export` wrote: `python chain.py FILE`. It needs the standard library
alone, so an auditor can run this one file, or write another from this page:

* A file is lines of JSON, keys sorted, no spaces, everything but ASCII escaped.
* A block's line has number, first_position, last_position, transactions (their count), previous and hash
  (SHA-256, hex), and sealed_at. As many lines follow, a transaction each, by rising position.
* A block's hash covers: the hash of the block before it (32 bytes; zeros before the first), then the line of
  {"first_position", "last_position", "number", "transactions"}, then its transactions' lines, each line with
  its newline.
* A transaction's entries are lists of sequence, account, layer, direction, currency, amount, type and
  description. `metadata` is the text of its JSON.

Exit status: 0 the chain holds, 1 it does not (the first fault is named), 2 the file cannot be read.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

FIRST = bytes(32)


class ChainBroken(Exception):
    """What is wrong, with the block and the transaction at fault."""


def line_of(content: Mapping[str, Any]) -> bytes:
    """The canonical line of a transaction or of a block's header, newline included."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def header_of(number: int, first_position: int, last_position: int, transactions: int) -> dict[str, int]:
    """What a block says of itself under its hash."""
    return {
        "number": number,
        "first_position": first_position,
        "last_position": last_position,
        "transactions": transactions,
    }


def block_hash(previous: bytes, header: Mapping[str, int], lines: Iterable[bytes]) -> bytes:
    """SHA-256 of a block: the one before, the header, the lines of its transactions."""
    found = hashlib.sha256(previous)
    found.update(line_of(header))
    for line in lines:
        found.update(line)
    return found.digest()


def check(lines: Iterator[bytes]) -> tuple[int, int]:
    """Blocks and transactions of an exported chain. Raises ChainBroken at the first fault."""
    previous, blocks, transactions, position = FIRST, 0, 0, 0
    started = False
    for line in lines:
        block = _object(line, f"the line after block {blocks}")
        number, count = block.get("number"), block.get("transactions")
        where = f"block {number}"
        if not isinstance(number, int) or not isinstance(count, int):
            raise ChainBroken(f"after block {blocks}: a block's line is wanted")
        if not started:
            started, blocks = True, number - 1
            previous = bytes.fromhex(block["previous"]) if number > 1 else FIRST
        if number != blocks + 1:
            raise ChainBroken(f"{where} follows block {blocks}")
        if block["previous"] != previous.hex():
            raise ChainBroken(f"{where} does not continue the block before it")
        kept: list[bytes] = []
        for _ in range(count):
            one = next(lines, None)
            if one is None:
                raise ChainBroken(f"{where} ends after {len(kept)} of {count} transactions")
            position = _check_transaction(_object(one, where), one, where, position)
            kept.append(one)
        if not kept or position != block["last_position"]:
            raise ChainBroken(f"{where} does not end where it says")
        first = json.loads(kept[0])["position"]
        if first != block["first_position"]:
            raise ChainBroken(f"{where} does not begin where it says")
        previous = block_hash(previous, header_of(number, first, position, count), kept)
        if previous.hex() != block["hash"]:
            raise ChainBroken(f"{where}: its content is not what was sealed")
        blocks, transactions = number, transactions + count
    return blocks, transactions


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise ChainBroken(f"{where}: not JSON") from error
    if not isinstance(found, dict):
        raise ChainBroken(f"{where}: not an object")
    return cast("dict[str, Any]", found)


def _check_transaction(found: dict[str, Any], line: bytes, where: str, position: int) -> int:
    """Its position. Canonical, after the one before, and balanced."""
    name = f"{where}, transaction {found.get('id')}"
    if line_of(found) != line:
        raise ChainBroken(f"{name}: not in canonical form")
    if not isinstance(found.get("position"), int) or found["position"] <= position:
        raise ChainBroken(f"{name}: out of order")
    sums: dict[tuple[str, str], int] = {}
    for _, _, layer, direction, currency, amount, *_ in found["entries"]:
        key = (currency, layer)
        sums[key] = sums.get(key, 0) + (amount if direction == "debit" else -amount)
    if any(sums.values()):
        raise ChainBroken(f"{name}: debits and credits differ")
    return found["position"]


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print("usage: python chain.py FILE\n\nChecks a chain of sealed transactions that a ledger exported.")
        return 2
    try:
        with Path(arguments[0]).open("rb") as file:
            blocks, transactions = check(iter(file))
    except ChainBroken as broken:
        print(f"the chain is broken: {broken}")
        return 1
    except OSError as error:
        print(f"the file cannot be read: {error}", file=sys.stderr)
        return 2
    print(f"the chain holds: {blocks} blocks, {transactions} transactions")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
