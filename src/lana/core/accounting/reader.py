"""Reading the books with the permissions of staff. Nested reads are gathered: they are checked on all
objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, TypeVar
from uuid import UUID

import cala_ledger
from cala_ledger import Account, Balance, Entry, Transaction
from lana.core.accounting import primitives as p
from lana.core.accounting.errors import TemplateNotFound
from lana.core.accounting.references import code_of
from lana.lib.authz import Authorizer, Scope
from lana.lib.pg.page import CursorDestructureError, Found, Page, decode_cursor, encode_cursor, position_text

T = TypeVar("T", Entry, Transaction)

MAX_MEMBERS: Final = 100


class LedgerReader:
    def __init__(self, authz: Authorizer, ledger: cala_ledger.Ledger, *, page_limit: int = 100) -> None:
        self._authz = authz
        self._ledger = ledger
        self._limit = page_limit

    async def ensure_journal(self) -> None:
        """The bank's journal exists. Run at every start."""
        journals = self._ledger.journals
        if await journals.maybe_find_by_code(p.JOURNAL_CODE) is None:
            with suppress(cala_ledger.errors.JournalExists):  # another process starts at the same moment
                await journals.create(
                    p.JOURNAL_ID, p.JOURNAL_CODE, p.JOURNAL_NAME, description=p.JOURNAL_DESCRIPTION
                )

    # --- accounts -------------------------------------------------------------------------------------------

    async def maybe_find_account(self, ctx: Scope, account_id: UUID) -> Account | None:
        self._authz.enforce(ctx, p.LEDGER_ACCOUNT_READ, account_id)
        return (await self._ledger.accounts.find_many([account_id])).get(account_id)

    async def find_many_accounts(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Account]:
        self._authz.enforce(ctx, p.LEDGER_ACCOUNT_READ)
        return await self._ledger.accounts.find_many(ids)

    async def find_many_balances(
        self, ctx: Scope, ids: Sequence[UUID]
    ) -> Mapping[UUID, Mapping[str, Balance]]:
        """Everything posted, by currency."""
        self._authz.enforce(ctx, p.LEDGER_ACCOUNT_READ)
        return await self._ledger.balances.now(ids)

    async def find_many_ancestors(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Account]]:
        """The nodes of the chart above each, nearest first."""
        self._authz.enforce(ctx, p.LEDGER_ACCOUNT_READ)
        above = await self._ledger.sets.ancestors(ids)
        everything = sorted({set_id for sets in above.values() for set_id in sets})
        sets = await self._ledger.accounts.find_many(everything)
        depth = {set_id: len(up) for set_id, up in (await self._ledger.sets.ancestors(everything)).items()}
        return {
            account_id: sorted(
                (sets[i] for i in up if code_of(sets[i])), key=lambda node: depth[node.id], reverse=True
            )
            for account_id, up in above.items()
        }

    async def find_many_children(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Account]]:
        """Accounts and coded sets below each; sets without a code are seen through, one level."""
        self._authz.enforce(ctx, p.LEDGER_ACCOUNT_READ)
        members = await self._ledger.sets.members_of(ids, MAX_MEMBERS)
        hidden = [one.id for found in members.values() for one in found if not _is_shown(one)]
        below = await self._ledger.sets.members_of(hidden, MAX_MEMBERS)
        return {
            set_id: sorted(
                filter(_is_shown, (each for one in found for each in [one, *below.get(one.id, ())])),
                key=lambda one: (one.external_id is None, one.external_id or "", one.id),
            )
            for set_id, found in members.items()
        }

    async def list_history(self, ctx: Scope, account_id: UUID, page: Page) -> Found[Entry]:
        """Entries of an account, or of everything below a set, newest first."""
        self._authz.enforce(ctx, p.LEDGER_ACCOUNT_READ_HISTORY, account_id)
        size = page.size(self._limit)
        found = await self._ledger.entries.by_account(account_id, _window(page, size))
        return _found(found.entries, found.has_more)

    # --- transactions ---------------------------------------------------------------------------------------

    async def list_entries(self, ctx: Scope, page: Page) -> Found[Entry]:
        """The journal, newest first."""
        self._authz.enforce(ctx, p.JOURNAL_READ_ENTRIES, p.JOURNAL_ID)
        size = page.size(self._limit)
        found = await self._ledger.entries.by_journal(p.JOURNAL_ID, _window(page, size))
        return _found(found.entries, found.has_more)

    async def maybe_find_transaction(self, ctx: Scope, transaction_id: UUID) -> Transaction | None:
        self._authz.enforce(ctx, p.LEDGER_TRANSACTION_READ, transaction_id)
        return (await self._ledger.transactions.find_many([transaction_id])).get(transaction_id)

    async def find_many_transactions(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Transaction]:
        self._authz.enforce(ctx, p.LEDGER_TRANSACTION_READ)
        return await self._ledger.transactions.find_many(ids)

    async def list_transactions_of_template(self, ctx: Scope, code: str, page: Page) -> Found[Transaction]:
        """Oldest first. `TemplateNotFound`."""
        self._authz.enforce(ctx, p.LEDGER_TRANSACTION_LIST)
        size = page.size(self._limit)
        try:
            found = await self._ledger.transactions.list(
                _window(page, size, newest_first=False), cala_ledger.TransactionFilter(template=code)
            )
        except cala_ledger.errors.TemplateNotFound as error:
            raise TemplateNotFound(code) from error
        return _found(found.transactions, found.has_more)

    async def list_templates(self, ctx: Scope, page: Page) -> Found[str]:
        """Codes of the transaction templates, ascending."""
        self._authz.enforce(ctx, p.TRANSACTION_TEMPLATE_LIST)
        size = page.size(self._limit)
        after = ""
        if page.after is not None:
            after = position_text(decode_cursor(page.after, frozenset({"code"})), "code", "text")
        codes = [template.code for template in await self._ledger.templates.list(size + 1, after=after)]
        cursors = [encode_cursor({"code": code}) for code in codes[:size]]
        return Found(codes[:size], cursors, len(codes) > size)


def _is_shown(member: Account) -> bool:
    return not member.is_set or code_of(member) is not None


def _window(page: Page, size: int, *, newest_first: bool = True) -> cala_ledger.Page:
    return cala_ledger.Page(first=size, after=_position(page), newest_first=newest_first)


def _position(page: Page) -> int | None:
    if page.after is None:
        return None
    position = decode_cursor(page.after, frozenset({"position"}))["position"]
    if type(position) is not int or not 0 <= position < 2**63:
        raise CursorDestructureError("a position is a whole number", field="after")
    return position


def _found(rows: Sequence[T], has_more: bool) -> Found[T]:
    return Found(rows, [encode_cursor({"position": row.position}) for row in rows], has_more)
