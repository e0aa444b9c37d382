-- Personal data of parties and users: erasable, never in events. The salt is the person's own.
create table personal_data (
    kind   text  not null,
    id     uuid  not null,
    email  text,
    handle text,
    data   jsonb,
    salt   bytea not null,
    primary key (kind, id)
);
create index personal_data_email on personal_data (kind, coalesce(email, ''), id);
create index personal_data_handle on personal_data (kind, coalesce(handle, ''), id);
create index personal_data_email_lookup on personal_data (kind, lower(email));

-- One salt for the whole bank: claims of unique e-mails and handles are digests under it.
create table personal_data_salt (
    only_row bool  primary key default true check (only_row),
    salt     bytea not null
);
insert into personal_data_salt (salt) values (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

create table permission_sets (
    id         uuid        primary key,
    version    int8        not null,
    created_at timestamptz not null,
    state      jsonb       not null,
    name       text        not null
);
create index permission_sets_created on permission_sets (created_at, id);
create index permission_sets_name on permission_sets (name);

create table roles (
    id         uuid        primary key,
    version    int8        not null,
    created_at timestamptz not null,
    state      jsonb       not null,
    name       text        not null
);
create index roles_created on roles (created_at, id);
create index roles_name on roles (name, id);

create table users (
    id         uuid        primary key,
    version    int8        not null,
    created_at timestamptz not null,
    state      jsonb       not null,
    role_id    uuid        not null,
    active     bool        not null
);
create index users_created on users (created_at, id);
