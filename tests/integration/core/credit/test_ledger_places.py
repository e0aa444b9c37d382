"""Where the credit domain stands in the ledger: ensured at every start, rolled up, read in one call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date
from itertools import product
from uuid import UUID

import pytest
import pytest_asyncio

import cala_ledger
from lana.app import App
from lana.core import credit
from lana.core.accounting import JOURNAL_CODE, JOURNAL_ID, JOURNAL_NAME
from lana.core.credit import FacilityBalances, chart
from lana.core.credit.templates import DEFINITIONS
from lana.core.customer import CustomerType
from lana.core.terms import Term
from lana.lib.authz import Ctx
from lana.lib.ids import new_id
from lana.lib.money import UsdCents
from lana.lib.pg.database import plain_pool
from tests.support.bank import open_account
from tests.support.lending import terms
from tests.support.loan_books import DEBIT, LEDGER, LoanBooks

pytestmark = pytest.mark.asyncio

MONTHS = {Term.SHORT: 12, Term.LONG: 13}


@pytest_asyncio.fixture
async def books(dsn: str) -> AsyncIterator[cala_ledger.Ledger]:
    """Books with the bank's journal, and nothing else."""
    async with plain_pool(dsn, max_size=8) as pool:
        ledger = cala_ledger.Ledger(pool)
        await ledger.journals.create(JOURNAL_ID, JOURNAL_CODE, JOURNAL_NAME)
        yield ledger


async def assert_all_there(books: cala_ledger.Ledger) -> None:
    wanted = [*chart.account_sets(), *chart.omnibus_accounts()]
    found = await books.accounts.find_many([each.id for each in wanted])
    assert len(found) == len(wanted) == 56
    for each in wanted:
        stored = found[each.id]
        assert (stored.external_id, stored.name) == (each.external_id, each.name)
        assert stored.normal_side is each.normal_side
    for omnibus in chart.omnibus_accounts():
        parents = await books.sets.parents([omnibus.id])
        assert parents[omnibus.id] == list(omnibus.sets)
    assert {each.code for each in DEFINITIONS} <= {each.code for each in await books.templates.list(100)}
    assert [await books.limits.find(limit.id) for limit in chart.LIMITS] == list(chart.LIMITS)


async def test_a_bank_has_the_accounts_sets_limits_and_templates_of_credit(app: App) -> None:
    await assert_all_there(app.books)


async def test_starts_at_once_and_one_after_another_make_everything_once(books: cala_ledger.Ledger) -> None:
    await asyncio.gather(*(credit.ensure_ledger(books) for _ in range(4)))
    await assert_all_there(books)
    await credit.ensure_ledger(books)
    await assert_all_there(books)


async def test_each_term_and_type_of_customer_rolls_up_apart(app: App, superuser: Ctx) -> None:
    """Every loan has another amount, so that no set can hold a stranger's unseen."""
    account = (await open_account(app, superuser)).id
    kinds = list(product(Term, CustomerType))
    for number, (term, customer_type) in enumerate(kinds, 1):
        values = terms(months=MONTHS[term])
        loan = await LoanBooks.open(app, superuser, account, values, customer_type)
        await _book(loan, number)
    for number, (term, customer_type) in enumerate(kinds, 1):
        sets = [chart.disbursed_set(term, customer_type), chart.interest_set(term, customer_type)]
        found = await app.books.balances.now(sets)
        assert [found[each]["USD"].settled.net(DEBIT) for each in sets] == [number * 100, number * 7]
    for customer_type in CustomerType:
        both = sum(number for number, kind in enumerate(kinds, 1) if kind[1] is customer_type)
        overdue = chart.overdue_set(customer_type)
        assert (await app.books.balances.now([overdue]))[overdue]["USD"].settled.net(DEBIT) == both
    drawn = sum(range(1, len(kinds) + 1))
    product_sets = [chart.product_set(name) for name in ("credit-uncovered-outstanding", "credit-fee-income")]
    found = await app.books.balances.now(product_sets)
    nets = [found[each]["USD"].settled.net(cala_ledger.Direction.CREDIT) for each in product_sets]
    assert nets == [drawn * (101 + 7), drawn]


async def _book(loan: LoanBooks, number: int) -> None:
    """Principal of 101 a number, 1 of it overdue; interest of 7 a number, 2 of it due, 1 overdue."""
    day, ids = date(2026, 1, 15), loan.ids
    await loan.activate(101 * number)
    await loan.disburse_at_once(101 * number, fee=number)
    await loan.principal_due(number, day)
    due, overdue = ids.disbursed_receivable_due_account_id, ids.disbursed_receivable_overdue_account_id
    amount = UsdCents(number)
    await loan.do(lambda op: LEDGER.record_overdue(op, new_id(), (due, overdue), amount, day))
    await loan.accrue(7 * number, day)
    await loan.post_interest(7 * number, day)
    await loan.interest_due(3 * number, day)
    moved = (ids.interest_receivable_due_account_id, ids.interest_receivable_overdue_account_id)
    await loan.do(lambda op: LEDGER.record_overdue(op, new_id(), moved, amount, day))


async def test_balances_of_many_facilities_are_read_in_one_call(
    app: App, superuser: Ctx, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = (await open_account(app, superuser)).id
    loans = [
        await LoanBooks.open(app, superuser, account, terms(), CustomerType.INDIVIDUAL) for _ in range(5)
    ]
    for number, loan in enumerate(loans[:-1], 1):
        await loan.activate(1_000 * number)
        await loan.disburse_at_once(1_000 * number, fee=1)
    read = app.books.balances.now
    calls: list[int] = []

    async def counted(ids: Sequence[UUID]) -> dict[UUID, cala_ledger.ByCurrency]:
        calls.append(len(ids))
        return await read(ids)

    monkeypatch.setattr(app.books.balances, "now", counted)
    found = await FacilityBalances(app.books).of([loan.facility() for loan in loans])
    assert len(calls) == 1
    outstanding = [found[loan.id].disbursed.outstanding for loan in loans]
    assert outstanding == [1_000, 2_000, 3_000, 4_000, 0]
