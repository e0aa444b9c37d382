-- Transactions of two entries from one number up to another, as postings in that order would have left them.
-- Account `n` is row n of bench.accounts; a transaction's number picks both, and its date. Pairs keep changing.
create function bench.fill(p_first int8, p_last int8, p_journal uuid, p_start date, p_days int4) returns void
language plpgsql set jit = off as $$
declare
  v_template int4 := (select id from cala.templates where code = 'PAY');
  v_accounts int8 := (select count(*) from bench.accounts);
begin
  create temp table chunk on commit drop as
  select x.n, gen_random_uuid() as tx, nextval('cala.transaction_position') as position, x.effective,
    now() as recorded_at, x.debit, x.credit, 1 + x.n % 1000 as amount
  from (
    select n, p_start + (n % p_days)::int4 as effective, n % v_accounts as debit,
      (n % v_accounts + 1 + (n / v_accounts) % (v_accounts - 1)) % v_accounts as credit
    from generate_series(p_first, p_last) n order by n) x;

  insert into cala.transactions (id, position, journal_id, template_id, entry_count, effective, recorded_at, digest)
  select c.tx, c.position, p_journal, v_template, 2, c.effective, c.recorded_at, uuid_send(c.tx) from chunk c
  order by c.position;

  create temp table part on commit drop as
  select c.position * 65536 + s.n as position, c.tx, a.account_id, c.amount, s.side, c.effective, c.recorded_at
  from chunk c cross join (values (1, 'debit'::cala.direction), (2, 'credit')) s(n, side)
  join bench.accounts a on a.n = case s.side when 'debit' then c.debit else c.credit end;

  insert into cala.entries (position, transaction_id, account_id, amount, debit_after, credit_after, layer, direction,
    currency, entry_type, effective, recorded_at)
  select p.position, p.tx, p.account_id, p.amount,
    coalesce(b.settled_debit, 0) + sum(case p.side when 'debit' then p.amount else 0 end) over w,
    coalesce(b.settled_credit, 0) + sum(case p.side when 'credit' then p.amount else 0 end) over w,
    'settled', p.side, 'USD', 'PAY_' || upper(p.side::text), p.effective, p.recorded_at
  from part p left join cala.balances b on b.account_id = p.account_id and b.currency = 'USD'
  window w as (partition by p.account_id order by p.position rows unbounded preceding)
  order by p.position;

  with own as (
    select p.account_id, p.effective, sum(p.amount) filter (where p.side = 'debit') as debit,
      sum(p.amount) filter (where p.side = 'credit') as credit
    from part p group by 1, 2
  )
  insert into cala.day_sums as s (account_id, currency, effective, settled_debit, settled_credit, pending_debit,
    pending_credit, encumbrance_debit, encumbrance_credit)
  select h.holder, 'USD', h.effective, coalesce(sum(h.debit), 0), coalesce(sum(h.credit), 0), 0, 0, 0, 0
  from (select o.account_id as holder, o.* from own o
        union all
        select n.set_id, o.* from own o join cala.ancestors n on n.account_id = o.account_id) h
  group by 1, 3
  on conflict (account_id, currency, effective) do update set
    settled_debit = s.settled_debit + excluded.settled_debit,
    settled_credit = s.settled_credit + excluded.settled_credit;

  insert into cala.balances as b (account_id, currency, settled_debit, settled_credit, pending_debit, pending_credit,
    encumbrance_debit, encumbrance_credit)
  select h.holder, 'USD', sum(h.debit), sum(h.credit), 0, 0, 0, 0
  from (
    select x.holder, case p.side when 'debit' then p.amount else 0 end as debit,
      case p.side when 'credit' then p.amount else 0 end as credit
    from part p cross join lateral (
      select p.account_id as holder
      union all
      select n.set_id from cala.ancestors n where n.account_id = p.account_id) x) h
  group by 1
  on conflict (account_id, currency) do update set
    settled_debit = b.settled_debit + excluded.settled_debit,
    settled_credit = b.settled_credit + excluded.settled_credit;
end $$;
