-- What the database refuses by itself, whoever writes: changes of history, entries that do not balance,
-- entries on a set or an unknown account, a transaction whose entries are incomplete. These are faults, not
-- refusals: cala.post never runs into them, so they raise (SQLSTATE CL001 and CL002).

create or replace function cala.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '%.% is append-only: % refused', tg_table_schema, tg_table_name, lower(tg_op)
    using errcode = 'CL001';
end $$;

-- All entries of a transaction arrive in one statement, so the new rows alone tell whether it balances.
create or replace function cala.check_entries() returns trigger language plpgsql as $$
declare
  v_bad record;
begin
  select n.transaction_id, n.currency, n.layer into v_bad
  from new_entries n
  group by n.transaction_id, n.currency, n.layer
  having sum(case n.direction when 'debit' then n.amount else -n.amount end) <> 0
  limit 1;
  if found then
    raise exception 'transaction % is unbalanced in % %', v_bad.transaction_id, v_bad.currency, v_bad.layer
      using errcode = 'CL002';
  end if;
  select n.transaction_id into v_bad
  from (select e.transaction_id, count(*) as entry_count, min(e.position) as first, max(e.position) as last,
          min(e.effective) as effective, max(e.effective) as effective_too, min(e.recorded_at) as recorded_at,
          max(e.recorded_at) as recorded_at_too
        from new_entries e group by e.transaction_id) n
  left join cala.transactions t on t.id = n.transaction_id
  where t.entry_count is distinct from n.entry_count
     or (n.effective, n.effective_too) <> (t.effective, t.effective)
     or (n.recorded_at, n.recorded_at_too) <> (t.recorded_at, t.recorded_at)
     or n.first <> t.position * 65536 + 1 or n.last <> t.position * 65536 + n.entry_count
  limit 1;
  if found then
    raise exception 'entries of transaction % are incomplete, misplaced or of other dates', v_bad.transaction_id
      using errcode = 'CL002';
  end if;
  select n.account_id into v_bad
  from (select distinct e.account_id from new_entries e) n
  left join cala.accounts a on a.id = n.account_id
  where a.is_set is distinct from false
  limit 1;
  if found then
    raise exception 'entries must name an account, and % is a set or unknown', v_bad.account_id
      using errcode = 'CL002';
  end if;
  return null;
end $$;
