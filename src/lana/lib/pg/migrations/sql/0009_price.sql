create table price_providers (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    name text not null,
    active bool not null
);
create index price_providers_created on price_providers (created_at, id);
create index price_providers_name on price_providers (name, id);

-- one row: the price the bank goes by
create table accepted_prices (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    price int8 not null check (price > 0)
);

-- how fresh it is, in real time; written at every fetch, and no event
create table price_status (
    id             uuid primary key,
    fetched_at     timestamptz,
    rejected_price int8,
    rejected_at    timestamptz
);
