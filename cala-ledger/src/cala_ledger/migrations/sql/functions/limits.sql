-- Ruled velocity limits: those with a condition, a window, dates, or for each account by itself.
--
-- Conditions and windows were translated from CEL (see rules.py): values are jsonb, NULL is CEL's error.

create function cala.cel_bool(a jsonb) returns boolean language sql immutable as $$
  select case when jsonb_typeof(a) = 'boolean' then a::boolean end
$$;

create function cala.cel_has(a jsonb, key text) returns boolean language sql immutable as $$
  select case when jsonb_typeof(a) = 'object' then jsonb_exists(a, key) end
$$;

create function cala.cel_index(a jsonb, i jsonb) returns jsonb language sql immutable as $$
  select case
    when jsonb_typeof(a) = 'object' and jsonb_typeof(i) = 'string' then a -> (i #>> '{}')
    when jsonb_typeof(a) = 'array' and jsonb_typeof(i) = 'number' and i::numeric between 0 and 65535
      and i::numeric = trunc(i::numeric) then a -> (i::numeric)::int4 end
$$;

-- -1, 0, 1; NULL for what has no order among each other. Text is ordered by its code points.
create function cala.cel_order(a jsonb, b jsonb) returns int4 language sql immutable as $$
  select case
    when jsonb_typeof(a) = 'number' and jsonb_typeof(b) = 'number'
      then sign(a::numeric - b::numeric)::int4
    when jsonb_typeof(a) = 'string' and jsonb_typeof(b) = 'string'
      then case when (a #>> '{}') collate "C" < (b #>> '{}') collate "C" then -1
                when a = b then 0 else 1 end
    when jsonb_typeof(a) = 'boolean' and jsonb_typeof(b) = 'boolean'
      then a::boolean::int4 - b::boolean::int4 end
$$;
create function cala.cel_lt(a jsonb, b jsonb) returns boolean language sql immutable
  as $$ select cala.cel_order(a, b) < 0 $$;
create function cala.cel_le(a jsonb, b jsonb) returns boolean language sql immutable
  as $$ select cala.cel_order(a, b) <= 0 $$;
create function cala.cel_gt(a jsonb, b jsonb) returns boolean language sql immutable
  as $$ select cala.cel_order(a, b) > 0 $$;
create function cala.cel_ge(a jsonb, b jsonb) returns boolean language sql immutable
  as $$ select cala.cel_order(a, b) >= 0 $$;

create function cala.cel_in(a jsonb, b jsonb) returns boolean language sql immutable as $$
  select case
    when a is null then null
    when jsonb_typeof(b) = 'array' then exists (select 1 from jsonb_array_elements(b) x(v) where x.v = a)
    when jsonb_typeof(b) = 'object' and jsonb_typeof(a) = 'string' then jsonb_exists(b, a #>> '{}') end
$$;

-- A number of 64 bits, or CEL's error.
create function cala.cel_number(a numeric) returns jsonb language sql immutable as $$
  select case when a between -9223372036854775808 and 9223372036854775807 then to_jsonb(a) end
$$;
create function cala.cel_add(a jsonb, b jsonb) returns jsonb language sql immutable as $$
  select case
    when jsonb_typeof(a) <> jsonb_typeof(b) then null
    when jsonb_typeof(a) = 'number' then cala.cel_number(a::numeric + b::numeric)
    when jsonb_typeof(a) = 'string' then to_jsonb((a #>> '{}') || (b #>> '{}'))
    when jsonb_typeof(a) = 'array' then a || b end
$$;
create function cala.cel_sub(a jsonb, b jsonb) returns jsonb language sql immutable as $$
  select case when jsonb_typeof(a) = 'number' and jsonb_typeof(b) = 'number'
    then cala.cel_number(a::numeric - b::numeric) end
$$;
create function cala.cel_mul(a jsonb, b jsonb) returns jsonb language sql immutable as $$
  select case when jsonb_typeof(a) = 'number' and jsonb_typeof(b) = 'number'
    then cala.cel_number(a::numeric * b::numeric) end
$$;

create function cala.cel_size(a jsonb) returns jsonb language sql immutable as $$
  select to_jsonb(case jsonb_typeof(a)
    when 'string' then length(a #>> '{}') when 'array' then jsonb_array_length(a)
    when 'object' then (select count(*)::int4 from jsonb_object_keys(a)) end)
$$;

create function cala.cel_starts(a jsonb, b jsonb) returns boolean language sql immutable as $$
  select case when jsonb_typeof(a) = 'string' and jsonb_typeof(b) = 'string'
    then starts_with(a #>> '{}', b #>> '{}') end
$$;
create function cala.cel_ends(a jsonb, b jsonb) returns boolean language sql immutable as $$
  select case when jsonb_typeof(a) = 'string' and jsonb_typeof(b) = 'string'
    then (b #>> '{}') = '' or right(a #>> '{}', length(b #>> '{}')) = (b #>> '{}') end
$$;
create function cala.cel_contains(a jsonb, b jsonb) returns boolean language sql immutable as $$
  select case when jsonb_typeof(a) = 'string' and jsonb_typeof(b) = 'string'
    then strpos(a #>> '{}', b #>> '{}') > 0 or (b #>> '{}') = '' end
$$;

-- A window that an index can hold; what is longer is not worked out.
create function cala.limit_window(a text) returns text language sql immutable as $$
  select case when octet_length(a) <= 1024 then a end
$$;

-- What a call would add to each ruled limit, per group, holder, currency and window. Called by cala.post once
-- the rows of all holders are locked, so metadata and usage stand still.
create function cala.limit_moves(
  p_ok boolean[], p_fresh boolean[], p_ids uuid[], p_he_template text[], p_he_effective date[],
  p_he_description text[], p_tx_group int8[], p_tx_id uuid[], p_tx_head int8[], p_tx_metadata text[],
  p_tx_external_id text[], p_tx_correlation_id text[], p_ki_type text[], p_ki_layer text[],
  p_ki_direction text[], p_ki_currency text[], p_ki_description text[], p_en_tx int8[], p_en_account uuid[],
  p_en_kind int8[], p_en_amount int8[]
) returns setof cala.limit_move language plpgsql stable as $$
declare
  l record;
begin
  for l in
    select v.*, a.holders from cala.velocity_limits v
    join (select la.limit_id, array_agg(la.account_id) as holders from cala.limit_attachments la
          where la.account_id = any(p_ids) group by la.limit_id) a on a.limit_id = v.id
    where v.ruled order by v.id
  loop
    return query execute $q$
      with t as materialized (
        select i, p.g, jsonb_build_object('id', p.id, 'template', ($4)[p.head], 'effective', ($5)[p.head],
          'month', to_char(($5)[p.head], 'YYYY-MM'), 'year', to_char(($5)[p.head], 'YYYY'),
          'description', ($6)[p.head], 'external_id', p.external_id, 'correlation_id', p.correlation_id,
          'metadata', coalesce(p.metadata::jsonb, '{}')) as transaction
        from unnest($7, $8, $9, $10, $11, $12) with ordinality
          p(g, id, head, metadata, external_id, correlation_id, i)
        where ($1)[p.g] and ($2)[i] and ($22 is null or ($5)[p.head] >= $22)
          and ($23 is null or ($5)[p.head] < $23)
      ), e as materialized (
        select t.g, t.i as tx, t.transaction, n.number, n.account_id, n.amount, ($13)[n.kind] as type,
          ($14)[n.kind] as layer, ($15)[n.kind] as direction, ($16)[n.kind] as currency,
          ($17)[n.kind] as description
        from unnest($18, $19, $20, $21) with ordinality n(tx_number, account_id, kind, amount, number)
        join t on t.i = n.tx_number
        where ($14)[n.kind] = $24 and ($25 is null or ($16)[n.kind] = $25)
      ), h as materialized (
        select a.id, jsonb_build_object('id', a.id, 'code', a.code, 'external_id', a.external_id,
          'name', a.name, 'metadata', coalesce(a.metadata, '{}')) as account
        from cala.accounts a where a.id = any($26)
      ), below as (
        select h.id, h.account, e.* from e join h on h.id = e.account_id
        union all
        select h.id, h.account, e.* from e join cala.ancestors a on a.account_id = e.account_id
        join h on h.id = a.set_id
      ), c as materialized (
        select b.id, b.g, b.tx, b.number, b.account_id, b.currency, b.account, b.transaction,
          case when b.direction = $27 then b.amount else -b.amount end as net,
          jsonb_build_object('account_id', b.account_id, 'layer', b.layer, 'direction', b.direction,
            'currency', b.currency, 'amount', b.amount, 'entry_type', b.type, 'description', b.description)
            as entry
        from below b
      ), d as (
        select c.g, c.tx, c.number, case when $28 then c.account_id else c.id end as holder, c.currency, c.net,
          $q$ || coalesce(l.condition_sql, 'true') || $q$ as counted,
          cala.limit_window($q$ || coalesce(l.window_sql, '''''') || $q$) as window_key
        from c
      ), once as (  -- an account may lie below several holders of a limit that binds each account
        select d.g, d.tx, d.holder, d.currency, d.net, coalesce(d.window_key, '') as window_key,
          bool_or(d.counted is null or d.window_key is null) as failed
        from d where d.counted is not false
        group by d.g, d.tx, d.number, d.holder, d.currency, d.net, coalesce(d.window_key, '')
      ), m as (
        select o.g, min(o.tx) as tx, o.holder, o.currency, o.window_key, sum(o.net)::numeric as delta,
          bool_or(o.failed) as failed
        from once o group by o.g, o.holder, o.currency, o.window_key
      )
      select m.g, m.tx, m.holder, $29, $30, m.currency, $24::cala.layer, m.window_key, m.delta,
        coalesce(u.used, 0), $31, m.failed
      from m left join cala.limit_usage u on u.account_id = m.holder and u.limit_id = $29
        and u.currency = m.currency and u.window_key = m.window_key
    $q$ using p_ok, p_fresh, p_ids, p_he_template, p_he_effective, p_he_description, p_tx_group, p_tx_id,
      p_tx_head, p_tx_metadata, p_tx_external_id, p_tx_correlation_id, p_ki_type, p_ki_layer, p_ki_direction,
      p_ki_currency, p_ki_description, p_en_tx, p_en_account, p_en_kind, p_en_amount, l.starts, l.ends,
      l.layer::text, l.currency, l.holders, l.direction::text, l.per_account, l.id, l.name, l.amount::numeric;
  end loop;
end $$;

-- Counts the moves of accepted groups. The holders' rows are locked.
create function cala.limit_record(p_moves cala.limit_move[], p_groups int8[]) returns void
language sql as $$
  insert into cala.limit_usage as u (account_id, limit_id, currency, window_key, used)
  select m.holder, m.limit_id, m.currency, m.window_key, sum(m.delta)
  from unnest(p_moves) m where m.g = any(p_groups) and not m.failed
  group by 1, 2, 3, 4 having sum(m.delta) <> 0 order by 1, 2, 3, 4
  on conflict (account_id, limit_id, currency, window_key) do update set used = u.used + excluded.used
$$;
