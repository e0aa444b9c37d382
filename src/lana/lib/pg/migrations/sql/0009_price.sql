-- Who says what a bitcoin costs, what the bank goes by, how old it is, and what it was.
-- Names and kinds of providers are unique by claims.
create table price_providers (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    name text not null,
    provider text not null,
    active bool not null
);
create index price_providers_created on price_providers (created_at, id);
create index price_providers_name on price_providers (name, id);

-- one row: the price the bank goes by; there from the first start on, so that also who decides without a price
-- is decided again at the first one
create table accepted_prices (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    price int8 check (price > 0)
);

-- how fresh it is, in real time; written at every fetch, and no event
create table price_status (
    id             uuid primary key,
    fetched_at     timestamptz,
    standing       bool not null,
    rejected_price int8,
    rejected_at    timestamptz
);

-- whoever acts upon the price is woken by every fetch, by one of the same price too: it may be fresh again
create function price_written() returns trigger language plpgsql as $$
begin
    perform pg_notify('lana_price', '');
    return null;
end $$;

create trigger price_written after insert or update on price_status for each row execute function price_written();

-- `at` is the bank's time, `fetched_at` the world's. The bank's clock may stand still, so versions order them.
create table price_history (
    version    int8 primary key,
    at         timestamptz not null,
    fetched_at timestamptz not null,
    price      int8 not null check (price > 0)
);
create index price_history_at on price_history (at, version);

-- whose turn it is to fetch: workers race for the row, one of them fetches
create table price_turn (
    only_one bool primary key default true check (only_one),
    taken_at timestamptz not null
);
insert into price_turn (taken_at) values ('-infinity');
