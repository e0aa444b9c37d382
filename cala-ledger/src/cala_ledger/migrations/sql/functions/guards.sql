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
  select s.* into v_bad
  from (
    select g.transaction_id, min(g.currency || ' ' || g.layer) filter (where g.net <> 0) as unbalanced,
      (array_agg(g.misplaced) filter (where g.misplaced is not null))[1] as misplaced,
      sum(g.entries) as entries, min(g.first) as first, max(g.last) as last,
      min(g.effective) as effective, max(g.effective_too) as effective_too,
      min(g.recorded_at) as recorded_at, max(g.recorded_at_too) as recorded_at_too
    from (
      select n.transaction_id, n.currency, n.layer,
        sum(case n.direction when 'debit' then n.amount else -n.amount end) as net,
        (array_agg(n.account_id) filter (where a.is_set is distinct from false))[1] as misplaced,
        count(*) as entries, min(n.position) as first, max(n.position) as last,
        min(n.effective) as effective, max(n.effective) as effective_too,
        min(n.recorded_at) as recorded_at, max(n.recorded_at) as recorded_at_too
      from new_entries n left join cala.accounts a on a.id = n.account_id
      group by n.transaction_id, n.currency, n.layer) g
    group by g.transaction_id) s
  left join cala.transactions t on t.id = s.transaction_id
  where s.unbalanced is not null or s.misplaced is not null
    or t.entry_count is distinct from s.entries
    or (s.effective, s.effective_too) <> (t.effective, t.effective)
    or (s.recorded_at, s.recorded_at_too) <> (t.recorded_at, t.recorded_at)
    or s.first <> t.position * 65536 + 1 or s.last <> t.position * 65536 + t.entry_count
  limit 1;
  if not found then
    return null;
  elsif v_bad.unbalanced is not null then
    raise exception 'transaction % is unbalanced in %', v_bad.transaction_id, v_bad.unbalanced
      using errcode = 'CL002';
  elsif v_bad.misplaced is not null then
    raise exception 'entries must name an account, and % is a set or unknown', v_bad.misplaced
      using errcode = 'CL002';
  end if;
  raise exception 'entries of transaction % are incomplete, misplaced or of other dates', v_bad.transaction_id
    using errcode = 'CL002';
end $$;
