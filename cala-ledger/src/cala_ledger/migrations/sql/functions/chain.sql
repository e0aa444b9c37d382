-- What is sealed (see sealing.py), and what is published (see events.py).

create function cala.sealing_lock() returns int8 language sql immutable as $$ select 7166741041003 $$;

-- Transactions after one position and up to another, with their entries.
create function cala.sealable(p_after int8, p_until int8, p_most int8) returns table (
  tx_position int8, id uuid, journal_id uuid, template text, effective date, recorded_at timestamptz,
  description text, external_id text, correlation_id text, reverses uuid, metadata text, entries text
) language sql stable as $$
  select t.position, t.id, t.journal_id, p.code, t.effective, t.recorded_at, t.description, t.external_id,
    t.correlation_id, t.reverses, t.metadata::text,
    (select jsonb_agg(jsonb_build_array(e.position - t.position * 65536, e.account_id, e.layer, e.direction,
        e.currency, e.amount, e.entry_type, e.description) order by e.position)::text
     from cala.entries e where e.position between t.position * 65536 and t.position * 65536 + 65535)
  from cala.transactions t join cala.templates p on p.id = t.template_id
  where t.position > p_after and t.position <= p_until
  order by t.position limit p_most
$$;

-- The events of those of these transactions that the last posting call of this database transaction wrote: a
-- repeat has its old position, and was published then.
create function cala.new_transactions(p_ids uuid[]) returns table (
  tx_position int8, transaction_id uuid, event jsonb
) language sql stable as $$
  select t.position, t.id, jsonb_build_object(
    'type', 'transaction_posted', 'id', t.id, 'position', t.position, 'journal_id', t.journal_id,
    'template', p.code, 'effective', t.effective, 'recorded_at', t.recorded_at, 'description', t.description,
    'external_id', t.external_id, 'correlation_id', t.correlation_id, 'reverses', t.reverses,
    'metadata', t.metadata,
    'entries', (
      select coalesce(jsonb_agg(jsonb_build_object('sequence', e.position - t.position * 65536,
        'account_id', e.account_id, 'layer', e.layer, 'direction', e.direction, 'currency', e.currency,
        'amount', e.amount, 'entry_type', e.entry_type, 'description', e.description) order by e.position), '[]')
      from cala.entries e where e.position between t.position * 65536 and t.position * 65536 + 65535))
  from cala.transactions t join cala.templates p on p.id = t.template_id
  where t.id = any(p_ids)
    and t.position >= coalesce(nullif(current_setting('cala.first_position', true), ''),
      '9223372036854775807')::int8
  order by t.position
$$;
