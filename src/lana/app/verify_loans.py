"""What the credit domain says of its loans, beside what the ledger holds.

Each check is one statement, and each relation is one check's, so that a fault is told of once: positions,
obligations and the uncovered outstanding are compared with the receivables, not with one another.
"""

from __future__ import annotations

from typing import Final

from lana.app.verify_rows import Check, counting

# each loan's sums as columns, those of a loan that waits too: net debits of receivables, net credits of the
# others; summed loan by loan, since a hash of all of them at once would not fit into memory
_LOANS: Final = """
with loans as (
    select id, false as waits, (state->>'amount')::numeric as amount, state->'position' as position,
           state->'account_ids' as ids
      from credit_facilities
    union all
    select id, true, amount, null, state->'account_ids'
      from pending_credit_facilities where status <> 'completed'
), books as (
    select l.*, s.* from loans l cross join lateral (
      select sum(net) filter (where name like 'disbursed_receivable%') as disbursed,
             sum(net) filter (where name like 'interest_receivable%') as interest,
             sum(net) filter (where name in ('disbursed_receivable_due_account_id',
                                             'disbursed_receivable_overdue_account_id')) as disbursed_payable,
             sum(net) filter (where name in ('interest_receivable_due_account_id',
                                             'interest_receivable_overdue_account_id')) as interest_payable,
             coalesce(sum(net) filter (where name like '%receivable%' or name like '%defaulted%'), 0) as owed,
             -sum(net) filter (where name = 'facility_account_id') as remaining,
             -sum(pending) filter (where name = 'facility_account_id') as remaining_pending,
             -sum(net) filter (where name = 'facility_uncovered_outstanding_account_id') as uncovered,
             sum(pending) filter (where name = 'facility_uncovered_outstanding_account_id')
                 as uncovered_pending,
             sum(credit) filter (where name = 'facility_payment_holding_account_id') as paid,
             sum(debit) filter (where name = 'facility_payment_holding_account_id') as passed_on,
             sum(credit) filter (where name = 'facility_proceeds_from_liquidation_account_id') as proceeds,
             -sum(net) filter (where name = 'facility_proceeds_from_liquidation_account_id') as proceeds_left,
             sum(debit) filter (where name = 'interest_receivable_not_yet_due_account_id') as posted,
             sum(pending) filter (where name = 'interest_receivable_not_yet_due_account_id') as accruing,
             -sum(net) filter (where name = 'interest_income_account_id') as income,
             -sum(pending) filter (where name = 'interest_income_account_id') as income_accruing
        from jsonb_each_text(l.ids) a(name, account_id)
        left join cala.balances b on b.account_id = a.account_id::uuid and b.currency = 'USD'
        cross join lateral (
            select coalesce(b.settled_debit, 0) as debit, coalesce(b.settled_credit, 0) as credit,
                   coalesce(b.settled_debit - b.settled_credit, 0) as net,
                   coalesce(b.pending_debit - b.pending_credit, 0) as pending) n) s
), drawings as (
    select facility_id as id, coalesce(sum(amount) filter (where status <> 'denied'), 0) as drawn,
           coalesce(sum(amount) filter (where status not in ('denied', 'confirmed')), 0) as reserved
      from disbursals group by 1
)
"""

# the whole amount is pending while the loan waits, then the line is what no disbursal has taken
_LINES: Final = f"""{_LOANS}
, wanted as (
    select b.*, coalesce(d.drawn, 0) as drawn, coalesce(d.reserved, 0) as reserved
      from books b left join drawings d using (id)
)
select format('facility %s of %s%s: %s drawn, %s of it reserved; books say %s remain, %s pending, %s of what'
              ' is uncovered pending', id, amount, case when waits then ', not active yet' else '' end, drawn,
              reserved, remaining, remaining_pending, uncovered_pending)
  from wanted
 where remaining <> case when waits then 0 else amount end - drawn
    or remaining < 0
    or remaining_pending <> case when waits then amount else 0 end + reserved
    or uncovered_pending <> reserved
"""

_POSITION: Final = f"""{_LOANS}
select format('facility %s: books say disbursed %s, interest %s, payable of these %s and %s; reserved are %s;'
              ' its position is %s', b.id, b.disbursed, b.interest, b.disbursed_payable, b.interest_payable,
              coalesce(d.reserved, 0), b.position)
  from books b left join drawings d using (id)
 where not b.waits
   and (b.disbursed, b.interest, b.disbursed_payable, b.interest_payable, coalesce(d.reserved, 0))
       is distinct from (
        (b.position#>>'{{outstanding,disbursed}}')::numeric,
        (b.position#>>'{{outstanding,interest}}')::numeric,
        (b.position#>>'{{payable,disbursed}}')::numeric, (b.position#>>'{{payable,interest}}')::numeric,
        (b.position->>'reserved')::numeric)
"""

