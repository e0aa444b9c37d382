-- Members of sets that may have history. Both functions hold the structure lock exclusively: no posting runs,
-- so the closure and the sums move together, for all dates, in one transaction. The price is that postings
-- wait for it; the cost is the day sums of the accounts that come under, or leave, each set.
-- They answer nulls, or code and facts of a refusal; nothing is written then.

create function cala.move_history(p_accounts uuid[], p_sets uuid[],
  p_sign int8) returns void language sql as $$
  insert into cala.day_sums as s (account_id, currency, effective, settled_debit, settled_credit,
    pending_debit,
    pending_credit, encumbrance_debit, encumbrance_credit)
  select u.set_id, d.currency, d.effective, sum(d.settled_debit), sum(d.settled_credit), sum(d.pending_debit),
    sum(d.pending_credit), sum(d.encumbrance_debit), sum(d.encumbrance_credit)
  from unnest(p_accounts, p_sets) u(account_id, set_id)
  join cala.accounts a on a.id = u.account_id and not a.is_set
  join cala.day_sums d on d.account_id = u.account_id
  group by 1, 2, 3
  on conflict (account_id, currency, effective) do update set
    settled_debit = s.settled_debit + p_sign * excluded.settled_debit,
    settled_credit = s.settled_credit + p_sign * excluded.settled_credit,
    pending_debit = s.pending_debit + p_sign * excluded.pending_debit,
    pending_credit = s.pending_credit + p_sign * excluded.pending_credit,
    encumbrance_debit = s.encumbrance_debit + p_sign * excluded.encumbrance_debit,
    encumbrance_credit = s.encumbrance_credit + p_sign * excluded.encumbrance_credit;

  insert into cala.balances as b (account_id, currency, settled_debit, settled_credit, pending_debit,
    pending_credit,
    encumbrance_debit, encumbrance_credit)
  select u.set_id, d.currency, sum(d.settled_debit), sum(d.settled_credit), sum(d.pending_debit),
    sum(d.pending_credit), sum(d.encumbrance_debit), sum(d.encumbrance_credit)
  from unnest(p_accounts, p_sets) u(account_id, set_id)
  join cala.accounts a on a.id = u.account_id and not a.is_set
  join cala.balances d on d.account_id = u.account_id
  group by 1, 2
  on conflict (account_id, currency) do update set
    settled_debit = b.settled_debit + p_sign * excluded.settled_debit,
    settled_credit = b.settled_credit + p_sign * excluded.settled_credit,
    pending_debit = b.pending_debit + p_sign * excluded.pending_debit,
    pending_credit = b.pending_credit + p_sign * excluded.pending_credit,
    encumbrance_debit = b.encumbrance_debit + p_sign * excluded.encumbrance_debit,
    encumbrance_credit = b.encumbrance_credit + p_sign * excluded.encumbrance_credit;
$$;

-- The first set whose sums would not fit with the history of accounts that come under it.
create function cala.overflowing(p_accounts uuid[], p_sets uuid[]) returns jsonb language sql stable as $$
  select jsonb_build_object('account_id', x.set_id, 'currency', x.currency, 'layer', l.layer)
  from (
    select u.set_id, d.currency, sum(d.settled_debit) as sd, sum(d.settled_credit) as sc,
      sum(d.pending_debit) as pd, sum(d.pending_credit) as pc, sum(d.encumbrance_debit) as ed,
      sum(d.encumbrance_credit) as ec
    from unnest(p_accounts, p_sets) u(account_id, set_id)
    join cala.accounts a on a.id = u.account_id and not a.is_set
    join cala.balances d on d.account_id = u.account_id
    group by 1, 2) x
  left join cala.balances b on b.account_id = x.set_id and b.currency = x.currency
  cross join lateral (values
    ('settled', greatest(x.sd + coalesce(b.settled_debit, 0), x.sc + coalesce(b.settled_credit, 0))),
    ('pending', greatest(x.pd + coalesce(b.pending_debit, 0), x.pc + coalesce(b.pending_credit, 0))),
    ('encumbrance', greatest(x.ed + coalesce(b.encumbrance_debit, 0), x.ec + coalesce(b.encumbrance_credit, 0)))
  ) l(layer, most)
  where l.most > 9223372036854775807 order by x.set_id, x.currency limit 1
