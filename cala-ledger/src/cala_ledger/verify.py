"""The proof: every balance recomputed from the entries alone, and the database's guards looked for."""

from typing import Final

import msgspec

from cala_ledger.connection import Connection
from cala_ledger.errors import JsonValue
from cala_ledger.sealing import broken_blocks

MAX_VIOLATIONS: Final = 1_000
_VIOLATIONS: Final = b"select rule, detail::text from cala.violations(%s)"


class Violation(msgspec.Struct, frozen=True):
    """One difference: the rule that is broken, and the ids and figures at fault."""

    rule: str
    detail: dict[str, JsonValue]


async def verify(conn: Connection) -> list[Violation]:
    """Differences between what is stored and what the entries say, at most 1 000; empty means clean.

    Reads every entry, and every sealed block anew, so it takes minutes on a large book; it blocks nobody.
    """
    rows = await (await conn.execute(_VIOLATIONS, [MAX_VIOLATIONS])).fetchall()
    found = [
        Violation(str(rule), msgspec.json.decode(str(detail), type=dict[str, JsonValue]))
        for rule, detail in rows
    ]
    async for number, reason in broken_blocks(conn):
        if len(found) == MAX_VIOLATIONS:
            break
        found.append(Violation("sealed block", {"block": number, "reason": reason}))
    return found