# a payment is allocated where it is recorded, so none is ever unapplied
_UNCOVERED: Final = f"""{_LOANS}
select format('facility %s: %s are uncovered, and books say %s owed, disbursals %s reserved', b.id,
              b.uncovered, b.owed, coalesce(d.reserved, 0))
  from books b left join drawings d using (id)
 where b.uncovered <> b.owed + coalesce(d.reserved, 0)
"""

_OBLIGATIONS: Final = f"""{_LOANS}
, unpaid as (
    select facility_id as id, sum(outstanding) as amount from obligations group by 1
)
select format('facility %s: unpaid obligations are %s, books say %s', b.id, coalesce(u.amount, 0), b.owed)
  from books b left join unpaid u using (id)
 where coalesce(u.amount, 0) <> b.owed
"""

_ALLOCATIONS: Final = """
with paid as (
    select (state->>'obligation_id')::uuid as id, sum(amount) as amount, count(*) as times
      from payment_allocations group by 1
)
select format('obligation %s of facility %s: %s of %s outstanding after allocations of %s', o.id,
              o.facility_id, o.outstanding, o.state->>'amount', coalesce(p.amount, 0))
  from obligations o left join paid p using (id)
 where o.outstanding <> (o.state->>'amount')::numeric - coalesce(p.amount, 0)
    or (o.outstanding = 0) <> (o.status = 'paid')
    or (o.state->>'allocations')::int8 <> coalesce(p.times, 0)
"""

# what goes through the holding and the proceeds account of a loan, in and out again
_PAYMENTS: Final = f"""{_LOANS}
, payment_sums as (
    select facility_id as id, sum(amount) as amount from payments group by 1
), allocation_sums as (
    select facility_id as id, sum(amount) as amount from payment_allocations group by 1
), refunds as (
    select account_id, sum(amount) as amount
      from cala.entries where entry_type = 'REFUND_PAYMENT_DR' group by 1
), sales as (
    select facility_id as id, sum(amount_received) as amount from liquidations group by 1
), sums as (
    select b.*, coalesce(p.amount, 0) as payments, coalesce(a.amount, 0) as allocated,
           coalesce(r.amount, 0) as refunded, coalesce(s.amount, 0) as received
      from books b left join payment_sums p using (id) left join allocation_sums a using (id)
      left join sales s using (id)
      left join refunds r on r.account_id = (b.ids->>'facility_payment_holding_account_id')::uuid
), allocated as (
    select payment_id as id, sum(amount) as amount from payment_allocations group by 1
)
select format('facility %s: payments %s, allocated %s, refunded %s, proceeds received %s; books say %s in,'
              ' %s out, proceeds %s, %s of them left', id, payments, allocated, refunded, received, paid,
              passed_on, proceeds, proceeds_left)
  from sums
 where paid <> payments or passed_on <> allocated + refunded or paid <> passed_on
    or proceeds <> received or proceeds_left <> 0
union all
select format('payment %s of facility %s: %s allocated of %s', p.id, p.facility_id, a.amount, p.amount)
  from payments p join allocated a using (id)
 where a.amount > p.amount
"""

# what is accrued lies in the pending layer until it is posted, and only that
_INTEREST: Final = f"""{_LOANS}
, cycles as (
    select facility_id as id,
           coalesce(sum((state->>'accrued')::numeric)
                    filter (where (state->>'is_posted')::bool), 0) as posted,
           coalesce(sum((state->>'accrued')::numeric)
                    filter (where next_accrual_on is not null or awaits_posting), 0) as accruing
      from interest_accrual_cycles group by 1
)
select format('facility %s: cycles say posted %s, accruing %s; books say posted %s, income %s, accruing %s'
              ' and %s', b.id, coalesce(c.posted, 0), coalesce(c.accruing, 0), b.posted, b.income, b.accruing,
              b.income_accruing)
  from books b left join cycles c using (id)
 where not b.waits
   and ((b.posted, b.income) <> (coalesce(c.posted, 0), coalesce(c.posted, 0))
        or (b.accruing, b.income_accruing) <> (coalesce(c.accruing, 0), coalesce(c.accruing, 0)))
"""

# a loan accrues until it is completed, or posted up to its maturity
_CYCLES: Final = """
with cycles as (
    select facility_id as id, count(*) as made, count(distinct idx) as numbers, min(idx) as first,
           max(idx) as last,
           max((state->>'accrued_until')::date) filter (where (state->>'is_posted')::bool) as until,
           coalesce(array_agg(id::text) filter (where next_accrual_on is not null or awaits_posting), '{}')
               as open
      from interest_accrual_cycles group by 1
), loans as (
    select id, state#>>'{cycle,id}' as open,
           status <> 'closed' and not (state->>'is_completing')::bool as accrues, maturity_date
      from credit_facilities
)
select format('facility %s: %s cycles numbered %s to %s, open are %s, it says %s', l.id, coalesce(c.made, 0),
              c.first, c.last, c.open, coalesce(l.open, 'none'))
  from loans l left join cycles c using (id)
 where (c.numbers, c.first, c.last) is distinct from (c.made, 1::int8, c.made)
    or c.open is distinct from case when l.accrues and coalesce(c.until < l.maturity_date, true)
                                    then array[l.open] else '{}' end
"""

