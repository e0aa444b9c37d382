"""What deposits and withdrawals say of money, beside what the ledger holds. Each check is one statement."""

from __future__ import annotations

from typing import Final

from lana.app.verify_rows import Check, counting

# what the credit domain moves on a deposit account: its own checks answer for the sums
_BY_CREDIT: Final = (
    "('SINGLE_DISBURSAL_RECEIVABLE_CR', 'CONFIRM_DISBURSAL_SETTLED_CR', 'ADD_STRUCTURING_FEE_DR',"
    " 'RECORD_PAYMENT_DR', 'REFUND_PAYMENT_CR', 'RETURN_LIQUIDATION_SURPLUS_CR')"
)

_DEPOSITS: Final = f"""
with moved as (
    select deposit_account_id as id, sum(amount) as amount
      from deposits where status = 'Confirmed' group by 1
    union all
    select deposit_account_id, -sum(amount)
      from withdrawals where status in ('PendingApproval', 'PendingConfirmation', 'Confirmed') group by 1
    union all
    select a.id, sum(case e.direction when 'credit' then e.amount else -e.amount end)
      from deposit_accounts a join cala.entries e on e.account_id = a.id and e.entry_type in {_BY_CREDIT}
     group by 1
), wanted as (
    select id, sum(amount) as amount from moved group by id
), held as (
    select a.id, coalesce(sum(b.settled_credit - b.settled_debit), 0) as amount
      from deposit_accounts a
      left join cala.balances b on b.account_id in (
          a.id, (a.state->'account_ids'->>'frozen_deposit_account_id')::uuid)
     group by a.id
)
select format('deposit account %s: books say %s, deposits say %s', h.id, h.amount, coalesce(w.amount, 0))
  from held h left join wanted w using (id)
 where h.amount <> coalesce(w.amount, 0)
"""

BOOKS: Final[dict[str, Check]] = {
    "deposits: books = deposits and withdrawals": counting("deposit_accounts", _DEPOSITS),
}
