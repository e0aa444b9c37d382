"""What the domains say of money and bitcoin, beside what the ledger holds. Each check is one statement."""

from __future__ import annotations

from typing import Final

from lana.app.verify_rows import Check, counting

# what the credit domain moves on a deposit account: its own checks answer for the sums
_BY_CREDIT: Final = (
    "('SINGLE_DISBURSAL_RECEIVABLE_CR', 'CONFIRM_DISBURSAL_SETTLED_CR', 'ADD_STRUCTURING_FEE_DR',"
    " 'RECORD_PAYMENT_DR', 'REFUND_PAYMENT_CR', 'RETURN_LIQUIDATION_SURPLUS_CR')"
)

_DEPOSITS: Final = f"""
with moved as (
    select deposit_account_id as id, sum(amount) as amount
      from deposits where status = 'Confirmed' group by 1
    union all
    select deposit_account_id, -sum(amount)
      from withdrawals where status in ('PendingApproval', 'PendingConfirmation', 'Confirmed') group by 1
    union all
    select a.id, sum(case e.direction when 'credit' then e.amount else -e.amount end)
      from deposit_accounts a join cala.entries e on e.account_id = a.id and e.entry_type in {_BY_CREDIT}
     group by 1
), wanted as (
    select id, sum(amount) as amount from moved group by id
), held as (
    select a.id, coalesce(sum(b.settled_credit - b.settled_debit), 0) as amount
      from deposit_accounts a
      left join cala.balances b on b.account_id in (
          a.id, (a.state->'account_ids'->>'frozen_deposit_account_id')::uuid)
     group by a.id
)
select format('deposit account %s: books say %s, deposits say %s', h.id, h.amount, coalesce(w.amount, 0))
  from held h left join wanted w using (id)
 where h.amount <> coalesce(w.amount, 0) limit 20
"""

# each facility's accounts as columns; net debits of receivables, net credits of the others
_LOANS: Final = """
with ids as (
    select f.id, f.status, f.state, a.key as name, a.value::uuid as account_id
      from credit_facilities f, jsonb_each_text(f.state->'account_ids') a
), nets as (
    select i.id, i.name,
           coalesce(sum(b.settled_debit - b.settled_credit), 0) as debit,
           coalesce(sum(b.pending_debit - b.pending_credit), 0) as pending,
           coalesce(sum(b.settled_debit), 0) as ever
      from ids i left join cala.balances b on b.account_id = i.account_id and b.currency = 'USD'
     group by 1, 2
), loan as (
    select id,
           sum(debit) filter (where name like 'disbursed_receivable%') as disbursed,
           sum(debit) filter (where name like 'interest_receivable%') as interest,
           sum(debit) filter (where name in ('disbursed_receivable_due_account_id',
                                             'disbursed_receivable_overdue_account_id')) as disbursed_payable,
           sum(debit) filter (where name in ('interest_receivable_due_account_id',
                                             'interest_receivable_overdue_account_id')) as interest_payable,
           sum(debit) filter (where name like '%defaulted%') as defaulted,
           -sum(debit) filter (where name = 'facility_account_id') as remaining,
           -sum(debit) filter (where name = 'facility_uncovered_outstanding_account_id') as uncovered,
           -sum(debit) filter (where name = 'facility_payment_holding_account_id') as holding,
           -sum(debit) filter (where name = 'facility_proceeds_from_liquidation_account_id') as proceeds,
           -sum(debit) filter (where name = 'interest_income_account_id') as income,
           sum(ever) filter (where name = 'interest_receivable_not_yet_due_account_id') as posted,
           sum(pending) filter (where name = 'interest_receivable_not_yet_due_account_id') as accruing,
           sum(pending) filter (where name = 'facility_account_id') as reserved_pending
      from nets group by id
)
"""

_POSITION: Final = f"""{_LOANS}
select format('facility %s: books say %s, its position %s', f.id, to_jsonb(l), f.state->'position')
  from credit_facilities f join loan l using (id)
 where (l.disbursed, l.interest, l.disbursed_payable, l.interest_payable) is distinct from (
        (f.state#>>'{{position,outstanding,disbursed}}')::numeric,
        (f.state#>>'{{position,outstanding,interest}}')::numeric,
        (f.state#>>'{{position,payable,disbursed}}')::numeric,
        (f.state#>>'{{position,payable,interest}}')::numeric)
    or l.uncovered <> l.disbursed + l.interest + l.defaulted
                      + (f.state#>>'{{position,reserved}}')::numeric - l.holding
    or l.remaining < 0 or l.holding <> 0 or l.proceeds <> 0
    or l.reserved_pending <> -(f.state#>>'{{position,reserved}}')::numeric
 limit 20
"""

