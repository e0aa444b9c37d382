-- The guards of functions/guards.sql, set in place.

create trigger transactions_append_only before update or delete or truncate on cala.transactions
  for each statement execute function cala.refuse_change();
create trigger entries_append_only before update or delete or truncate on cala.entries
  for each statement execute function cala.refuse_change();

create trigger entries_check after insert on cala.entries
  referencing new table as new_entries
  for each statement execute function cala.check_entries();
