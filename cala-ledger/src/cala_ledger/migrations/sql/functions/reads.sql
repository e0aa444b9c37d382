-- Reading balances (see balances.py).

-- The sums up to and with each date, per account or set and currency with activity by then. Days are added
-- from the nearer end of the history, so the first and the last dates cost the same, and the middle the most.
create function cala.sums_until(p_ids uuid[], p_dates date[]) returns table (
  account_id uuid, currency text, until date, settled_debit int8, settled_credit int8, pending_debit int8,
  pending_credit int8, encumbrance_debit int8, encumbrance_credit int8
) language sql stable as $$
  select b.account_id, b.currency, u.until,
    case when near.late then b.settled_debit - l.sd else e.sd end::int8,
    case when near.late then b.settled_credit - l.sc else e.sc end::int8,
    case when near.late then b.pending_debit - l.pd else e.pd end::int8,
    case when near.late then b.pending_credit - l.pc else e.pc end::int8,
    case when near.late then b.encumbrance_debit - l.ed else e.ed end::int8,
    case when near.late then b.encumbrance_credit - l.ec else e.ec end::int8
  from cala.balances b
  cross join unnest(p_dates) u(until)
  cross join lateral (
    select d.effective as day from cala.day_sums d
    where d.account_id = b.account_id and d.currency = b.currency order by d.effective limit 1) lowest
  cross join lateral (
    select d.effective as day from cala.day_sums d
    where d.account_id = b.account_id and d.currency = b.currency order by d.effective desc limit 1) highest
  cross join lateral (select highest.day - u.until <= u.until - lowest.day as late) near
  cross join lateral (
    select coalesce(sum(d.settled_debit), 0) as sd, coalesce(sum(d.settled_credit), 0) as sc,
      coalesce(sum(d.pending_debit), 0) as pd, coalesce(sum(d.pending_credit), 0) as pc,
      coalesce(sum(d.encumbrance_debit), 0) as ed, coalesce(sum(d.encumbrance_credit), 0) as ec
    from cala.day_sums d
    where near.late and d.account_id = b.account_id and d.currency = b.currency and d.effective > u.until) l
  cross join lateral (
    select coalesce(sum(d.settled_debit), 0) as sd, coalesce(sum(d.settled_credit), 0) as sc,
      coalesce(sum(d.pending_debit), 0) as pd, coalesce(sum(d.pending_credit), 0) as pc,
      coalesce(sum(d.encumbrance_debit), 0) as ed, coalesce(sum(d.encumbrance_credit), 0) as ec
    from cala.day_sums d
    where not near.late and d.account_id = b.account_id and d.currency = b.currency
      and d.effective <= u.until) e
  where b.account_id = any(p_ids) and u.until >= lowest.day
$$;