_OBLIGATIONS: Final = f"""{_LOANS}
, owed as (
    select facility_id as id, sum(outstanding) as amount from obligations group by 1
)
select format('facility %s: unpaid obligations are %s, books say %s', l.id, coalesce(o.amount, 0),
              l.disbursed + l.interest + l.defaulted)
  from loan l left join owed o using (id)
 where coalesce(o.amount, 0) <> l.disbursed + l.interest + l.defaulted limit 20
"""

_ALLOCATIONS: Final = """
with paid as (
    select (state->>'obligation_id')::uuid as id, sum(amount) as amount, count(*) as times
      from payment_allocations group by 1
)
select format('obligation %s: %s of %s outstanding after allocations of %s', o.id, o.outstanding,
              o.state->>'amount', coalesce(p.amount, 0))
  from obligations o left join paid p using (id)
 where o.outstanding <> (o.state->>'amount')::numeric - coalesce(p.amount, 0)
    or (o.outstanding = 0) <> (o.status = 'paid')
    or (o.state->>'allocations')::int8 <> coalesce(p.times, 0)
 limit 20
"""

_PAYMENTS: Final = """
with allocated as (
    select payment_id as id, sum(amount) as amount from payment_allocations group by 1
)
select format('payment %s of %s: %s allocated', p.id, p.amount, coalesce(a.amount, 0))
  from payments p left join allocated a using (id)
 where p.amount <> coalesce(a.amount, 0) limit 20
"""

_CYCLES: Final = f"""{_LOANS}
, cycles as (
    select facility_id as id, count(*) as made, max(idx) as last, min(idx) as first,
           count(*) filter (where next_accrual_on is not null or awaits_posting) as open,
           coalesce(sum((state->>'accrued')::numeric)
                    filter (where (state->>'is_posted')::bool), 0) as posted,
           coalesce(sum((state->>'accrued')::numeric)
                    filter (where not (state->>'is_posted')::bool and not (state->>'is_closed')::bool), 0)
               as accruing
      from interest_accrual_cycles group by 1
)
select format('facility %s: cycles say %s, books say posted %s, accruing %s, income %s', c.id, to_jsonb(c),
              l.posted, l.accruing, l.income)
  from cycles c join loan l using (id)
 where c.made <> c.last or c.first <> 1 or c.open > 1
    or c.posted <> l.posted or c.posted <> l.income or c.accruing <> l.accruing
 limit 20
"""

_COLLATERAL: Final = """
with coins as (
    select c.id, c.amount, coalesce(sum(b.settled_credit - b.settled_debit), 0) as held
      from collaterals c left join cala.balances b
        on b.account_id = (c.state->'account_ids'->>'collateral_account_id')::uuid and b.currency = 'BTC'
     group by 1, 2
)
select format('collateral %s: books say %s, it says %s', id, held, amount) from coins where held <> amount
union all
select format('facility %s: holds %s of a collateral of %s', f.id, f.collateral, c.amount)
  from credit_facilities f join collaterals c on c.id = f.collateral_id
 where f.collateral <> c.amount
union all
select format('pending facility %s: holds %s of a collateral of %s', p.id, p.state->>'collateral', c.amount)
  from pending_credit_facilities p join collaterals c on c.id = p.collateral_id
 where p.status <> 'completed' and (p.state->>'collateral')::numeric <> c.amount
union all
select format('collateral %s has %s open liquidations', collateral_id, count(*))
  from liquidations where not completed group by collateral_id having count(*) > 1
limit 20
"""

BOOKS: Final[dict[str, Check]] = {
    "deposits: books = deposits and withdrawals": counting("deposit_accounts", _DEPOSITS),
    "credit: positions = books": counting("credit_facilities", _POSITION),
    "credit: unpaid obligations = books": counting("obligations", _OBLIGATIONS),
    "credit: obligations = allocations": counting("payment_allocations", _ALLOCATIONS),
    "credit: payments = allocations": counting("payments", _PAYMENTS),
    "credit: cycles = books": counting("interest_accrual_cycles", _CYCLES),
    "credit: collateral = books": counting("collaterals", _COLLATERAL),
}
