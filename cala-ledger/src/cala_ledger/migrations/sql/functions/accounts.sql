-- Opening accounts and sets, many groups in one call (groups, refusals and skip_groups as in cala.post).
--
-- Locks: the structure lock shared, so that the ancestors of a parent set stand still, then the opening lock:
-- openings are serialised until commit, hence a look at ids, codes and external ids tells the truth and none
-- of them raises. Call it before cala.post when both are in one database transaction.
--
-- A parent is a set that exists or stands earlier in the same call, so membership cannot form a cycle here,
-- and a new account has no history that a set would have to take over.

create function cala.structure_lock() returns int8 language sql immutable as $$ select 7166741041001 $$;
create function cala.opening_lock() returns int8 language sql immutable as $$ select 7166741041002 $$;

create function cala.open_refusals(
  p_ok boolean[], p_ac_group int8[], p_ac_id uuid[], p_ac_journal uuid[], p_ac_code text[],
    p_ac_external_id text[],
  p_me_account int8[], p_me_set uuid[], p_li_account int8[], p_li_limit uuid[], p_ac_is_set boolean[]
) returns setof cala.refusal language sql volatile as $$
  with ac as (
    select u.* from unnest(p_ac_group, p_ac_id, p_ac_journal, p_ac_code, p_ac_external_id)
      with ordinality u(g, id, journal_id, code, external_id, i)
    where p_ok[u.g]
  ), bad as (
    select ac.g, ac.i, 1 as priority, 'JOURNAL_NOT_FOUND' as code, jsonb_build_object('journal_id',
      ac.journal_id) as d
    from ac left join cala.journals j on j.id = ac.journal_id where j.id is null
    union all
    select ac.g, ac.i, 2, 'ACCOUNT_ID_EXISTS', '{}' from ac
    where exists (select 1 from cala.accounts a where a.id = ac.id)
    union all
    select ac.g, ac.i, 3, 'ACCOUNT_CODE_EXISTS', jsonb_build_object('code', ac.code) from ac
    where exists (select 1 from cala.accounts a where a.code = ac.code)
    union all
    select ac.g, ac.i, 4, 'ACCOUNT_EXTERNAL_ID_EXISTS', jsonb_build_object('external_id',
      ac.external_id) from ac
    where exists (select 1 from cala.accounts a where a.external_id = ac.external_id)
    union all
    select x.g, x.i, 2, 'ACCOUNT_ID_EXISTS', '{}'
    from (select ac.g, ac.i, row_number() over (partition by ac.id order by ac.i) as n from ac) x where x.n >
      1
    union all
    select x.g, x.i, 3, 'ACCOUNT_CODE_EXISTS', jsonb_build_object('code', x.code)
    from (select ac.g, ac.i, ac.code, row_number() over (partition by ac.code order by ac.i) as n
          from ac where ac.code is not null) x where x.n > 1
    union all
    select x.g, x.i, 4, 'ACCOUNT_EXTERNAL_ID_EXISTS', jsonb_build_object('external_id', x.external_id)
    from (select ac.g, ac.i, ac.external_id, row_number() over (partition by ac.external_id order by ac.i) as
      n
          from ac where ac.external_id is not null) x where x.n > 1
    union all
    select m.g, m.i, 5, case when m.is_set is null then 'SET_NOT_FOUND' when not m.is_set then 'NOT_A_SET'
      else 'ACCOUNT_NOT_IN_JOURNAL' end, jsonb_build_object('set_id', m.set_id)
    from (
      select ac.g, ac.i, me.set_id, ac.journal_id as own, coalesce(s.is_set, p_ac_is_set[b.i]) as is_set,
        coalesce(s.journal_id, b.journal_id) as journal_id
      from unnest(p_me_account, p_me_set) me(i, set_id)
      join ac on ac.i = me.i
      left join cala.accounts s on s.id = me.set_id
      -- a set opened before it by the same statement; joined by hash, a look for each would be quadratic
      left join ac b on b.id = me.set_id and b.i < me.i) m
    where m.is_set is distinct from true or m.journal_id <> m.own
    union all
    select ac.g, ac.i, 6, 'LIMIT_NOT_FOUND', jsonb_build_object('limit_id', li.limit_id)
    from unnest(p_li_account, p_li_limit) li(i, limit_id)
    join ac on ac.i = li.i left join cala.velocity_limits l on l.id = li.limit_id where l.id is null
  )
  select distinct on (bad.g) bad.g, bad.code, bad.d || jsonb_build_object('account', bad.i, 'account_id',
    p_ac_id[bad.i])
  from bad order by bad.g, bad.i, bad.priority
$$;

