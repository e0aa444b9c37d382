-- The complete ledger: both time axes on entries, reversals, limits with conditions and windows, sealed blocks.

-- An entry repeats its transaction's dates, so that an account's entries can be read by either of them from
-- one range of one index.
alter table cala.entries add column effective date, add column recorded_at timestamptz;
alter table cala.entries disable trigger entries_append_only;
update cala.entries e set effective = t.effective, recorded_at = t.recorded_at
from cala.transactions t where t.id = e.transaction_id;
alter table cala.entries enable trigger entries_append_only;
alter table cala.entries alter column effective set not null, alter column recorded_at set not null;

-- A chart is read by its sets alone, however many accounts lie below them.
create index accounts_sets_idx on cala.accounts (journal_id, id) where is_set;

-- A transaction is reversed at most once.
alter table cala.transactions add column reverses uuid;
create unique index transactions_reverses_key on cala.transactions (reverses) where reverses is not null;

-- Condition and window are kept as written, and as the SQL they were translated to (see limits.sql).
-- `starts` is the first effective date counted, `ends` the first one no longer counted. `per_account`: a
-- limit on a set binds every account below by itself, not their sum.
alter table cala.velocity_limits
  add column condition text, add column condition_sql text,
  add column window_keys jsonb, add column window_sql text,
  add column starts date, add column ends date,
  add column per_account boolean not null default false,
  add column ruled boolean generated always as (
    condition is not null or window_keys is not null or starts is not null or ends is not null or per_account
  ) stored;

-- What a ruled limit has counted, per holder, currency and window: net in the limit's direction.
create table cala.limit_usage (
  account_id uuid not null,
  limit_id uuid not null,
  currency text not null,
  window_key text not null,
  used numeric not null,
  primary key (account_id, limit_id, currency, window_key)
) with (fillfactor = 80);

-- One entry set of transactions as a ruled limit sees it: `delta` within the call, `base` counted before,
-- `cap` the most. `failed`: the condition or window could not be worked out.
create type cala.limit_move as (
  g int8, tx int8, holder uuid, limit_id uuid, name text, currency text, layer cala.layer, window_key text,
  delta numeric, base numeric, cap numeric, failed boolean
);

-- Blocks seal transactions in the order of their positions, each with the hash of the one before.
create table cala.blocks (
  number int8 primary key check (number > 0),
  first_position int8 not null,
  last_position int8 not null,
  transaction_count int8 not null check (transaction_count > 0),
  previous bytea not null,
  hash bytea not null unique,
  sealed_at timestamptz not null,
  check (first_position <= last_position)
);
create trigger blocks_append_only before update or delete or truncate on cala.blocks
  for each statement execute function cala.refuse_change();
