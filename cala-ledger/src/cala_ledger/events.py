"""Events: each transaction published in the commit that writes it, to an outbox of the host.

A host that uses `Ledger` or `Poster` gives them `publish`: a statement that takes the ids of what was posted
as its one placeholder and selects from `cala.new_transactions`, for example

    insert into outbox (payload) select event from cala.new_transactions(%s)

It runs after the posting, in its transaction: both are committed, or neither. A host with a pipeline of its
own sends the same statement behind `post_statement`. Repeats are not published again.

An event is a JSON object: type "transaction_posted", id, position, journal_id, template, effective,
recorded_at, description, external_id, correlation_id, reverses, metadata, and entries (sequence, account_id,
layer, direction, currency, amount, entry_type, description).
"""

from collections.abc import Iterable, Sequence

from cala_ledger.model import PreparedTransaction
from cala_ledger.statements import Statement
from cala_ledger.wire import UuidArray


def publish_statement(publish: str, transactions: Iterable[PreparedTransaction]) -> Statement:
    """The host's statement with the ids of what was posted; to be sent behind the posting."""
    ids: Sequence[UuidArray] = [UuidArray([each.id for each in transactions])]
    return publish, ids
