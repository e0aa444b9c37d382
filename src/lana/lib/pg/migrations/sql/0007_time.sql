-- The manual clock of development and tests: one entity for all processes, and it never goes back.
create table bank_clock (
    id uuid primary key,
    version int8 not null,
    created_at timestamptz not null,
    state jsonb not null,
    at timestamptz not null
);
create unique index bank_clock_one on bank_clock ((true));

create function clock_moved() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.at < old.at then
        raise exception 'the clock of the bank never goes back' using errcode = 'restrict_violation';
    end if;
    perform pg_notify('lana_clock', '');
    return new;
end $$;

create trigger clock_moved before insert or update on bank_clock for each row execute function clock_moved();

-- The last day whose end was published; the checkpoint of the producer, written in the Op that publishes.
create table end_of_day_checkpoint (
    name text primary key,
    last_published_day date not null
);

-- One ordered run per closing: born with its event, done when every step is. Wall time, not the manual clock's,
-- except the closing itself. `retry_at`: when a failed one is tried again, or what a completed one went past;
-- `retries`: how often that was.
create table end_of_day_runs (
    day date primary key,
    closing_time timestamptz not null,
    timezone text not null,
    state text not null check (state in ('pending', 'running', 'failed', 'completed')),
    attempts int8 not null default 0,
    retries int8 not null default 0,
    error text,
    retry_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz
);
create index end_of_day_runs_open on end_of_day_runs (day) where state <> 'completed';

-- Progress of a run. `cursor` is where a step goes on after a crash; a page done twice must do nothing the second time.
create table end_of_day_steps (
    day date not null references end_of_day_runs (day),
    step text not null,
    position int8 not null,
    state text not null check (state in ('running', 'completed')),
    cursor text,
    done int8 not null default 0,
    failed int8 not null default 0,
    started_at timestamptz not null default clock_timestamp(),
    completed_at timestamptz,
    primary key (day, step)
);

-- What a step could not do and went past: one facility's trouble must not stop the bank's night. Tried again, it
-- stays listed until its step has gone through without it.
create table end_of_day_failures (
    day date not null,
    step text not null,
    item text not null,
    error text not null,
    failed_at timestamptz not null default clock_timestamp(),
    primary key (day, step, item),
    foreign key (day, step) references end_of_day_steps (day, step)
);
