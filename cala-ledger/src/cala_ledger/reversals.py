"""Reversals: the exact opposite of a posted transaction, linked to it, at most once each.

What is posted never changes, so the original may be read at any time before; that it is reversed once only is
decided in the posting call. A reversal is a transaction like any other, and may itself be reversed.
"""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from cala_ledger.errors import JsonValue
from cala_ledger.model import Direction, Entry, PreparedEntry, PreparedTransaction, Transaction
from cala_ledger.templates import encode_metadata, with_digest

_OPPOSITE = {Direction.DEBIT: Direction.CREDIT, Direction.CREDIT: Direction.DEBIT}


def reversal_of(
    original: Transaction,
    new_id: UUID,
    *,
    effective: date,
    description: str | None = None,
    metadata: Mapping[str, JsonValue] | None = None,
    external_id: str | None = None,
) -> PreparedTransaction:
    """The transaction that undoes `original` on `effective`. It keeps template and correlation id.

    To be posted as any prepared transaction (`Ledger.reverse` does both). Raises InvalidText.
    """
    return with_digest(
        PreparedTransaction(
            id=new_id,
            template=original.template,
            journal_id=original.journal_id,
            effective=effective,
            description=description if description is not None else f"Reversal of {original.id}",
            metadata=encode_metadata(metadata),
            external_id=external_id,
            correlation_id=original.correlation_id,
            entries=tuple(map(_opposite, original.entries)),
            digest=b"",
            reverses=original.id,
        )
    )


def _opposite(entry: Entry) -> PreparedEntry:
    return PreparedEntry(
        f"{entry.entry_type}_REVERSAL",
        entry.account_id,
        entry.layer,
        _OPPOSITE[entry.direction],
        entry.amount,
        entry.currency,
        entry.description,
    )
