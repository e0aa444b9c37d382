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
-- Plans: arrays have no statistics, so plans are made once and joins forced to index look-ups. Arrays that
-- belong together are addressed by subscript, never joined; an `unnest` of ten arrays costs ten times the
-- start of one, which a small batch would feel. An array of texts is walked from its start at each subscript,
-- so what repeats comes apart: a transaction names its head (p_he_*), an entry its kind (p_ki_*), by number. A
-- column that is null throughout comes as an empty array: any subscript of it is null.

create function cala.post_in_order(
  p_ok boolean[], p_fresh boolean[], p_ids uuid[], p_tx_group int8[], p_tx_id uuid[],
  p_en_tx int8[], p_en_account uuid[], p_en_kind int8[], p_en_amount int8[], p_ki_layer text[],
  p_ki_direction text[], p_ki_currency text[], p_st_group int8[], p_st_account uuid[], p_st_status text[], p_near_overflow boolean,
  p_moves cala.limit_move[]
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
      select p_tx_group[u.tx] as g, u.tx, u.account_id, p_ki_layer[u.kind]::cala.layer as layer,
        p_ki_direction[u.kind] as direction, p_ki_currency[u.kind] as currency, u.amount
      from unnest(p_en_tx, p_en_account, p_en_kind, p_en_amount) u(tx, account_id, kind, amount)
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
      join cala.velocity_limits l on l.id = la.limit_id and l.layer = hb.layer and not l.ruled
        and (l.currency is null or l.currency = hb.currency)
      union all
      select m.g, m.tx, m.holder, m.currency, m.layer, m.limit_id::text || m.window_key, m.name, m.delta,
        m.base, case when m.failed then null else m.cap end
      from unnest(p_moves) m
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
      if r.caps[v_n] is null or (r.deltas[v_n] > 0 and v_used[v_k] + r.deltas[v_n] > r.caps[v_n]) then
        return next (r.g,
          case when r.limit_names[v_n] is null then 'BALANCE_OVERFLOW'
               when r.caps[v_n] is null then 'LIMIT_UNDECIDED' else 'VELOCITY_LIMIT_EXCEEDED' end,
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
  p_group int8[], p_recorded_at timestamptz[],
  p_he_template text[], p_he_journal uuid[], p_he_effective date[], p_he_description text[],
  p_tx_group int8[], p_tx_id uuid[], p_tx_head int8[], p_tx_metadata text[], p_tx_external_id text[],
  p_tx_correlation_id text[], p_tx_reverses uuid[], p_tx_digest uuid[], p_tx_entries int8[],
  p_ki_type text[], p_ki_layer text[], p_ki_direction text[], p_ki_currency text[], p_ki_description text[],
  p_en_tx int8[], p_en_sequence int8[], p_en_account uuid[], p_en_kind int8[], p_en_amount int8[],
  p_st_group int8[], p_st_account uuid[], p_st_status text[],
  skip_groups int8[] default '{}'
) returns setof cala.refusal language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan set jit = off as $$
declare
  v_ok boolean[];
  v_fresh boolean[];
  v_all boolean := true;  -- nothing refused, nothing a repeat
  v_ids uuid[];  -- of what is locked
  v_sets boolean;
  v_templates int4[];
  v_position int8[];
  v_statuses boolean := cardinality(p_st_group) > 0;
  v_ordinary boolean;
  v_near_overflow boolean;
  v_limits boolean;
  v_set_limits boolean;
  v_ruled boolean;
  v_moves cala.limit_move[] := '{}';
  v_in_order boolean;
  v_expected int8;
  v_written int8;
  v_now timestamptz;
  r record;
begin
  if cardinality(p_group) = 0 then
    return;
  end if;
  v_ok := array_fill(true, array[cardinality(p_group)]);
  if cardinality(skip_groups) > 0 then
    select array_agg(not (u.g = any(skip_groups)) order by u.i) into v_ok
    from unnest(p_group) with ordinality u(g, i);
    v_all := not (false = any(v_ok));
    if not (true = any(v_ok)) then
      return;
    end if;
  end if;
  perform pg_advisory_xact_lock_shared(cala.structure_lock());

  -- A locking read answers the rows as they are once locked, so here, and only for the columns of the locked
  -- rows themselves, the look may stand in the statement that locks. Ordinary is what needs no closer look.
  select array_agg(l.id order by l.id), bool_or(l.is_set),
    coalesce(count(*) = min(cardinality(h.ids)) and not bool_or(l.status = 'locked')
      and not bool_or(l.is_set and (l.id = any(p_en_account) or l.id = any(p_st_account)))
      and count(distinct l.journal_id) = 1
      and array_agg(distinct l.journal_id) = array(select distinct u.id from unnest(p_he_journal) u(id)), false)
  into v_ids, v_sets, v_ordinary
  from (select array(
      select u.id from unnest(p_en_account) u(id)
      union
      select a.set_id from cala.ancestors a where a.account_id = any(p_en_account)
      union
      select u.id from unnest(p_st_account) u(id)) as ids) h
  cross join lateral (
    select a.id, a.is_set, a.status, a.journal_id from cala.accounts a where a.id = any(h.ids)
    order by a.id for no key update) l;
  -- Sums never shrink, so if the whole call fits beside the largest sum, every part of it does.
  select
    coalesce((
      select max(greatest(b.settled_debit, b.settled_credit, b.pending_debit, b.pending_credit,
        b.encumbrance_debit, b.encumbrance_credit)) from cala.balances b where b.account_id = any(v_ids)), 0)
      + coalesce((select sum(u.amount) from unnest(p_en_amount) u(amount)), 0) > 9223372036854775807,
    l.found, l.on_sets, l.ruled, v_ordinary and h.known, h.templates,
    (select array_agg(nextval('cala.transaction_position')) from generate_series(1, cardinality(p_tx_id)))
  into v_near_overflow, v_limits, v_set_limits, v_ruled, v_ordinary, v_templates, v_position
  from (
    select count(*) > 0 as found, coalesce(bool_or(not (la.account_id = any(p_en_account))), false) as on_sets,
      coalesce(bool_or(l.ruled), false) as ruled
    from cala.limit_attachments la join cala.velocity_limits l on l.id = la.limit_id
    where la.account_id = any(v_ids)) l
  cross join (
    select coalesce(bool_and(j.status = 'active' and p.id is not null), true) as known,
      array_agg(p.id order by d.n) as templates
    from unnest(p_he_journal, p_he_template) with ordinality d(journal_id, template, n)
    left join cala.journals j on j.id = d.journal_id left join cala.templates p on p.code = d.template) h;
  v_now := coalesce(p_recorded_at[1], clock_timestamp());

  -- Transaction ids that are there already, or twice in this call.
  v_fresh := array_fill(true, array[cardinality(p_tx_id)]);
  for r in
    select t.*, x.id is not null as stored, coalesce(x.digest, t.first_digest) = t.digest as same
    from (
      select u.i, u.g, u.id, uuid_send(u.digest) as digest, first_value(u.i) over w as first_i,
        first_value(u.g) over w as first_g, uuid_send(first_value(u.digest) over w) as first_digest
      from unnest(p_tx_id, p_tx_group, p_tx_digest) with ordinality u(id, g, digest, i)
      where v_ok[u.g]
      window w as (partition by u.id order by u.i)) t
    left join cala.transactions x on x.id = t.id
    where x.id is not null or t.i <> t.first_i
    order by t.i
  loop
    v_fresh[r.i] := false;
    v_all := false;
    continue when not v_ok[r.g] or (r.same and (r.stored or r.first_g = r.g));
    v_ok[r.g] := false;
    return next (p_group[r.g],
      case when r.stored or r.first_g = r.g then 'TRANSACTION_ID_REUSED' else 'TRANSACTION_IN_FLIGHT' end,
      jsonb_build_object('transaction', r.i, 'transaction_id', r.id))::cala.refusal;
  end loop;

  if not v_ordinary then
    for r in
      select distinct on (c.g) c.g, c.code, c.detail from (
        select t.g, t.i, 0 as n,
          case when j.id is null then 'JOURNAL_NOT_FOUND' when j.status = 'locked' then 'JOURNAL_LOCKED'
               else 'TEMPLATE_NOT_FOUND' end as code,
          jsonb_build_object('transaction', t.i, 'transaction_id', t.id, 'journal_id', p_he_journal[t.head],
            'template', p_he_template[t.head]) as detail
        from unnest(p_tx_id, p_tx_group, p_tx_head) with ordinality t(id, g, head, i)
        left join cala.journals j on j.id = p_he_journal[t.head]
        left join cala.templates p on p.code = p_he_template[t.head]
        where v_ok[t.g] and v_fresh[t.i] and (j.id is null or j.status = 'locked' or p.id is null)
        union all
        select p_tx_group[e.tx], e.tx, e.n,
          case when a.id is null then 'ACCOUNT_NOT_FOUND' when a.is_set then 'ACCOUNT_IS_SET'
               when a.journal_id <> p_he_journal[p_tx_head[e.tx]] then 'ACCOUNT_NOT_IN_JOURNAL' else 'ACCOUNT_LOCKED'
          end,
          jsonb_build_object('transaction', e.tx, 'transaction_id', p_tx_id[e.tx], 'account_id', e.account_id,
            'journal_id', p_he_journal[p_tx_head[e.tx]])
        from unnest(p_en_tx, p_en_account) with ordinality e(tx, account_id, n)
        left join cala.accounts a on a.id = e.account_id
        where v_ok[p_tx_group[e.tx]] and v_fresh[e.tx]
          and (a.id is null or a.is_set or a.journal_id <> p_he_journal[p_tx_head[e.tx]]
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
      v_all := false;
      return next (p_group[r.g], r.code, r.detail)::cala.refusal;
    end loop;
  end if;

  -- A reversal has the accounts of what it reverses, so two of one transaction are ordered by their locks.
  if cardinality(p_tx_reverses) > 0 then
    for r in
      select t.*, o.id is not null as found, x.id is not null as stored
      from (
        select u.i, u.g, u.id, u.reverses, first_value(u.i) over w as first_i,
          first_value(u.g) over w as first_g
        from unnest(p_tx_id, p_tx_group, p_tx_reverses) with ordinality u(id, g, reverses, i)
        where u.reverses is not null and v_ok[u.g] and v_fresh[u.i]
        window w as (partition by u.reverses order by u.i)) t
      left join cala.transactions o on o.id = t.reverses
      left join cala.transactions x on x.reverses = t.reverses
      where o.id is null or x.id is not null or t.i <> t.first_i
      order by t.i
    loop
      continue when not v_ok[r.g];
      v_ok[r.g] := false;
      v_all := false;
      return next (p_group[r.g],
        case when not r.found then 'TRANSACTION_NOT_FOUND'
             when r.stored or r.first_g = r.g then 'TRANSACTION_ALREADY_REVERSED'
             else 'TRANSACTION_IN_FLIGHT' end,
        jsonb_build_object('transaction', r.i, 'transaction_id', r.reverses, 'by', r.id))::cala.refusal;
    end loop;
  end if;

  v_in_order := v_statuses or v_near_overflow;
  if v_ruled then
    select coalesce(array_agg(m::cala.limit_move), '{}') into v_moves
    from cala.limit_moves(v_ok, v_fresh, v_ids, p_he_template, p_he_effective, p_he_description, p_tx_group,
      p_tx_id, p_tx_head, p_tx_metadata, p_tx_external_id, p_tx_correlation_id, p_ki_type, p_ki_layer,
      p_ki_direction, p_ki_currency, p_ki_description, p_en_tx, p_en_account, p_en_kind, p_en_amount) m;
    v_in_order := v_in_order or exists (
      select 1 from (
        select m.failed, m.delta, m.cap, m.base + sum(m.delta) over (
            partition by m.holder, m.limit_id, m.currency, m.window_key order by m.g) as used
        from unnest(v_moves) m) w
      where w.failed or (w.delta > 0 and w.used > w.cap));
  end if;
  if not v_in_order and v_limits then
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
          from (
            select p_en_tx[i] as tx, p_en_account[i] as account_id, p_ki_layer[p_en_kind[i]] as layer,
              p_ki_direction[p_en_kind[i]] as direction, p_ki_currency[p_en_kind[i]] as currency,
              p_en_amount[i] as amount
            from generate_series(1, cardinality(p_en_tx)) i) e
          cross join lateral (
            select la.account_id as holder, la.limit_id from cala.limit_attachments la
            where la.account_id = e.account_id
            union all
            select la.account_id, la.limit_id from cala.ancestors a
            join cala.limit_attachments la on la.account_id = a.set_id
            where v_set_limits and a.account_id = e.account_id) x
          join cala.velocity_limits l on l.id = x.limit_id
          where v_ok[p_tx_group[e.tx]] and v_fresh[e.tx] and not l.ruled and l.layer = e.layer::cala.layer
            and (l.currency is null or l.currency = e.currency)
          group by 1, 2, 3, 4, 5, 6, 7) d
        left join cala.balances b on b.account_id = d.holder and b.currency = d.currency) w
      where w.delta > 0 and w.used > w.amount) into v_in_order;
  end if;
  if v_in_order then
    for r in
      select o.* from cala.post_in_order(v_ok, v_fresh, v_ids, p_tx_group, p_tx_id, p_en_tx, p_en_account,
        p_en_kind, p_en_amount, p_ki_layer, p_ki_direction, p_ki_currency, p_st_group, p_st_account,
        p_st_status, v_near_overflow, v_moves) o
    loop
      v_ok[r.group_no] := false;
      v_all := false;
      return next (p_group[r.group_no], r.code, r.detail)::cala.refusal;
    end loop;
  end if;

  v_expected := cardinality(p_tx_id);
  if not v_all then
    select count(*) into v_expected
    from unnest(p_tx_group) with ordinality t(g, i) where v_ok[t.g] and v_fresh[t.i];
  end if;
  if v_expected > 0 then
    insert into cala.transactions (id, position, journal_id, template_id, entry_count, effective,
      recorded_at, digest, description, external_id, correlation_id, reverses, metadata)
    select t.id, v_position[t.i], p_he_journal[t.head],
      v_templates[t.head], t.entries, p_he_effective[t.head], v_now, uuid_send(t.digest), p_he_description[t.head], t.external_id,
      t.correlation_id, t.reverses, t.metadata::jsonb
    from (
      select i, p_tx_id[i] as id, p_tx_group[i] as g, p_tx_head[i] as head, p_tx_digest[i] as digest,
        p_tx_entries[i] as entries, p_tx_external_id[i] as external_id,
        p_tx_correlation_id[i] as correlation_id, p_tx_reverses[i] as reverses, p_tx_metadata[i] as metadata
      from generate_series(1, cardinality(p_tx_id)) i) t
    where v_ok[t.g] and v_fresh[t.i]
    order by t.id
    on conflict (id) do nothing;
    get diagnostics v_written = row_count;
    if v_written <> v_expected then
      raise exception 'a transaction id was posted by another call at this moment' using errcode = '40001';
    end if;

    -- The balance before is looked up once for each account, currency and layer: a busy row has many versions
    -- on its page, and every look walks past them.
    insert into cala.entries (position, transaction_id, account_id, amount, debit_after, credit_after, layer,
      direction, currency, entry_type, description, effective, recorded_at)
    select e.position, e.transaction_id, e.account_id, e.amount,
      (e.debit + coalesce(max(b.debit) over same, 0))::int8,
      (e.credit + coalesce(max(b.credit) over same, 0))::int8,
      e.layer_name::cala.layer, e.direction, e.currency, e.type, e.description, e.effective, v_now
    from (
      select v_position[u.tx] * 65536 + u.sequence as position, p_tx_id[u.tx] as transaction_id, u.account_id,
        u.amount, u.layer as layer_name, u.direction::cala.direction as direction, u.currency,
        p_ki_type[u.kind] as type, p_ki_description[u.kind] as description,
        p_he_effective[p_tx_head[u.tx]] as effective,
        row_number() over running as n,
        sum(case u.direction when 'debit' then u.amount else 0 end) over running as debit,
        sum(case u.direction when 'credit' then u.amount else 0 end) over running as credit
      from (
        select p_en_tx[i] as tx, p_en_sequence[i] as sequence, p_en_account[i] as account_id,
          p_en_kind[i] as kind, p_ki_layer[p_en_kind[i]] as layer, p_ki_direction[p_en_kind[i]] as direction,
          p_ki_currency[p_en_kind[i]] as currency, p_en_amount[i] as amount
        from generate_series(1, cardinality(p_en_tx)) i) u
      where v_ok[p_tx_group[u.tx]] and v_fresh[u.tx]
      window running as (partition by u.account_id, u.currency, u.layer order by u.tx, u.sequence
                         rows unbounded preceding)) e
    left join lateral (
      select
        case e.layer_name when 'settled' then x.settled_debit when 'pending' then x.pending_debit
             else x.encumbrance_debit end as debit,
        case e.layer_name when 'settled' then x.settled_credit when 'pending' then x.pending_credit
             else x.encumbrance_credit end as credit
      from cala.balances x
      where e.n = 1 and x.account_id = e.account_id and x.currency = e.currency limit 1) b on true
    window same as (partition by e.account_id, e.currency, e.layer_name);

    with own as (
      select e.account_id, e.currency, p_he_effective[p_tx_head[e.tx]] as effective,
        coalesce(sum(e.amount) filter (where e.layer = 'settled' and e.direction = 'debit'), 0) as sd,
        coalesce(sum(e.amount) filter (where e.layer = 'settled' and e.direction = 'credit'), 0) as sc,
        coalesce(sum(e.amount) filter (where e.layer = 'pending' and e.direction = 'debit'), 0) as pd,
        coalesce(sum(e.amount) filter (where e.layer = 'pending' and e.direction = 'credit'), 0) as pc,
        coalesce(sum(e.amount) filter (where e.layer = 'encumbrance' and e.direction = 'debit'), 0) as ed,
        coalesce(sum(e.amount) filter (where e.layer = 'encumbrance' and e.direction = 'credit'), 0) as ec
      from (
        select p_en_tx[i] as tx, p_en_account[i] as account_id, p_ki_layer[p_en_kind[i]] as layer,
          p_ki_direction[p_en_kind[i]] as direction, p_ki_currency[p_en_kind[i]] as currency,
          p_en_amount[i] as amount
        from generate_series(1, cardinality(p_en_tx)) i) e
      where v_ok[p_tx_group[e.tx]] and v_fresh[e.tx]
      group by 1, 2, 3
    ), day as materialized (
      select x.holder, x.currency, x.effective, sum(x.sd) as sd, sum(x.sc) as sc, sum(x.pd) as pd,
        sum(x.pc) as pc, sum(x.ed) as ed, sum(x.ec) as ec
      from (
        select o.account_id as holder, o.* from own o
        union all
        select a.set_id, o.* from own o join cala.ancestors a on v_sets and a.account_id = o.account_id) x
      group by 1, 2, 3
    ), days as (
      insert into cala.day_sums as s (account_id, currency, effective, settled_debit, settled_credit,
        pending_debit, pending_credit, encumbrance_debit, encumbrance_credit)
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
    if v_ruled then
      perform cala.limit_record(v_moves, (
        select array_agg(u.i) from unnest(v_ok) with ordinality u(ok, i) where u.ok));
    end if;
  end if;

  perform set_config('cala.first_position',
    case when v_expected > 0 then v_position[1] else 9223372036854775807 end::text, true);

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
    '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', p_st_group, p_st_account,
    p_st_status, skip_groups)
$$;
