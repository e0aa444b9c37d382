-- Public ids: short numbers people read out, one series for all kinds of objects.
create sequence public_id_seq start 1000 cache 1;

create table public_ids (
    id text primary key,
    kind text not null,
    target_id uuid not null
);

create table parties (
    id uuid primary key,
    version int8 not null,
    created_at timestamptz not null,
    state jsonb not null,
    customer_type text not null
);

create table prospects (
    id uuid primary key,
    version int8 not null,
    created_at timestamptz not null,
    state jsonb not null,
    customer_type text not null,
    stage text not null,
    public_id int8 not null
);
create index prospects_created on prospects (created_at, id);
create index prospects_stage on prospects (stage, created_at, id);

create table customers (
    id uuid primary key,
    version int8 not null,
    created_at timestamptz not null,
    state jsonb not null,
    customer_type text not null,
    status text not null,
    public_id int8 not null
);
create index customers_created on customers (created_at, id);
create index customers_status on customers (status, created_at, id);