create function cala.open_write(
  p_ok boolean[], p_ac_group int8[], p_ac_id uuid[], p_ac_journal uuid[], p_ac_is_set boolean[],
    p_ac_code text[],
  p_ac_external_id text[], p_ac_name text[], p_ac_description text[], p_ac_side text[], p_ac_metadata text[],
  p_ac_created_at timestamptz[], p_me_account int8[], p_me_set uuid[], p_li_account int8[], p_li_limit uuid[]
) returns void language sql volatile as $$
  insert into cala.accounts (id, journal_id, is_set, code, external_id, name, description, normal_side,
    metadata,
    created_at)
  select u.id, u.journal_id, u.is_set, u.code, u.external_id, u.name, u.description, u.side::cala.direction,
    u.metadata::jsonb, coalesce(u.created_at, clock_timestamp())
  from unnest(p_ac_group, p_ac_id, p_ac_journal, p_ac_is_set, p_ac_code, p_ac_external_id, p_ac_name,
      p_ac_description, p_ac_side, p_ac_metadata, p_ac_created_at) with ordinality
    u(g, id, journal_id, is_set, code, external_id, name, description, side, metadata, created_at, i)
  where p_ok[u.g] order by u.i;

  insert into cala.members (set_id, member_id, added_at)
  select distinct on (me.set_id, p_ac_id[me.i]) me.set_id, p_ac_id[me.i],
    coalesce(p_ac_created_at[me.i], clock_timestamp())
  from unnest(p_me_account, p_me_set) me(i, set_id) where p_ok[p_ac_group[me.i]];

  insert into cala.limit_attachments (account_id, limit_id)
  select distinct p_ac_id[li.i], li.limit_id
  from unnest(p_li_account, p_li_limit) li(i, limit_id) where p_ok[p_ac_group[li.i]];

  insert into cala.ancestors (account_id, set_id)
  with recursive up (account_id, set_id) as (
    select m.member_id, m.set_id from cala.members m
    where m.member_id in (select u.id from unnest(p_ac_id, p_ac_group) u(id, g) where p_ok[u.g])
    union
    select up.account_id, m.set_id from up join cala.members m on m.member_id = up.set_id
  )
  select up.account_id, up.set_id from up;
$$;

create function cala.open_accounts(
  p_group int8[],
  p_ac_group int8[], p_ac_id uuid[], p_ac_journal uuid[], p_ac_is_set boolean[], p_ac_code text[],
  p_ac_external_id text[], p_ac_name text[], p_ac_description text[], p_ac_side text[], p_ac_metadata text[],
  p_ac_created_at timestamptz[],
  p_me_account int8[], p_me_set uuid[], p_li_account int8[], p_li_limit uuid[],
  skip_groups int8[] default '{}'
) returns setof cala.refusal language plpgsql as $$
declare
  v_ok boolean[];
  v_one boolean[];
  v_g int8;
  v_refusal cala.refusal;
begin
  select array_agg(not (u.g = any(coalesce(skip_groups, '{}'))) order by u.i) into v_ok
  from unnest(p_group) with ordinality u(g, i);
  if v_ok is null or not (true = any(v_ok)) or cardinality(p_ac_id) = 0 then
    return;
  end if;
  perform pg_advisory_xact_lock_shared(cala.structure_lock());
  perform pg_advisory_xact_lock(cala.opening_lock());
  select * into v_refusal from cala.open_refusals(v_ok, p_ac_group, p_ac_id, p_ac_journal, p_ac_code,
    p_ac_external_id,
    p_me_account, p_me_set, p_li_account, p_li_limit, p_ac_is_set) limit 1;
  if not found then
    perform cala.open_write(v_ok, p_ac_group, p_ac_id, p_ac_journal, p_ac_is_set, p_ac_code, p_ac_external_id,
      p_ac_name, p_ac_description, p_ac_side, p_ac_metadata, p_ac_created_at, p_me_account, p_me_set,
        p_li_account,
      p_li_limit);
    return;
  end if;
  -- Something is refused: group by group, because a group may rest on what an earlier one opened.
  for v_g in 1 .. cardinality(p_group) loop
    continue when not v_ok[v_g];
    select array_agg(u.i = v_g order by u.i) into v_one from generate_series(1, cardinality(p_group)) u(i);
    select * into v_refusal from cala.open_refusals(v_one, p_ac_group, p_ac_id, p_ac_journal, p_ac_code,
      p_ac_external_id, p_me_account, p_me_set, p_li_account, p_li_limit, p_ac_is_set) limit 1;
    if found then
      return next (p_group[v_g], v_refusal.code, v_refusal.detail)::cala.refusal;
    else
      perform cala.open_write(v_one, p_ac_group, p_ac_id, p_ac_journal, p_ac_is_set, p_ac_code,
        p_ac_external_id,
        p_ac_name, p_ac_description, p_ac_side, p_ac_metadata, p_ac_created_at, p_me_account, p_me_set,
          p_li_account,
        p_li_limit);
    end if;
  end loop;
end $$;
