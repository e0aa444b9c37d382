"""The ledger for a program of its own: a pool, and everything in one object.

A host that batches many commands uses `Templates.prepare` and `cala_ledger.statements` instead, and this
class to read.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import psycopg
from psycopg.errors import SerializationFailure

from cala_ledger.accounts import Accounts
from cala_ledger.balances import Balances
from cala_ledger.connection import Connection, Pool, Source, check_ids, check_page, raise_refused
from cala_ledger.entries import Entries
from cala_ledger.errors import JsonValue
from cala_ledger.events import publish_statement
from cala_ledger.journals import Journals
from cala_ledger.limits import Limits
from cala_ledger.model import DryRun, PreparedTransaction, StatusChange, TransactionInput
from cala_ledger.reversals import reversal_of
from cala_ledger.sealing import MOST, seal
from cala_ledger.sets import Sets
from cala_ledger.statements import post_statement
from cala_ledger.stored_templates import StoredTemplates
from cala_ledger.templates import Templates
from cala_ledger.transactions import Transactions

_TRIES: Final = 3


class Ledger:
    """Every call takes `conn` to run inside a transaction the caller holds (READ COMMITTED)."""

    def __init__(
        self, pool: Pool | None = None, templates: Templates | None = None, *, publish: str | None = None
    ) -> None:
        """`publish`: see `events`."""
        source = Source(pool)
        self._source = source
        self._publish = publish
        self.journals = Journals(source)
        self.accounts = Accounts(source)
        self.sets = Sets(source)
        self.limits = Limits(source)
        self.templates = StoredTemplates(source, templates or Templates())
        self.balances = Balances(source)
        self.entries = Entries(source)
        self.transactions = Transactions(source)

    async def post(
        self,
        transactions: Sequence[TransactionInput],
        *,
        status_changes: Sequence[StatusChange] = (),
        recorded_at: datetime | None = None,
        conn: Connection | None = None,
    ) -> None:
        """Post transactions and change statuses, all or nothing. A repeat of an id with equal content is a
        success.

        Raises what `Templates.prepare` raises, and AccountNotFound, AccountLocked, AccountIsSet,
        AccountNotInJournal, JournalNotFound, JournalLocked, TemplateNotFound, VelocityLimitExceeded,
        BalanceOverflow, TransactionIdReused, TooManyIds.
        """
        check_ids(transactions)
        check_ids(status_changes)
        prepared = [self.templates.registry.prepare(each) for each in transactions]
        await self._post(prepared, status_changes, recorded_at, conn)

    async def reverse(
        self,
        transaction_id: UUID,
        new_id: UUID,
        *,
        effective: date,
        metadata: Mapping[str, JsonValue] | None = None,
        recorded_at: datetime | None = None,
        conn: Connection | None = None,
    ) -> None:
        """Post the exact opposite of a transaction, linked to it. A repeat with equal content is a success.

        Raises TransactionNotFound, TransactionAlreadyReversed, and what `post` raises.
        """
        original = await self.transactions.find(transaction_id, conn=conn)
        reversal = reversal_of(original, new_id, effective=effective, metadata=metadata)
        await self._post([reversal], (), recorded_at, conn)

    async def dry_run(
        self, transactions: Sequence[TransactionInput], *, conn: Connection | None = None
    ) -> DryRun:
        """What `post` would write, and the balances after it; nothing is written. Raises as `post`, and
        PageTooLarge for more than a page of transactions.

        Holds the locks of a posting while it looks, so its answer is exact at that moment.
        """
        check_page(len(transactions))
        prepared = [self.templates.registry.prepare(each) for each in transactions]
        accounts = list(dict.fromkeys(entry.account_id for each in prepared for entry in each.entries))
        async with (
            self._source.connection(conn) as connection,
            connection.transaction(force_rollback=True),
        ):
            await self._post(prepared, (), None, connection)
            above = await self.sets.ancestors(accounts, conn=connection)
            holders = list(dict.fromkeys([*accounts, *(each for sets in above.values() for each in sets)]))
            return DryRun(
                entries=await self.entries.by_transactions([each.id for each in prepared], conn=connection),
                balances=await self.balances.now(holders, conn=connection),
            )

    async def seal(self, at: datetime, *, most: int = MOST, conn: Connection | None = None) -> int:
        """Seal posted transactions in a block of the hash chain; see `sealing.seal`. Raises PageTooLarge."""
        async with self._source.connection(conn) as connection:
            return await seal(connection, at, most=most)

    async def _post(
        self,
        prepared: Sequence[PreparedTransaction],
        status_changes: Sequence[StatusChange],
        recorded_at: datetime | None,
        conn: Connection | None,
    ) -> None:
        changes = [(1, change) for change in status_changes]
        statements = [post_statement([(1, prepared)], status_changes=changes, recorded_at=recorded_at)]
        if self._publish is not None:
            statements.append(publish_statement(self._publish, prepared))
        for attempt in range(1, _TRIES + 1):
            try:
                raise_refused(await self._source.run(statements, conn))
            except SerializationFailure:
                # The id was committed by someone else meanwhile; the next look sees it and knows what it is.
                if conn is not None or attempt == _TRIES:
                    raise
            else:
                return


def is_retryable(error: psycopg.Error) -> bool:
    """Whether a failed posting call may simply be sent again (two calls raced with one transaction id)."""
    return isinstance(error, SerializationFailure)