$$;

create function cala.add_member(
  p_set uuid, p_member uuid, p_added_at timestamptz, out code text, out detail jsonb
) language plpgsql as $$
declare
  v_set cala.accounts;
  v_member cala.accounts;
  v_accounts uuid[];
  v_sets uuid[];
begin
  perform pg_advisory_xact_lock(cala.structure_lock());
  select * into v_set from cala.accounts a where a.id = p_set;
  select * into v_member from cala.accounts a where a.id = p_member;
  code := case
    when v_set.id is null then 'SET_NOT_FOUND'
    when not v_set.is_set then 'NOT_A_SET'
    when v_member.id is null then 'MEMBER_NOT_FOUND'
    when v_set.journal_id <> v_member.journal_id then 'ACCOUNT_NOT_IN_JOURNAL'
    when p_set = p_member or exists (
      select 1 from cala.ancestors a where a.account_id = p_set and a.set_id = p_member) then 'SET_CYCLE'
    when exists (select 1 from cala.members m where m.set_id = p_set and m.member_id = p_member)
      then 'ALREADY_MEMBER' end;
  if code is not null then
    detail := jsonb_build_object('set_id', p_set, 'member_id', p_member, 'account_id', p_member, 'journal_id',
      v_set.journal_id);
    return;
  end if;
  begin
    insert into cala.members (set_id, member_id, added_at)
    values (p_set, p_member, coalesce(p_added_at, clock_timestamp()));
    with gained as (
      insert into cala.ancestors (account_id, set_id)
      select below.id, above.id
      from (select p_member as id union all
            select a.account_id from cala.ancestors a where a.set_id = p_member) below
      cross join (select p_set as id union all
                  select a.set_id from cala.ancestors a where a.account_id = p_set) above
      on conflict do nothing
      returning account_id, set_id
    )
    select array_agg(g.account_id), array_agg(g.set_id) into v_accounts, v_sets from gained g;
    perform cala.move_history(coalesce(v_accounts, '{}'), coalesce(v_sets, '{}'), 1);
  exception when numeric_value_out_of_range then
    code := 'BALANCE_OVERFLOW';
    detail := cala.overflowing(v_accounts, v_sets) || jsonb_build_object('set_id', p_set, 'member_id', p_member);
  end;
end $$;

create function cala.remove_member(p_set uuid, p_member uuid, out code text, out detail jsonb)
language plpgsql as $$
declare
  v_accounts uuid[];
  v_sets uuid[];
begin
  perform pg_advisory_xact_lock(cala.structure_lock());
  delete from cala.members m where m.set_id = p_set and m.member_id = p_member;
  if not found then
    code := 'NOT_A_MEMBER';
    detail := jsonb_build_object('set_id', p_set, 'member_id', p_member);
    return;
  end if;
  with recursive below as materialized (
    select p_member as id union all
    select a.account_id from cala.ancestors a where a.set_id = p_member
  ), still (account_id, set_id) as (
    select m.member_id, m.set_id from cala.members m where m.member_id in (select b.id from below b)
    union
    select s.account_id, m.set_id from still s join cala.members m on m.member_id = s.set_id
  ), lost as (
    delete from cala.ancestors a
    where a.account_id in (select b.id from below b)
      and not exists (select 1 from still s where s.account_id = a.account_id and s.set_id = a.set_id)
    returning a.account_id, a.set_id
  )
  select array_agg(l.account_id), array_agg(l.set_id) into v_accounts, v_sets from lost l;
  perform cala.move_history(coalesce(v_accounts, '{}'), coalesce(v_sets, '{}'), -1);
end $$;
