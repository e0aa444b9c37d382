-- Run-time settings. A key is unique by its claim ('domain-config.key').
create table domain_configs (
    id uuid primary key,
    version int8 not null,
    created_at timestamptz not null,
    state jsonb not null,
    key text not null,
    visibility text not null
);
create index domain_configs_key on domain_configs (key, id);
