-- What customers ask for, and what they have not asked for yet. One open request per customer and product is a claim.
create table credit_requests (
    id                uuid        primary key,
    version           int8        not null,
    created_at        timestamptz not null,
    state             jsonb       not null,
    customer_id       uuid        not null,
    terms_template_id uuid        not null,
    status            text        not null,
    amount            int8        not null check (amount > 0)
);
create index credit_requests_created on credit_requests (created_at, id);
create index credit_requests_amount on credit_requests (amount, id);
create index credit_requests_customer on credit_requests (customer_id, created_at desc, id desc);
create index credit_requests_status on credit_requests (status, created_at, id);
create index credit_requests_status_amount on credit_requests (status, amount, id);
-- what may expire
create index credit_requests_open on credit_requests (id) include (created_at)
    where status in ('submitted', 'in_review');

-- A draft is a row, not an entity. Once it is submitted its content goes and `discarded` stays.
create table credit_request_drafts (
    customer_id       uuid        not null,
    terms_template_id uuid        not null,
    content           jsonb,
    discarded         bool        not null,
    updated_at        timestamptz not null,
    primary key (customer_id, terms_template_id)
);

-- customers choose among what is offered
alter table terms_templates add column offered bool not null default false;
update terms_templates set offered = true where (state -> 'offer' ->> 'offered')::bool;
create index terms_templates_offered on terms_templates (offered, name, id);
