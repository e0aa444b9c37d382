-- One deposit as one transaction, statement by statement: the same rows in the same tables, under the same locks.
-- What would read as a variable (a text with a colon in it) comes out of bench.accounts. What only its own Op looks at comes first, so that the hot rows are held as briefly as this form allows.
\set n random(1, {accounts})
begin;
select a.id as account, uuidv7() as deposit, uuidv7() as key, nextval('public_id_seq') as public_id,
       b.subject, b.action
  from bench.accounts b join deposit_accounts a on a.id = b.account_id where b.n = :n for share of a \gset
insert into idempotency_keys (subject, key, op_id, digest, outcome)
values (:subject, :key, :key, '\x{digest}',
        ('{{"entity": {{"id": "' || :deposit || '", "entity": "deposit", "version": 1}}}}')::jsonb);
insert into audit_entries (subject, object, action, authorized, object_ids, request_id)
values (:subject, 'deposit/deposit/*', :action, true, '{{}}', 'bench') returning id as audit \gset
insert into events (entity_type, entity_id, sequence, event_type, data, subject, audit_entry_id, context, recorded_at)
values ('deposit', :deposit, 1, 'initialized',
        ('{{"id": "' || :deposit || '", "type": "initialized", "amount": {amount}, "status": "Confirmed", "public_id": "'
         || :public_id || '", "reference": "' || :deposit || '", "ledger_tx_id": "' || :deposit
         || '", "deposit_account_id": "' || :account || '"}}')::jsonb,
        :subject, :audit, '{{"request_id": "bench"}}', now());
insert into deposits (id, version, created_at, state, deposit_account_id, status, amount, public_id)
values (:deposit, 1, now(),
        ('{{"id": "' || :deposit || '", "amount": {amount}, "status": "Confirmed", "version": 1, "public_id": "'
         || :public_id || '", "reference": "' || :deposit || '", "ledger_tx_ids": ["' || :deposit
         || '"], "deposit_account_id": "' || :account || '"}}')::jsonb,
        :account, 'Confirmed', {amount}, :public_id);
insert into public_ids (id, kind, target_id) values (:public_id, 'deposit', :deposit);
insert into cala.balances as b (account_id, currency, settled_debit, settled_credit, pending_debit, pending_credit,
                                encumbrance_debit, encumbrance_credit)
select x.id, 'USD', x.debit, x.credit, 0, 0, 0, 0
  from (values (:account::uuid, 0, {amount}), ('{account_set}', 0, {amount}),
               ('{omnibus}', {amount}, 0), ('{omnibus_set}', {amount}, 0)) as x(id, debit, credit) order by x.id
    on conflict (account_id, currency) do update set settled_debit = b.settled_debit + excluded.settled_debit,
                                                     settled_credit = b.settled_credit + excluded.settled_credit;
insert into cala.transactions (id, position, journal_id, template_id, entry_count, effective, recorded_at, digest,
                               description, metadata)
values (:deposit, nextval('cala.transaction_position'), '{journal}', {template}, 2, current_date, now(),
        '\x{digest16}', 'Record a deposit',
        ('{{"entity_ref": {{"entity_id": "' || :deposit
         || '", "entity_type": "Deposit"}}, "initiated_by": "' || :subject || '"}}')::jsonb)
returning position \gset
insert into cala.entries (position, transaction_id, account_id, amount, debit_after, credit_after, layer, direction,
                          currency, entry_type, effective, recorded_at)
select :position::int8 * 65536 + x.n, :deposit, x.id, {amount}, b.settled_debit, b.settled_credit, 'settled',
       x.direction::cala.direction, 'USD', x.type, current_date, now()
  from (values (1, '{omnibus}'::uuid, 'debit', 'RECORD_DEPOSIT_DR'),
               (2, :account::uuid, 'credit', 'RECORD_DEPOSIT_CR')) as x(n, id, direction, type)
  join cala.balances b on b.account_id = x.id and b.currency = 'USD';
insert into cala.day_sums as s (account_id, currency, effective, settled_debit, settled_credit, pending_debit,
                                pending_credit, encumbrance_debit, encumbrance_credit)
select x.id, 'USD', current_date, x.debit, x.credit, 0, 0, 0, 0
  from (values (:account::uuid, 0, {amount}), ('{account_set}', 0, {amount}),
               ('{omnibus}', {amount}, 0), ('{omnibus_set}', {amount}, 0)) as x(id, debit, credit) order by x.id
    on conflict (account_id, currency, effective)
    do update set settled_debit = s.settled_debit + excluded.settled_debit,
                  settled_credit = s.settled_credit + excluded.settled_credit;
select pg_advisory_xact_lock(5460);
insert into outbox (sequence, module, type, payload, context, recorded_at)
select coalesce(max(sequence), 0) + 1, 'Deposit', 'DepositInitialized',
       ('{{"type": "DepositInitialized", "entity": {{"id": "' || :deposit || '", "amount": {amount}, "deposit_account_id": "'
        || :account || '"}}, "module": "Deposit"}}')::jsonb, '{{"request_id": "bench"}}', now()
  from outbox;
commit;
