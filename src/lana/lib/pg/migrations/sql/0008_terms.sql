-- Terms under a name. Uniqueness of the name is a claim.
create table terms_templates (
    id         uuid        primary key,
    version    int8        not null,
    created_at timestamptz not null,
    state      jsonb       not null,
    name       text        not null
);
create index terms_templates_created on terms_templates (created_at, id);
create index terms_templates_name on terms_templates (name, id);
