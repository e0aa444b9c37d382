-- Recomputes what the tables say from the entries alone. One row per difference; `limit` bounds the answer.
-- Reads one snapshot: run it in a repeatable read transaction while postings go on.

create function cala.violations(p_limit int8) returns table (rule text,
  detail jsonb) language sql stable as $$
  with per_account as materialized (
    select e.account_id, e.currency, t.effective,
      sum(e.amount) filter (where e.layer = 'settled' and e.direction = 'debit') as sd,
      sum(e.amount) filter (where e.layer = 'settled' and e.direction = 'credit') as sc,
      sum(e.amount) filter (where e.layer = 'pending' and e.direction = 'debit') as pd,
      sum(e.amount) filter (where e.layer = 'pending' and e.direction = 'credit') as pc,
      sum(e.amount) filter (where e.layer = 'encumbrance' and e.direction = 'debit') as ed,
      sum(e.amount) filter (where e.layer = 'encumbrance' and e.direction = 'credit') as ec
    from cala.entries e join cala.transactions t on t.id = e.transaction_id
    group by 1, 2, 3
  ), closure as materialized (
    with recursive up (account_id, set_id) as (
      select m.member_id, m.set_id from cala.members m
      union
      select up.account_id, m.set_id from up join cala.members m on m.member_id = up.set_id)
    select * from up
  ), expected_days as materialized (
    select x.holder, x.currency, x.effective,
      array[coalesce(sum(x.sd), 0), coalesce(sum(x.sc), 0), coalesce(sum(x.pd), 0), coalesce(sum(x.pc), 0),
            coalesce(sum(x.ed), 0), coalesce(sum(x.ec), 0)] as sums
    from (select p.account_id as holder, p.* from per_account p
          union all
          select c.set_id, p.* from per_account p join closure c on c.account_id = p.account_id) x
    group by 1, 2, 3
  ), expected_now as (
    select d.holder, d.currency, array[sum(d.sums[1]), sum(d.sums[2]), sum(d.sums[3]), sum(d.sums[4]),
      sum(d.sums[5]), sum(d.sums[6])] as sums
    from expected_days d group by 1, 2
  ), found_days as (
    select s.account_id as holder, s.currency, s.effective,
      array[s.settled_debit, s.settled_credit, s.pending_debit, s.pending_credit, s.encumbrance_debit,
            s.encumbrance_credit]::numeric[] as sums
    from cala.day_sums s
  ), found_now as (
    select b.account_id as holder, b.currency,
      array[b.settled_debit, b.settled_credit, b.pending_debit, b.pending_credit, b.encumbrance_debit,
            b.encumbrance_credit]::numeric[] as sums
    from cala.balances b
  ), zero as (select array[0, 0, 0, 0, 0, 0]::numeric[] as sums)
  (
    select 'unbalanced transaction', jsonb_build_object('transaction_id', e.transaction_id, 'currency',
      e.currency,
      'layer', e.layer)
    from cala.entries e group by e.transaction_id, e.currency, e.layer
    having sum(case e.direction when 'debit' then e.amount else -e.amount end) <> 0
    union all
    select 'entries of a transaction', jsonb_build_object('transaction_id', t.id, 'stated', t.entry_count,
      'found', coalesce(e.found, 0))
    from cala.transactions t
    left join (select transaction_id, count(*) as found from cala.entries group by 1) e on e.transaction_id =
      t.id
    where t.entry_count <> coalesce(e.found, 0)
    union all
    select 'entry on a set or an unknown account', jsonb_build_object('account_id', e.account_id)
    from (select distinct account_id from cala.entries) e left join cala.accounts a on a.id = e.account_id
    where a.is_set is distinct from false
    union all
    select 'day sums', jsonb_build_object('account_id', coalesce(f.holder, x.holder), 'currency',
      coalesce(f.currency, x.currency), 'effective', coalesce(f.effective, x.effective), 'stored', f.sums,
      'entries', x.sums)
    from found_days f full join expected_days x using (holder, currency, effective) cross join zero
    where coalesce(f.sums, zero.sums) <> coalesce(x.sums, zero.sums)
    union all
    select 'balance', jsonb_build_object('account_id', coalesce(f.holder, x.holder), 'currency',
      coalesce(f.currency, x.currency), 'stored', f.sums, 'entries', x.sums)
    from found_now f full join expected_now x using (holder, currency) cross join zero
    where coalesce(f.sums, zero.sums) <> coalesce(x.sums, zero.sums)
    union all
    select 'running balance', jsonb_build_object('account_id', r.account_id, 'position', r.position)
    from (
      select e.account_id, e.position, e.debit_after, e.credit_after,
        sum(case e.direction when 'debit' then e.amount else 0 end) over w as debit,
        sum(case e.direction when 'credit' then e.amount else 0 end) over w as credit
      from cala.entries e
      window w as (partition by e.account_id, e.currency, e.layer order by e.position)) r
    where r.debit <> r.debit_after or r.credit <> r.credit_after
    union all
    select 'closure of sets', jsonb_build_object('account_id', coalesce(c.account_id, n.account_id), 'set_id',
      coalesce(c.set_id, n.set_id))
    from closure c full join cala.ancestors n on n.account_id = c.account_id and n.set_id = c.set_id
    where c.set_id is null or n.set_id is null
    union all
    select 'dates of an entry', jsonb_build_object('transaction_id', t.id, 'position', e.position)
    from cala.entries e join cala.transactions t on t.id = e.transaction_id
    where (e.effective, e.recorded_at) <> (t.effective, t.recorded_at)
    union all
    select 'reversal that is not the opposite', jsonb_build_object('transaction_id', t.id,
      'reverses', t.reverses)
    from cala.transactions t
    where t.reverses is not null and exists (
      select 1 from (
        select x.account_id, x.currency, x.layer, sum(case x.direction when 'debit' then x.amount
          else -x.amount end) as net
        from cala.transactions o
        join cala.entries x on x.position between o.position * 65536 and o.position * 65536 + 65535
        where o.id in (t.id, t.reverses)
        group by 1, 2, 3) n where n.net <> 0)
    union all
    select 'usage of a limit that is not attached', jsonb_build_object('account_id', u.account_id,
      'limit_id', u.limit_id)
    from cala.limit_usage u
    where not exists (
      select 1 from cala.limit_attachments la where la.limit_id = u.limit_id)
    union all
    select 'guard missing or disabled', jsonb_build_object('trigger', w.name)
    from (values ('transactions_append_only'), ('entries_append_only'), ('entries_check'),
      ('blocks_append_only')) w(name)
    where not exists (
      select 1 from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace s on s.oid =
        c.relnamespace
      where s.nspname = 'cala' and t.tgname = w.name and t.tgenabled in ('O', 'A'))
  ) limit p_limit
$$;
