-- Tables of the ledger. Everything lives in schema "cala"; nothing outside it is read or written.
--
-- An account and an account set share one table, because they share everything a reader or a lock cares about
-- (id, journal, normal side, balances); `is_set` tells them apart and entries may only name accounts.
--
-- `transactions.position` and `entries.position` are drawn while the rows of `accounts` are locked, so for
-- one account they follow commit order: a reader pages by one integer. An entry's position is its
-- transaction's, times 65 536, plus its sequence: the entries of a transaction are one range of the primary
-- key and need no index of their own.
--
-- A day's sums are kept by effective date: a back-dated posting touches one row per holder, and a balance as
-- of a date is the sum of the days up to it.

create type cala.layer as enum ('settled', 'pending', 'encumbrance');
create type cala.direction as enum ('debit', 'credit');
create type cala.status as enum ('active', 'locked');

-- What a grouped call answers: one row for each group that was refused and wrote nothing.
create type cala.refusal as (group_no int8, code text, detail jsonb);

create table cala.journals (
  id uuid primary key,
  code text not null unique,
  name text not null,
  description text,
  status cala.status not null default 'active',
  created_at timestamptz not null
);

create table cala.accounts (
  id uuid primary key,
  journal_id uuid not null references cala.journals,
  is_set boolean not null default false,
  code text,
  external_id text,
  name text not null,
  description text,
  normal_side cala.direction not null,
  status cala.status not null default 'active',
  metadata jsonb,
  created_at timestamptz not null,
  position int8 generated always as identity,
  constraint accounts_code_needed check (is_set or code is not null),
  constraint accounts_set_never_locked check (not is_set or status = 'active')
) with (fillfactor = 90);
create unique index accounts_code_key on cala.accounts (code) where code is not null;
create unique index accounts_external_id_key on cala.accounts (external_id) where external_id is not null;
create unique index accounts_position_key on cala.accounts (position);

create table cala.members (
  set_id uuid not null references cala.accounts,
  member_id uuid not null references cala.accounts,
  added_at timestamptz not null,
  primary key (set_id, member_id),
  constraint members_not_itself check (set_id <> member_id)
);
create index members_member_id_idx on cala.members (member_id, set_id);

-- The closure of members: every set above an account or a set, once, however many paths lead there.
create table cala.ancestors (
  account_id uuid not null,
  set_id uuid not null,
  primary key (account_id, set_id)
);
create index ancestors_set_id_idx on cala.ancestors (set_id, account_id);

create table cala.velocity_limits (
  id uuid primary key,
  name text not null,
  layer cala.layer not null,
  direction cala.direction not null,
  currency text,
  amount int8 not null check (amount >= 0),
  created_at timestamptz not null
);

create table cala.limit_attachments (
  account_id uuid not null references cala.accounts,
  limit_id uuid not null references cala.velocity_limits,
  primary key (account_id, limit_id)
);

create table cala.templates (
  id int4 generated always as identity primary key,
  code text not null unique,
  description text,
  definition jsonb not null,
  created_at timestamptz not null
);

create sequence cala.transaction_position as int8;

create table cala.transactions (
  id uuid primary key,
  position int8 not null,
  journal_id uuid not null,
  template_id int4 not null,
  entry_count int4 not null check (entry_count between 0 and 65535),
  effective date not null,
  recorded_at timestamptz not null,
  digest bytea not null,
  description text,
  external_id text,
  correlation_id text,
  metadata jsonb
);
create unique index transactions_position_key on cala.transactions (position);
create index transactions_template_id_idx on cala.transactions (template_id, position);
create index transactions_external_id_idx on cala.transactions (external_id,
  position) where external_id is not null;
create index transactions_correlation_id_idx on cala.transactions (correlation_id, position)
  where correlation_id is not null;

create table cala.entries (
  position int8 primary key,
  transaction_id uuid not null,
  account_id uuid not null,
  amount int8 not null check (amount > 0),
  -- the account's sums in this layer and currency with this entry included: a running balance without a scan
  debit_after int8 not null check (debit_after >= 0),
  credit_after int8 not null check (credit_after >= 0),
  layer cala.layer not null,
  direction cala.direction not null,
  currency text not null check (currency <> ''),
  entry_type text not null,
  description text
);
create index entries_account_id_idx on cala.entries (account_id, position);

create table cala.balances (
  account_id uuid not null,
  currency text not null,
  settled_debit int8 not null check (settled_debit >= 0),
  settled_credit int8 not null check (settled_credit >= 0),
  pending_debit int8 not null check (pending_debit >= 0),
  pending_credit int8 not null check (pending_credit >= 0),
  encumbrance_debit int8 not null check (encumbrance_debit >= 0),
  encumbrance_credit int8 not null check (encumbrance_credit >= 0),
  primary key (account_id, currency)
) with (fillfactor = 60);

create table cala.day_sums (
  account_id uuid not null,
  currency text not null,
  effective date not null,
  settled_debit int8 not null check (settled_debit >= 0),
  settled_credit int8 not null check (settled_credit >= 0),
  pending_debit int8 not null check (pending_debit >= 0),
  pending_credit int8 not null check (pending_credit >= 0),
  encumbrance_debit int8 not null check (encumbrance_debit >= 0),
  encumbrance_credit int8 not null check (encumbrance_credit >= 0),
  primary key (account_id, currency, effective)
) with (fillfactor = 80);
