"""Account sets: a hierarchy of accounts and sets without cycles, whose balances roll up at posting.

A member may have history: joining or leaving corrects the set and all sets above it, for all dates, in the
same transaction. It holds the structure lock exclusively, so postings wait meanwhile.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, cast
from uuid import UUID

from cala_ledger import errors
from cala_ledger.accounts import COLUMNS, to_account
from cala_ledger.balances import Balances
from cala_ledger.connection import Connection, Source, check_ids, check_page, detail_of, raise_refused
from cala_ledger.model import Account, ByCurrency, NewSet
from cala_ledger.statements import open_accounts_statement
from cala_ledger.wire import UuidArray

MAX_ROWS: Final = 100_000
_ADD: Final = "select code, detail from cala.add_member(%s, %s, %s)"
_REMOVE: Final = "select code, detail from cala.remove_member(%s, %s)"
_MEMBERS: Final = f"""
select {COLUMNS} from cala.members m join cala.accounts a on a.id = m.member_id
where m.set_id = %s and a.position > %s order by a.position limit %s
"""
_MEMBERS_OF: Final = f"""
select u.id, {COLUMNS} from unnest(%b) u(id) cross join lateral (
  select a.* from cala.members m join cala.accounts a on a.id = m.member_id
  where m.set_id = u.id order by a.position limit %s) a
"""
_TREE_SETS: Final = """
select s.id from cala.accounts r join cala.accounts s on s.journal_id = r.journal_id and s.is_set
where r.id = %s and (s.id = r.id or exists (
  select 1 from cala.ancestors a where a.account_id = s.id and a.set_id = r.id))
"""
_PARENTS: Final = "select member_id, set_id from cala.members where member_id = any(%b) order by set_id"
_ANCESTORS: Final = "select account_id, set_id from cala.ancestors where account_id = any(%b) order by set_id"
_TREE: Final = """
select m.set_id, m.member_id from cala.members m join cala.accounts a on a.id = m.member_id
where (m.set_id = %s or m.set_id in (select n.account_id from cala.ancestors n where n.set_id = %s))
  and (a.is_set or not %s)
order by m.set_id, a.position limit %s
"""


class Sets:
    def __init__(self, source: Source) -> None:
        self._source = source

    async def create(self, account_set: NewSet, *, conn: Connection | None = None) -> None:
        """Open a set. Raises as `Accounts.create_many`."""
        sql, params = open_accounts_statement([(1, [account_set])])
        raise_refused(await self._source.rows(sql, params, conn))

    async def add_member(
        self, set_id: UUID, member_id: UUID, *, at: datetime | None = None, conn: Connection | None = None
    ) -> None:
        """Put an account or set under a set, history included.

        Raises SetNotFound, NotASet, MemberNotFound, AccountNotInJournal, SetCycle, AlreadyMember,
        BalanceOverflow (of the set whose sums would not fit).
        """
        await self._change(_ADD, [set_id, member_id, at], conn)

    async def remove_member(self, set_id: UUID, member_id: UUID, *, conn: Connection | None = None) -> None:
        """Take a member out, history included. Raises NotAMember."""
        await self._change(_REMOVE, [set_id, member_id], conn)

    async def _change(self, sql: str, params: Sequence[object], conn: Connection | None) -> None:
        ((code, detail),) = await self._source.rows(sql, params, conn)
        if code is not None:
            raise errors.refusal(str(code), detail_of(detail))

    async def members_of(
        self, ids: Sequence[UUID], first: int, *, conn: Connection | None = None
    ) -> dict[UUID, list[Account]]:
        """The first direct members of each set by creation, in one query. Raises PageTooLarge, and TooManyIds
        where the answer might pass `MAX_ROWS`."""
        check_ids(ids)
        check_page(first)
        if len(ids) * first > MAX_ROWS:
            raise errors.TooManyIds(ids=len(ids), most=MAX_ROWS // first)
        answer: dict[UUID, list[Account]] = {each: [] for each in ids}
        for row in await self._source.rows(_MEMBERS_OF, [UuidArray(ids), first], conn):
            answer[cast("UUID", row[0])].append(to_account(row[1:]))
        return answer

    async def members(
        self, set_id: UUID, first: int, *, after: int = 0, conn: Connection | None = None
    ) -> list[Account]:
        """Direct members by creation, after a `position`. Raises PageTooLarge."""
        check_page(first)
        return [to_account(row) for row in await self._source.rows(_MEMBERS, [set_id, after, first], conn)]

    async def parents(self, ids: Sequence[UUID], *, conn: Connection | None = None) -> dict[UUID, list[UUID]]:
        """The sets directly above each account or set. Raises TooManyIds."""
        return await self._above(_PARENTS, ids, conn)

    async def ancestors(
        self, ids: Sequence[UUID], *, conn: Connection | None = None
    ) -> dict[UUID, list[UUID]]:
        """Every set above each account or set, once, in no meaningful order. Raises TooManyIds."""
        return await self._above(_ANCESTORS, ids, conn)

    async def tree(
        self, set_id: UUID, *, accounts: bool = False, conn: Connection | None = None
    ) -> dict[UUID, list[UUID]]:
        """Set → its direct members, for the set and every set below it, in one query; accounts only if
        asked. Raises TooManyIds for more than `MAX_ROWS` members: read those by pages."""
        answer: dict[UUID, list[UUID]] = {}
        rows = await self._source.rows(_TREE, [set_id, set_id, not accounts, MAX_ROWS + 1], conn)
        if len(rows) > MAX_ROWS:
            raise errors.TooManyIds(ids=len(rows), most=MAX_ROWS)
        for row in rows:
            parent, member = cast("tuple[UUID, UUID]", row)
            answer.setdefault(parent, []).append(member)
        return answer

    async def tree_balances(
        self, set_id: UUID, *, as_of: date | None = None, conn: Connection | None = None
    ) -> dict[UUID, ByCurrency]:
        """Balances of the set and of every set below it, now or as of a date. Costs two queries, whatever
        the number of accounts. Raises SetNotFound, and TooManyIds for more than 10 000 sets."""
        ids = [cast("UUID", row[0]) for row in await self._source.rows(_TREE_SETS, [set_id], conn)]
        if not ids:
            raise errors.SetNotFound(set_id=set_id)
        balances = Balances(self._source)
        if as_of is None:
            return await balances.now(ids, conn=conn)
        return await balances.as_of(ids, as_of, conn=conn)

    async def _above(self, sql: str, ids: Sequence[UUID], conn: Connection | None) -> dict[UUID, list[UUID]]:
        check_ids(ids)
        answer: dict[UUID, list[UUID]] = {each: [] for each in ids}
        for row in await self._source.rows(sql, [UuidArray(ids)], conn):
            member, above = cast("tuple[UUID, UUID]", row)
            answer[member].append(above)
        return answer
