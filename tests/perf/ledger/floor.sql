-- A transaction of two entries as one database transaction, statement by statement: the same rows in the same
-- tables. Rows are taken in the order of accounts, so that nothing deadlocks, and the position is drawn while both
-- balances are locked, so that running balances follow it.
\set a random(1, {accounts})
\set b 1 + (:a + random(0, {accounts} - 2)) % {accounts}
begin;
insert into cala.balances as b (account_id, currency, settled_debit, settled_credit, pending_debit, pending_credit,
                                encumbrance_debit, encumbrance_credit)
select x.account_id, 'USD', case x.n when :a then {amount} else 0 end, case x.n when :b then {amount} else 0 end, 0, 0, 0, 0
  from bench.accounts x where x.n in (:a, :b) order by x.account_id
    on conflict (account_id, currency) do update set settled_debit = b.settled_debit + excluded.settled_debit,
                                                     settled_credit = b.settled_credit + excluded.settled_credit;
insert into cala.transactions (id, position, journal_id, template_id, entry_count, effective, recorded_at, digest)
values (gen_random_uuid(), nextval('cala.transaction_position'), '{journal}', {template}, 2, '{effective}', now(),
        '\x{digest}')
returning id as tx, position \gset
insert into cala.entries (position, transaction_id, account_id, amount, debit_after, credit_after, layer, direction,
                          currency, entry_type, effective, recorded_at)
select :position::int8 * 65536 + x.n, :tx, b.account_id, {amount}, b.settled_debit, b.settled_credit, 'settled',
       x.direction::cala.direction, 'USD', x.type, '{effective}', now()
  from (values (1, :a::int, 'debit', 'PAY_DEBIT'), (2, :b::int, 'credit', 'PAY_CREDIT')) as x(n, account, direction, type)
  join bench.accounts y on y.n = x.account
  join cala.balances b on b.account_id = y.account_id and b.currency = 'USD';
insert into cala.day_sums as s (account_id, currency, effective, settled_debit, settled_credit, pending_debit,
                                pending_credit, encumbrance_debit, encumbrance_credit)
select x.account_id, 'USD', '{effective}', case x.n when :a then {amount} else 0 end,
       case x.n when :b then {amount} else 0 end, 0, 0, 0, 0
  from bench.accounts x where x.n in (:a, :b) order by x.account_id
    on conflict (account_id, currency, effective)
    do update set settled_debit = s.settled_debit + excluded.settled_debit,
                  settled_credit = s.settled_credit + excluded.settled_credit;
commit;
