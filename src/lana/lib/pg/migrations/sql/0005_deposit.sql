create table deposit_accounts (
    id uuid primary key,
    version int8 not null,
    created_at timestamptz not null,
    state jsonb not null,
    account_holder_id uuid not null,
    status text not null,
    activity text not null,
    is_evaluated bool not null,
    public_id int8 not null
);
create index deposit_accounts_created on deposit_accounts (created_at, id);
create index deposit_accounts_public_id on deposit_accounts (public_id, id);
create index deposit_accounts_holder on deposit_accounts (account_holder_id);

create table deposits (
    id uuid primary key,
    version int8 not null,
    created_at timestamptz not null,
    state jsonb not null,
    deposit_account_id uuid not null,
    status text not null,
    amount int8 not null check (amount > 0),
    public_id int8 not null
);
create index deposits_created on deposits (created_at, id);
create index deposits_amount on deposits (amount, id);
create index deposits_public_id on deposits (public_id, id);
create index deposits_account on deposits (deposit_account_id, created_at, id);

create table withdrawals (
    id uuid primary key,
    version int8 not null,
    created_at timestamptz not null,
    state jsonb not null,
    deposit_account_id uuid not null,
    status text not null,
    amount int8 not null check (amount > 0),
    public_id int8 not null,
    cancelled_tx_id uuid
);
create index withdrawals_created on withdrawals (created_at, id);
create index withdrawals_amount on withdrawals (amount, id);
create index withdrawals_public_id on withdrawals (public_id, id);
create index withdrawals_account on withdrawals (deposit_account_id, created_at, id);
-- the lists of what waits for somebody stay small however many are done
create index withdrawals_pending on withdrawals (status, created_at, id)
    where status in ('PendingApproval', 'PendingConfirmation');
create unique index withdrawals_cancellation on withdrawals (cancelled_tx_id) where cancelled_tx_id is not null;
