-- The functions of ledger version 0001, word for word, as a database of that version has them (see
-- test_migrate.py). Not to be changed.

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
  from (select e.transaction_id, count(*) as entry_count, min(e.position) as first, max(e.position) as last
        from new_entries e group by e.transaction_id) n
  left join cala.transactions t on t.id = n.transaction_id
  where t.entry_count is distinct from n.entry_count
     or n.first <> t.position * 65536 + 1 or n.last <> t.position * 65536 + n.entry_count
  limit 1;
  if found then
    raise exception 'entries of transaction % are incomplete or misplaced', v_bad.transaction_id
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


-- Posting: cala.post writes many groups of transactions in one call.
--
-- A group is what succeeds or is refused as a whole (one command of the host). Groups are independent; their
-- order in p_group is the order of decision. A refused group is answered as a row and writes nothing; all
-- others are written completely. Nothing expected raises; what raises is a fault of the whole call.
--
-- Lock doctrine. In this order, always:
--   1. the structure lock (advisory), shared. Whoever changes what postings rest on for many accounts at once
--      (members of sets, a journal's status) holds it exclusively, so ancestors cannot move under a posting.
--   2. the opening lock (advisory, exclusive), only in cala.open_accounts.
--   3. the rows of cala.accounts of every account posted to, every set above it, and every account whose
--      status changes, in id order, in one statement, FOR NO KEY UPDATE. A balance is guarded by its account's
--      row: that row exists before the first posting, so a first posting is not a special case.
--   4. transaction ids, by inserting them in id order.
-- Balances and day sums have no locks of their own. Statuses, limits and balances are read in the statements
-- after the one that locks: under READ COMMITTED each statement of a volatile function sees what was
-- committed before it began. Merging the lock and the read into one statement would read a stale balance.
--
-- A transaction id seen before with equal content is a success that writes nothing; with other content the
-- group is refused. Two calls that race with one id and the same accounts are ordered by 3; with different
-- accounts the second one meets the first's row in 4, and the call raises serialization_failure (40001): run
-- it again.
--
-- Checks are optimistic: limits by one window sum over the groups, 64 bits by one comparison. Only when
-- something would break, or when statuses change in the same call, cala.post_in_order walks the groups one by
-- one.
--
-- Plans: arrays have no statistics, so plans are made once and joins forced to index look-ups; arrays that
-- belong together are addressed by subscript, never joined.

create function cala.post_in_order(
  p_ok boolean[], p_fresh boolean[], p_ids uuid[], p_tx_group int8[], p_tx_id uuid[],
  p_en_tx int8[], p_en_account uuid[], p_en_layer text[], p_en_direction text[], p_en_currency text[],
  p_en_amount int8[], p_st_group int8[], p_st_account uuid[], p_st_status text[], p_near_overflow boolean
) returns setof cala.refusal language plpgsql
set enable_seqscan = off set enable_hashjoin = on set jit = off as $$
declare
  v_locked boolean[];
  v_used numeric[] := '{}';
  v_refused boolean;
  v_k int8;
  v_n int8;
  r record;
begin
  select array_agg(coalesce(a.status = 'locked', false) order by u.i) into v_locked
  from unnest(p_ids) with ordinality u(id, i) left join cala.accounts a on a.id = u.id;
  for r in
    with e as (
      select p_tx_group[u.tx] as g, u.tx, u.account_id, u.layer::cala.layer as layer, u.direction,
        u.currency, u.amount
      from unnest(p_en_tx, p_en_account, p_en_layer, p_en_direction, p_en_currency, p_en_amount)
        u(tx, account_id, layer, direction, currency, amount)
      where p_ok[p_tx_group[u.tx]] and p_fresh[u.tx]
    ), h as (
      select x.id as holder, e.currency, e.layer, e.g, min(e.tx) as tx,
        coalesce(sum(e.amount) filter (where e.direction = 'debit'), 0) as debit,
        coalesce(sum(e.amount) filter (where e.direction = 'credit'), 0) as credit
      from e cross join lateral (
        select e.account_id as id union all
        select a.set_id from cala.ancestors a where a.account_id = e.account_id) x
      group by 1, 2, 3, 4
    ), hb as (
      select h.*,
        coalesce(case h.layer when 'settled' then b.settled_debit when 'pending' then b.pending_debit
                 else b.encumbrance_debit end, 0)::numeric as base_debit,
        coalesce(case h.layer when 'settled' then b.settled_credit when 'pending' then b.pending_credit
                 else b.encumbrance_credit end, 0)::numeric as base_credit
      from h left join cala.balances b on b.account_id = h.holder and b.currency = h.currency
    ), c as (
      select hb.g, hb.tx, hb.holder, hb.currency, hb.layer, 'debit' as rule, null::text as name,
        hb.debit as delta, hb.base_debit as base, 9223372036854775807::numeric as cap from hb where
          p_near_overflow
      union all
      select hb.g, hb.tx, hb.holder, hb.currency, hb.layer, 'credit', null,
        hb.credit, hb.base_credit, 9223372036854775807 from hb where p_near_overflow
      union all
      select hb.g, hb.tx, hb.holder, hb.currency, hb.layer, l.id::text, l.name,
        case l.direction when 'debit' then hb.debit - hb.credit else hb.credit - hb.debit end,
        case l.direction when 'debit' then hb.base_debit - hb.base_credit else hb.base_credit - hb.base_debit
          end,
        l.amount
      from hb
      join cala.limit_attachments la on la.account_id = hb.holder
      join cala.velocity_limits l on l.id = la.limit_id and l.layer = hb.layer
        and (l.currency is null or l.currency = hb.currency)
    ), k as (
      select c.*, dense_rank() over (order by c.holder, c.currency, c.layer, c.rule) as k from c
    ), rules as (
      select k.g, array_agg(k.k order by k.k) as ks, array_agg(k.delta order by k.k) as deltas,
        array_agg(k.base order by k.k) as bases, array_agg(k.cap order by k.k) as caps,
        array_agg(k.tx order by k.k) as txs, array_agg(k.holder order by k.k) as holders,
        array_agg(k.currency order by k.k) as currencies, array_agg(k.layer order by k.k) as layers,
        array_agg(k.rule order by k.k) as rule_names, array_agg(k.name order by k.k) as limit_names
      from k group by k.g
    ), touched as (
      select e.g, array_agg(u.i order by e.tx, u.i) as accounts, array_agg(e.tx order by e.tx, u.i) as txs
      from (select distinct on (e.g, e.account_id) e.g, e.tx, e.account_id from e order by e.g, e.account_id,
        e.tx) e
      join unnest(p_ids) with ordinality u(id, i) on u.id = e.account_id
      group by e.g
    ), changes as (
      select s.g, array_agg(u.i order by s.n) as accounts, array_agg(s.status = 'locked' order by s.n) as
        locked
      from unnest(p_st_group, p_st_account, p_st_status) with ordinality s(g, account_id, status, n)
      join unnest(p_ids) with ordinality u(id, i) on u.id = s.account_id
      where p_ok[s.g]
      group by s.g
    )
    select g.i as g, rules.*, touched.accounts as touched, touched.txs as touched_txs,
      changes.accounts as changed, changes.locked as changed_locked
    from generate_series(1, cardinality(p_ok)) g(i)
    left join rules on rules.g = g.i left join touched on touched.g = g.i left join changes on changes.g = g.i
    where p_ok[g.i]
    order by g.i
  loop
    v_refused := false;
    -- An account is closed to a group only if it is locked before and not unlocked by the group itself.
    for v_n in 1 .. coalesce(cardinality(r.touched), 0) loop
      continue when not v_locked[r.touched[v_n]];
      if not exists (select 1 from unnest(r.changed, r.changed_locked) u(i, locked)
                     where u.i = r.touched[v_n] and not u.locked)
      then
        return next (r.g, 'ACCOUNT_LOCKED', jsonb_build_object(
          'transaction', r.touched_txs[v_n], 'transaction_id', p_tx_id[r.touched_txs[v_n]],
          'account_id', p_ids[r.touched[v_n]]))::cala.refusal;
        v_refused := true;
        exit;
      end if;
    end loop;
    continue when v_refused;
    for v_n in 1 .. coalesce(cardinality(r.ks), 0) loop
      v_k := r.ks[v_n];
      if v_used[v_k] is null then
        v_used[v_k] := r.bases[v_n];
      end if;
      if r.deltas[v_n] > 0 and v_used[v_k] + r.deltas[v_n] > r.caps[v_n] then
        return next (r.g,
          case when r.limit_names[v_n] is null then 'BALANCE_OVERFLOW' else 'VELOCITY_LIMIT_EXCEEDED' end,
          jsonb_build_object(
            'transaction', r.txs[v_n], 'transaction_id', p_tx_id[r.txs[v_n]], 'account_id', r.holders[v_n],
            'currency', r.currencies[v_n], 'layer', r.layers[v_n], 'limit', r.limit_names[v_n],
            'rule', r.rule_names[v_n], 'asked', r.deltas[v_n], 'left',
              r.caps[v_n] - v_used[v_k]))::cala.refusal;
        v_refused := true;
        exit;
      end if;
    end loop;
    continue when v_refused;
    for v_n in 1 .. coalesce(cardinality(r.ks), 0) loop
      v_used[r.ks[v_n]] := v_used[r.ks[v_n]] + r.deltas[v_n];
    end loop;
    for v_n in 1 .. coalesce(cardinality(r.changed), 0) loop
      v_locked[r.changed[v_n]] := r.changed_locked[v_n];
    end loop;
  end loop;
end $$;

create function cala.post(
  p_group int8[],
  p_tx_group int8[], p_tx_id uuid[], p_tx_template text[], p_tx_journal uuid[], p_tx_effective date[],
  p_tx_recorded_at timestamptz[], p_tx_description text[], p_tx_metadata text[], p_tx_external_id text[],
  p_tx_correlation_id text[], p_tx_digest bytea[], p_tx_entries int8[],
  p_en_tx int8[], p_en_sequence int8[], p_en_type text[], p_en_account uuid[], p_en_layer text[],
  p_en_direction text[], p_en_currency text[], p_en_amount int8[], p_en_description text[],
  p_st_group int8[], p_st_account uuid[], p_st_status text[],
  skip_groups int8[] default '{}'
) returns setof cala.refusal language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan set jit = off as $$
declare
  v_ok boolean[];
  v_fresh boolean[];
  v_ids uuid[];
  v_position int8[];
  v_statuses boolean := cardinality(p_st_group) > 0;
  v_near_overflow boolean;
  v_limits int8;
  v_set_limits int8;
  v_in_order boolean;
  v_total numeric;
  v_expected int8;
  v_written int8;
  r record;
begin
  select array_agg(not (u.g = any(coalesce(skip_groups, '{}'))) order by u.i) into v_ok
  from unnest(p_group) with ordinality u(g, i);
  if v_ok is null or not (true = any(v_ok)) then
    return;
  end if;
  perform pg_advisory_xact_lock_shared(cala.structure_lock());

  select array_agg(h.id order by h.id) into v_ids from (
    select e.account_id as id from unnest(p_en_account, p_en_tx) e(account_id,
      tx) where v_ok[p_tx_group[e.tx]]
    union
    select a.set_id from (select distinct e.account_id from unnest(p_en_account) e(account_id)) d
      join cala.ancestors a on a.account_id = d.account_id
    union
    select s.account_id from unnest(p_st_account, p_st_group) s(account_id, g) where v_ok[s.g]
  ) h;
  perform 1 from cala.accounts a where a.id = any(v_ids) order by a.id for no key update;

  -- Transaction ids that are there already, or twice in this call.
  v_fresh := array_fill(true, array[cardinality(p_tx_id)]);
  for r in
    select t.i, t.g, t.id, x.digest = t.digest as same
    from unnest(p_tx_id, p_tx_group, p_tx_digest) with ordinality t(id, g, digest, i)
    join cala.transactions x on x.id = t.id
    where v_ok[t.g]
  loop
    v_fresh[r.i] := false;
    if not r.same and v_ok[r.g] then
      v_ok[r.g] := false;
      return next (p_group[r.g], 'TRANSACTION_ID_REUSED',
        jsonb_build_object('transaction', r.i, 'transaction_id', r.id))::cala.refusal;
    end if;
  end loop;
  for r in
    select d.i, d.g, d.id, d.g = d.first_g as same_group, d.digest = d.first_digest as same from (
      select t.i, t.g, t.id, t.digest, first_value(t.i) over w as first_i, first_value(t.g) over w as first_g,
        first_value(t.digest) over w as first_digest
      from unnest(p_tx_id, p_tx_group, p_tx_digest) with ordinality t(id, g, digest, i)
      where v_ok[t.g] and v_fresh[t.i]
      window w as (partition by t.id order by t.i)) d
    where d.i <> d.first_i
  loop
    v_fresh[r.i] := false;
    if not (r.same_group and r.same) and v_ok[r.g] then
      v_ok[r.g] := false;
      return next (p_group[r.g],
        case when r.same_group then 'TRANSACTION_ID_REUSED' else 'TRANSACTION_IN_FLIGHT' end,
        jsonb_build_object('transaction', r.i, 'transaction_id', r.id))::cala.refusal;
    end if;
  end loop;

  for r in
    select distinct on (c.g) c.g, c.code, c.detail from (
      select t.g, t.i, 0 as n,
        case when j.id is null then 'JOURNAL_NOT_FOUND' when j.status = 'locked' then 'JOURNAL_LOCKED'
             else 'TEMPLATE_NOT_FOUND' end as code,
        jsonb_build_object('transaction', t.i, 'transaction_id', t.id, 'journal_id', t.journal_id,
          'template', t.template) as detail
      from unnest(p_tx_id, p_tx_group, p_tx_journal, p_tx_template) with ordinality t(id, g, journal_id,
        template, i)
      left join cala.journals j on j.id = t.journal_id
      left join cala.templates p on p.code = t.template
      where v_ok[t.g] and v_fresh[t.i] and (j.id is null or j.status = 'locked' or p.id is null)
      union all
      select p_tx_group[e.tx], e.tx, e.n,
        case when a.id is null then 'ACCOUNT_NOT_FOUND' when a.is_set then 'ACCOUNT_IS_SET'
             when a.journal_id <> p_tx_journal[e.tx] then 'ACCOUNT_NOT_IN_JOURNAL' else 'ACCOUNT_LOCKED' end,
        jsonb_build_object('transaction', e.tx, 'transaction_id', p_tx_id[e.tx], 'account_id', e.account_id,
          'journal_id', p_tx_journal[e.tx])
      from unnest(p_en_tx, p_en_account) with ordinality e(tx, account_id, n)
      left join cala.accounts a on a.id = e.account_id
      where v_ok[p_tx_group[e.tx]] and v_fresh[e.tx]
        and (a.id is null or a.is_set or a.journal_id <> p_tx_journal[e.tx]
             or (a.status = 'locked' and not v_statuses))
      union all
      select s.g, 0, s.n, case when a.id is null then 'ACCOUNT_NOT_FOUND' else 'ACCOUNT_IS_SET' end,
        jsonb_build_object('account_id', s.account_id)
      from unnest(p_st_group, p_st_account) with ordinality s(g, account_id, n)
      left join cala.accounts a on a.id = s.account_id
      where v_ok[s.g] and (a.id is null or a.is_set)
    ) c order by c.g, c.i, c.n
  loop
    v_ok[r.g] := false;
    return next (p_group[r.g], r.code, r.detail)::cala.refusal;
  end loop;

  -- Sums never shrink, so if the whole call fits beside the largest sum, every part of it does.
  select coalesce(sum(e.amount), 0) into v_total from unnest(p_en_amount) e(amount);
  v_near_overflow := v_total > 9223372036854775807;
  if not v_near_overflow then
    select exists (
      select 1 from cala.balances b
      where b.account_id = any(v_ids)
        and greatest(b.settled_debit, b.settled_credit, b.pending_debit, b.pending_credit,
          b.encumbrance_debit,
                     b.encumbrance_credit) > 9223372036854775807 - v_total::int8) into v_near_overflow;
  end if;
  v_in_order := v_statuses or v_near_overflow;
  select count(*), count(*) filter (where a.is_set) into v_limits, v_set_limits
  from cala.limit_attachments la join cala.accounts a on a.id = la.account_id where la.account_id =
    any(v_ids);
  if not v_in_order and v_limits > 0 then
    select exists (
      select 1 from (
        select d.delta, d.amount, sum(d.delta) over (partition by d.holder, d.limit_id,
          d.currency order by d.g)
          + coalesce(case d.layer
              when 'settled' then b.settled_debit::numeric - b.settled_credit
              when 'pending' then b.pending_debit::numeric - b.pending_credit
              else b.encumbrance_debit::numeric - b.encumbrance_credit end, 0)
            * case d.direction when 'debit' then 1 else -1 end as used
        from (
          select x.holder, x.limit_id, l.layer, l.direction, l.amount, e.currency, p_tx_group[e.tx] as g,
            sum(case when e.direction::cala.direction = l.direction then e.amount else -e.amount end) as delta
          from unnest(p_en_tx, p_en_account, p_en_layer, p_en_direction, p_en_currency, p_en_amount)
            e(tx, account_id, layer, direction, currency, amount)
          cross join lateral (
            select la.account_id as holder, la.limit_id from cala.limit_attachments la
            where la.account_id = e.account_id
            union all
            select la.account_id, la.limit_id from cala.ancestors a
            join cala.limit_attachments la on la.account_id = a.set_id
            where v_set_limits > 0 and a.account_id = e.account_id) x
          join cala.velocity_limits l on l.id = x.limit_id
          where v_ok[p_tx_group[e.tx]] and v_fresh[e.tx] and l.layer = e.layer::cala.layer
            and (l.currency is null or l.currency = e.currency)
          group by 1, 2, 3, 4, 5, 6, 7) d
        left join cala.balances b on b.account_id = d.holder and b.currency = d.currency) w
      where w.delta > 0 and w.used > w.amount) into v_in_order;
  end if;
  if v_in_order then
    for r in
      select o.* from cala.post_in_order(v_ok, v_fresh, v_ids, p_tx_group, p_tx_id, p_en_tx, p_en_account,
        p_en_layer,
        p_en_direction, p_en_currency, p_en_amount, p_st_group, p_st_account, p_st_status, v_near_overflow) o
    loop
      v_ok[r.group_no] := false;
      return next (p_group[r.group_no], r.code, r.detail)::cala.refusal;
    end loop;
  end if;

  select count(*) into v_expected
  from unnest(p_tx_group) with ordinality t(g, i) where v_ok[t.g] and v_fresh[t.i];
  if v_expected > 0 then
    select array_agg(nextval('cala.transaction_position')) into v_position
    from generate_series(1, cardinality(p_tx_id));
    insert into cala.transactions (id, position, journal_id, template_id, entry_count, effective,
      recorded_at, digest,
      description, external_id, correlation_id, metadata)
    select t.id, v_position[t.i], t.journal_id, p.id, t.entries, t.effective,
      coalesce(t.recorded_at, clock_timestamp()), t.digest, t.description, t.external_id, t.correlation_id,
      t.metadata::jsonb
    from unnest(p_tx_id, p_tx_group, p_tx_template, p_tx_journal, p_tx_effective, p_tx_recorded_at,
      p_tx_digest,
        p_tx_entries, p_tx_description, p_tx_external_id, p_tx_correlation_id, p_tx_metadata) with ordinality
      t(id, g, template, journal_id, effective, recorded_at, digest, entries, description, external_id,
        correlation_id, metadata, i)
    join cala.templates p on p.code = t.template
    where v_ok[t.g] and v_fresh[t.i]
    order by t.id
    on conflict (id) do nothing;
    get diagnostics v_written = row_count;
    if v_written <> v_expected then
      raise exception 'a transaction id was posted by another call at this moment' using errcode = '40001';
    end if;

    insert into cala.entries (position, transaction_id, account_id, amount, debit_after, credit_after, layer,
      direction, currency, entry_type, description)
    select v_position[e.tx] * 65536 + e.sequence, p_tx_id[e.tx], e.account_id, e.amount,
      (coalesce(case e.layer when 'settled' then b.settled_debit when 'pending' then b.pending_debit
                else b.encumbrance_debit end, 0)
        + sum(case e.direction when 'debit' then e.amount else 0 end) over w)::int8,
      (coalesce(case e.layer when 'settled' then b.settled_credit when 'pending' then b.pending_credit
                else b.encumbrance_credit end, 0)
        + sum(case e.direction when 'credit' then e.amount else 0 end) over w)::int8,
      e.layer::cala.layer, e.direction::cala.direction, e.currency, e.type, e.description
    from unnest(p_en_tx, p_en_sequence, p_en_type, p_en_account, p_en_layer, p_en_direction, p_en_currency,
        p_en_amount, p_en_description)
      e(tx, sequence, type, account_id, layer, direction, currency, amount, description)
    left join cala.balances b on b.account_id = e.account_id and b.currency = e.currency
    where v_ok[p_tx_group[e.tx]] and v_fresh[e.tx]
    window w as (partition by e.account_id, e.currency, e.layer order by e.tx, e.sequence
                 rows unbounded preceding);

    with own as (
      select e.account_id, e.currency, p_tx_effective[e.tx] as effective,
        coalesce(sum(e.amount) filter (where e.layer = 'settled' and e.direction = 'debit'), 0) as sd,
        coalesce(sum(e.amount) filter (where e.layer = 'settled' and e.direction = 'credit'), 0) as sc,
        coalesce(sum(e.amount) filter (where e.layer = 'pending' and e.direction = 'debit'), 0) as pd,
        coalesce(sum(e.amount) filter (where e.layer = 'pending' and e.direction = 'credit'), 0) as pc,
        coalesce(sum(e.amount) filter (where e.layer = 'encumbrance' and e.direction = 'debit'), 0) as ed,
        coalesce(sum(e.amount) filter (where e.layer = 'encumbrance' and e.direction = 'credit'), 0) as ec
      from unnest(p_en_tx, p_en_account, p_en_layer, p_en_direction, p_en_currency, p_en_amount)
        e(tx, account_id, layer, direction, currency, amount)
      where v_ok[p_tx_group[e.tx]] and v_fresh[e.tx]
      group by 1, 2, 3
    ), day as materialized (
      select x.holder, x.currency, x.effective, sum(x.sd) as sd, sum(x.sc) as sc, sum(x.pd) as pd,
        sum(x.pc) as pc,
        sum(x.ed) as ed, sum(x.ec) as ec
      from (
        select o.account_id as holder, o.* from own o
        union all
        select a.set_id, o.* from own o join cala.ancestors a on a.account_id = o.account_id) x
      group by 1, 2, 3
    ), days as (
      insert into cala.day_sums as s (account_id, currency, effective, settled_debit, settled_credit,
        pending_debit,
        pending_credit, encumbrance_debit, encumbrance_credit)
      select d.holder, d.currency, d.effective, d.sd, d.sc, d.pd, d.pc, d.ed, d.ec from day d
      on conflict (account_id, currency, effective) do update set
        settled_debit = s.settled_debit + excluded.settled_debit,
        settled_credit = s.settled_credit + excluded.settled_credit,
        pending_debit = s.pending_debit + excluded.pending_debit,
        pending_credit = s.pending_credit + excluded.pending_credit,
        encumbrance_debit = s.encumbrance_debit + excluded.encumbrance_debit,
        encumbrance_credit = s.encumbrance_credit + excluded.encumbrance_credit
    )
    insert into cala.balances as b (account_id, currency, settled_debit, settled_credit, pending_debit,
      pending_credit, encumbrance_debit, encumbrance_credit)
    select d.holder, d.currency, sum(d.sd), sum(d.sc), sum(d.pd), sum(d.pc), sum(d.ed), sum(d.ec)
    from day d group by 1, 2
    on conflict (account_id, currency) do update set
      settled_debit = b.settled_debit + excluded.settled_debit,
      settled_credit = b.settled_credit + excluded.settled_credit,
      pending_debit = b.pending_debit + excluded.pending_debit,
      pending_credit = b.pending_credit + excluded.pending_credit,
      encumbrance_debit = b.encumbrance_debit + excluded.encumbrance_debit,
      encumbrance_credit = b.encumbrance_credit + excluded.encumbrance_credit;
  end if;

  if v_statuses then
    update cala.accounts a set status = s.status::cala.status
    from (select distinct on (u.account_id) u.account_id, u.status
          from unnest(p_st_group, p_st_account, p_st_status) with ordinality u(g, account_id, status, n)
          where v_ok[u.g] order by u.account_id, u.n desc) s
    where a.id = s.account_id and a.status <> s.status::cala.status;
  end if;
end $$;

create function cala.set_account_status(
  p_group int8[], p_st_group int8[], p_st_account uuid[], p_st_status text[], skip_groups int8[] default '{}'
) returns setof cala.refusal language sql as $$
  select * from cala.post(p_group, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
    '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', p_st_group, p_st_account, p_st_status, skip_groups)
$$;

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
      left join lateral (select b.i, b.journal_id from ac b where b.id = me.set_id and b.i < me.i limit 1) b
        on true) m
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

