create table documents (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    document_type text not null,
    reference_id uuid not null,
    status text not null
);
create index documents_created on documents (created_at, id);
create index documents_reference on documents (reference_id, created_at, id);
