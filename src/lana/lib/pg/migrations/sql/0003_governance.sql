create table committees (
    id         uuid        primary key,
    version    int8        not null,
    created_at timestamptz not null,
    state      jsonb       not null,
    name       text        not null
);
create index committees_created on committees (created_at, id);
create index committees_name on committees (name, id);

create table policies (
    id           uuid        primary key,
    version      int8        not null,
    created_at   timestamptz not null,
    state        jsonb       not null,
    process_type text        not null
);
create index policies_created on policies (created_at, id);
create index policies_process_type on policies (process_type);

create table approval_processes (
    id           uuid        primary key,
    version      int8        not null,
    created_at   timestamptz not null,
    state        jsonb       not null,
    committee_id uuid,
    reevaluates  bool        not null
);
create index approval_processes_created on approval_processes (created_at, id);
create index approval_processes_reevaluates on approval_processes (committee_id, id) where reevaluates;
