-- A chart: sets in a tree of ten below each, set 0 on top; accounts below the sets that have no set below them.
create schema bench;
create table bench.sets (n int8 primary key, set_id uuid not null default gen_random_uuid());
create table bench.accounts (n int8 primary key, account_id uuid not null default gen_random_uuid());

create function bench.sets(p_journal uuid, p_sets int8) returns void language sql as $$
  insert into bench.sets (n) select generate_series(0, p_sets - 1);
  insert into cala.accounts (id, journal_id, is_set, name, normal_side, created_at)
  select s.set_id, p_journal, true, 'Set ' || s.n, 'credit', now() from bench.sets s order by s.n;
  insert into cala.members (set_id, member_id, added_at)
  select above.set_id, s.set_id, now() from bench.sets s join bench.sets above on above.n = (s.n - 1) / 10
  where s.n > 0;
  insert into cala.ancestors (account_id, set_id)
  with recursive up (account_id, set_id) as (
    select m.member_id, m.set_id from cala.members m
    union all
    select up.account_id, m.set_id from up join cala.members m on m.member_id = up.set_id)
  select * from up;
$$;

-- Accounts from one number up to another; below sets where there are some.
create function bench.accounts(p_journal uuid, p_first int8, p_last int8) returns void language sql
set jit = off as $$
  insert into bench.accounts (n) select generate_series(p_first, p_last);
  insert into cala.accounts (id, journal_id, code, name, normal_side, created_at)
  select a.account_id, p_journal, 'A' || a.n, 'Account ' || a.n, 'credit', now() from bench.accounts a
  where a.n between p_first and p_last order by a.n;
  insert into cala.members (set_id, member_id, added_at)
  select s.set_id, a.account_id, now() from bench.accounts a
  join (select l.set_id, row_number() over (order by l.n) - 1 as number, count(*) over () as leaves from bench.sets l
        where not exists (select 1 from bench.sets b where b.n = l.n * 10 + 1)) s on s.number = a.n % s.leaves
  where a.n between p_first and p_last;
  insert into cala.ancestors (account_id, set_id)
  select a.account_id, x.set_id
  from bench.accounts a join cala.members m on m.member_id = a.account_id
  cross join lateral (
    select m.set_id
    union all
    select n.set_id from cala.ancestors n where n.account_id = m.set_id) x
  where a.n between p_first and p_last;
$$;