-- Members of sets that may have history. Both functions hold the structure lock exclusively: no posting runs,
-- so the closure and the sums move together, for all dates, in one transaction. The price is that postings
-- wait for it; the cost is the day sums of the accounts that come under, or leave, each set.
-- They answer null, or the code of a refusal; nothing is written then.

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

create function cala.add_member(p_set uuid, p_member uuid, p_added_at timestamptz) returns text
language plpgsql as $$
declare
  v_set cala.accounts;
  v_member cala.accounts;
  v_accounts uuid[];
  v_sets uuid[];
begin
  perform pg_advisory_xact_lock(cala.structure_lock());
  select * into v_set from cala.accounts a where a.id = p_set;
  select * into v_member from cala.accounts a where a.id = p_member;
  case
    when v_set.id is null then return 'SET_NOT_FOUND';
    when not v_set.is_set then return 'NOT_A_SET';
    when v_member.id is null then return 'MEMBER_NOT_FOUND';
    when v_set.journal_id <> v_member.journal_id then return 'ACCOUNT_NOT_IN_JOURNAL';
    when p_set = p_member or exists (
      select 1 from cala.ancestors a where a.account_id = p_set and a.set_id = p_member) then return
        'SET_CYCLE';
    when exists (select 1 from cala.members m where m.set_id = p_set and m.member_id = p_member) then
      return 'ALREADY_MEMBER';
    else null;
  end case;
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
    return 'BALANCE_OVERFLOW';
  end;
  return null;
end $$;

create function cala.remove_member(p_set uuid, p_member uuid) returns text language plpgsql as $$
declare
  v_accounts uuid[];
  v_sets uuid[];
begin
  perform pg_advisory_xact_lock(cala.structure_lock());
  delete from cala.members m where m.set_id = p_set and m.member_id = p_member;
  if not found then
    return 'NOT_A_MEMBER';
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
  return null;
end $$;

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
    select 'guard missing or disabled', jsonb_build_object('trigger', w.name)
    from (values ('transactions_append_only'), ('entries_append_only'), ('entries_check')) w(name)
    where not exists (
      select 1 from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace s on s.oid =
        c.relnamespace
      where s.nspname = 'cala' and t.tgname = w.name and t.tgenabled in ('O', 'A'))
  ) limit p_limit
$$;