_COLLATERAL: Final = """
with sales as (
    select collateral_id as id, sum(sent_total) as sent, sum((state->>'liquidated')::numeric) as sold
      from liquidations group by 1
), coins as (
    select c.id, c.facility_id, c.amount, coalesce(s.sent, 0) - coalesce(s.sold, 0) as sent,
           coalesce(s.sold, 0) as sold,
           coalesce(b.settled_credit - b.settled_debit, 0) as held,
           coalesce(i.settled_credit - i.settled_debit, 0) as in_liquidation,
           coalesce(q.settled_credit - q.settled_debit, 0) as liquidated
      from collaterals c left join sales s using (id)
      left join cala.balances b on b.currency = 'BTC'
        and b.account_id = (c.state->'account_ids'->>'collateral_account_id')::uuid
      left join cala.balances i on i.currency = 'BTC'
        and i.account_id = (c.state->'account_ids'->>'collateral_in_liquidation_account_id')::uuid
      left join cala.balances q on q.currency = 'BTC'
        and q.account_id = (c.state->'account_ids'->>'liquidated_collateral_account_id')::uuid
)
select format('collateral %s of facility %s: held %s, in liquidation %s, liquidated %s; books say %s, %s, %s',
              id, facility_id, amount, sent, sold, held, in_liquidation, liquidated)
  from coins where (amount, sent, sold) <> (held, in_liquidation, liquidated)
union all
select format('facility %s: holds %s of a collateral of %s', f.id, f.collateral, c.amount)
  from credit_facilities f join collaterals c on c.id = f.collateral_id
 where f.collateral <> c.amount
union all
select format('facility %s, not active yet: holds %s of a collateral of %s', p.id, p.state->>'collateral',
              c.amount)
  from pending_credit_facilities p join collaterals c on c.id = p.collateral_id
 where p.status <> 'completed' and (p.state->>'collateral')::numeric <> c.amount
union all
select format('the omnibus holds %s, all collaterals %s', o.held, a.held)
  from (select coalesce(sum(b.settled_debit - b.settled_credit), 0) as held
          from cala.accounts x join cala.balances b on b.account_id = x.id and b.currency = 'BTC'
         where x.code = 'credit-collateral-omnibus-account') o,
       (select coalesce(sum(held + in_liquidation + liquidated), 0) as held from coins) a
 where o.held <> a.held
"""

_LIQUIDATIONS: Final = """
with active as (
    select collateral_id as id, array_agg(id::text) as ids from liquidations where not completed group by 1
)
select format('collateral %s of facility %s: active liquidations are %s, it says %s', c.id, c.facility_id,
              coalesce(a.ids, '{}'), coalesce(c.state->>'liquidation_id', 'none'))
  from collaterals c left join active a using (id)
 where coalesce(a.ids, '{}') <> array_remove(array[c.state->>'liquidation_id'], null)
"""

# what lies off the balance sheet balances by itself, so the balance sheet does: assets = liabilities + equity
_OFF_BALANCE: Final = """
with places as (
    select id from cala.accounts
     where is_set and split_part(external_id, ':', 2) in (
           'credit-facility-omnibus-account-set', 'credit-facility-remaining-account-set',
           'credit-uncovered-outstanding-account-set', 'credit-payments-made-omnibus-account-set',
           'credit-interest-added-to-obligations-omnibus-account-set',
           'credit-collateral-omnibus-account-set', 'credit-collateral-account-set',
           'credit-facility-collateral-in-liquidation-account-set',
           'credit-facility-liquidated-collateral-account-set')
)
select format('on %s debits off the balance sheet exceed credits by %s %s', d.effective,
              sum(d.settled_debit - d.settled_credit), d.currency)
  from places p join cala.day_sums d on d.account_id = p.id
 group by d.effective, d.currency
having sum(d.settled_debit - d.settled_credit) <> 0
"""

LOANS: Final[dict[str, Check]] = {
    "credit: lines = books": counting("pending_credit_facilities", _LINES),
    "credit: positions = books": counting("credit_facilities", _POSITION),
    "credit: uncovered outstanding = books": counting("pending_credit_facilities", _UNCOVERED),
    "credit: unpaid obligations = books": counting("obligations", _OBLIGATIONS),
    "credit: obligations = allocations": counting("payment_allocations", _ALLOCATIONS),
    "credit: payments = allocations = books": counting("payments", _PAYMENTS),
    "credit: interest = books": counting("interest_accrual_cycles", _INTEREST),
    "credit: one open cycle while a loan accrues": counting("interest_accrual_cycles", _CYCLES),
    "credit: collateral = books": counting("collaterals", _COLLATERAL),
    "credit: one liquidation at a time": counting("liquidations", _LIQUIDATIONS),
    "credit: off-balance accounts balance each day": counting("cala.journals", _OFF_BALANCE),
}
