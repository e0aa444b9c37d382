-- Lending: proposals, pending and active facilities, what they owe, what secures them.
-- Claims and entities as everywhere; no unique index beside the keys.

create table credit_facility_proposals (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    customer_id uuid not null,
    status text not null,
    amount int8 not null check (amount > 0)
);
create index credit_facility_proposals_created on credit_facility_proposals (created_at, id);
create index credit_facility_proposals_amount on credit_facility_proposals (amount, id);
create index credit_facility_proposals_customer on credit_facility_proposals (customer_id, created_at, id);
create index credit_facility_proposals_status on credit_facility_proposals (status, created_at, id);

create table pending_credit_facilities (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    customer_id uuid not null,
    status text not null,
    collateralization_state text not null,
    amount int8 not null check (amount > 0),
    collateral_id uuid not null,
    falls_at int8,
    rises_at int8,
    awaits_activation bool not null
);
create index pending_credit_facilities_created on pending_credit_facilities (created_at, id);
create index pending_credit_facilities_amount on pending_credit_facilities (amount, id);
create index pending_credit_facilities_customer on pending_credit_facilities (customer_id, created_at, id);
create index pending_credit_facilities_status
    on pending_credit_facilities (status, collateralization_state, created_at, id);
-- a price looks for those whose range it leaves
create index pending_credit_facilities_falls on pending_credit_facilities (falls_at, id) where falls_at is not null;
create index pending_credit_facilities_rises on pending_credit_facilities (rises_at, id) where rises_at is not null;
create index pending_credit_facilities_activation on pending_credit_facilities (id) where awaits_activation;

-- room beside each row: what becomes payable changes no indexed column, and is rewritten in place
create table credit_facilities (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    customer_id uuid not null,
    public_id int8 not null,
    status text not null,
    collateralization_state text not null,
    ratio int8 not null,
    maturity_date date not null,
    collateral_id uuid not null,
    collateral int8 not null check (collateral >= 0),
    exposure int8 not null check (exposure >= 0),
    falls_at int8,
    rises_at int8,
    awaits_liquidation bool not null,
    margin_call_from int8 not null,
    back_from int8 not null,
    liquidation_from int8 not null,
    initial_cvl_e8 int8 not null,
    terms_key uuid not null
) with (fillfactor = 80);
create index credit_facilities_created on credit_facilities (created_at, id);
create index credit_facilities_ratio on credit_facilities (ratio, id);
create index credit_facilities_customer on credit_facilities (customer_id, created_at, id);
create index credit_facilities_status on credit_facilities (status, collateralization_state, created_at, id);
create index credit_facilities_state on credit_facilities (collateralization_state, created_at, id);
create index credit_facilities_maturity on credit_facilities (maturity_date, id) where status = 'active';
create index credit_facilities_falls on credit_facilities (falls_at, id) where falls_at is not null;
create index credit_facilities_rises on credit_facilities (rises_at, id) where rises_at is not null;
create index credit_facilities_liquidation on credit_facilities (id) where awaits_liquidation;

create table disbursals (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    facility_id uuid not null,
    status text not null,
    amount int8 not null check (amount > 0),
    public_id int8 not null,
    awaits_settlement bool not null,
    settled_tx_id uuid
);
create index disbursals_created on disbursals (created_at, id);
create index disbursals_amount on disbursals (amount, id);
create index disbursals_facility on disbursals (facility_id, created_at, id);
create index disbursals_status on disbursals (status, created_at, id);
create index disbursals_settled on disbursals (settled_tx_id) where settled_tx_id is not null;
create index disbursals_settlement on disbursals (id) where awaits_settlement;

create table obligations (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    facility_id uuid not null,
    obligation_type text not null,
    status text not null,
    outstanding int8 not null check (outstanding >= 0),
    next_transition date
);
create index obligations_created on obligations (created_at, id);
create index obligations_facility on obligations (facility_id, created_at, id);
create index obligations_transition on obligations (id) include (next_transition) where next_transition is not null;

create table interest_accrual_cycles (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    facility_id uuid not null,
    idx int8 not null,
    next_accrual_on date,
    awaits_posting bool not null
);
create index interest_accrual_cycles_facility on interest_accrual_cycles (facility_id, created_at, id);
create index interest_accrual_cycles_accrual on interest_accrual_cycles (id) include (next_accrual_on)
    where next_accrual_on is not null;
create index interest_accrual_cycles_posting on interest_accrual_cycles (id) where awaits_posting;

create table payments (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    facility_id uuid not null,
    amount int8 not null check (amount > 0)
);
create index payments_facility on payments (facility_id, created_at, id);

create table payment_allocations (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    facility_id uuid not null,
    payment_id uuid not null,
    amount int8 not null check (amount > 0)
);
create index payment_allocations_facility on payment_allocations (facility_id, created_at, id);

create table collaterals (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    facility_id uuid not null,
    wallet_id uuid,
    amount int8 not null check (amount >= 0)
);
create index collaterals_created on collaterals (created_at, id);
create index collaterals_wallet on collaterals (wallet_id) where wallet_id is not null;

create table liquidations (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    facility_id uuid not null,
    collateral_id uuid not null,
    completed bool not null,
    expected_to_receive int8 not null,
    amount_received int8 not null,
    sent_total int8 not null
);
create index liquidations_created on liquidations (created_at, id);
create index liquidations_expected on liquidations (expected_to_receive, id);
create index liquidations_received on liquidations (amount_received, id);
create index liquidations_sent on liquidations (sent_total, id);
create index liquidations_facility on liquidations (facility_id, created_at, id);

-- what a facility's page tells, a row per entry, written with what it tells of
create table credit_history (
    facility_id uuid not null,
    id          uuid not null,
    kind        text not null,
    effective   date not null,
    recorded_at timestamptz not null,
    data        jsonb not null,
    primary key (facility_id, id)
);
