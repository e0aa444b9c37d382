-- Who holds bitcoin, and the wallets opened there. Names, providers and wallets are unique by claims.
create table custodians (
    id         uuid        primary key,
    version    int8        not null,
    created_at timestamptz not null,
    state      jsonb       not null,
    name       text        not null,
    provider   text        not null
);
create index custodians_created on custodians (created_at, id);
create index custodians_name on custodians (name, id);

create table wallets (
    id                 uuid        primary key,
    version            int8        not null,
    created_at         timestamptz not null,
    state              jsonb       not null,
    custodian_id       uuid        not null,
    external_wallet_id text        not null
);
create index wallets_created on wallets (created_at, id);
create index wallets_external on wallets (external_wallet_id, created_at, id);
