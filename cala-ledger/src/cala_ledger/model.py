"""Values the ledger takes and answers. Amounts are integers of the currency's minor unit; dates are effective
dates."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID, uuid5

import msgspec

from cala_ledger.errors import JsonValue

ParamValue: TypeAlias = UUID | str | int | bool | date | list[JsonValue] | dict[str, JsonValue] | None


class Layer(StrEnum):
    """Where an amount stands: moved for good, on its way, or set aside."""

    SETTLED = "settled"
    PENDING = "pending"
    ENCUMBRANCE = "encumbrance"


class Direction(StrEnum):
    """Side of an entry, and the normal side of an account."""

    DEBIT = "debit"
    CREDIT = "credit"


class Status(StrEnum):
    """A locked account or journal takes no postings."""

    ACTIVE = "active"
    LOCKED = "locked"


class ParamType(StrEnum):
    """Types of template params; `json` takes any JSON value."""

    UUID = "uuid"
    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    JSON = "json"


class Param(msgspec.Struct, frozen=True, kw_only=True):
    """A template's param. `default` is an expression without params; without one the param is required."""

    name: str
    type: ParamType
    default: str | None = None
    description: str | None = None


class TransactionSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Expressions for a transaction's fields; None leaves the field to the input, or empty."""

    journal_id: str
    effective: str | None = None
    description: str | None = None
    metadata: str | None = None
    external_id: str | None = None
    correlation_id: str | None = None


class EntrySpec(msgspec.Struct, frozen=True, kw_only=True):
    """Expressions for an entry's fields; `amount` is in minor units of `currency`."""

    entry_type: str
    account_id: str
    layer: str
    direction: str
    amount: str
    currency: str
    description: str | None = None


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of transaction. Expressions are CEL; `params.x`, constants and literals are copied without
    calling it."""

    code: str
    params: tuple[Param, ...]
    transaction: TransactionSpec
    entries: tuple[EntrySpec, ...]
    description: str | None = None


class TransactionInput(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wants posted. What is given here wins over the template's expression for the same
    field."""

    id: UUID
    template: str
    params: Mapping[str, ParamValue]
    metadata: Mapping[str, JsonValue] | None = None
    effective: date | None = None
    external_id: str | None = None
    correlation_id: str | None = None


class PreparedEntry(msgspec.Struct, frozen=True):
    entry_type: str
    account_id: UUID
    layer: Layer
    direction: Direction
    amount: int
    currency: str
    description: str | None


class PreparedTransaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An evaluated, balanced transaction. `digest` covers everything but the id: equal digests mean a
    repeat. `reverses`: the transaction this one is the exact opposite of."""

    id: UUID
    template: str
    journal_id: UUID
    effective: date
    description: str | None
    metadata: str | None
    external_id: str | None
    correlation_id: str | None
    entries: tuple[PreparedEntry, ...]
    digest: bytes
    reverses: UUID | None = None


class StatusChange(msgspec.Struct, frozen=True):
    account_id: UUID
    status: Status


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account to open. `sets` are its direct parents, `limits` the velocity limits bound to it from the
    start."""

    id: UUID
    journal_id: UUID
    code: str
    name: str
    normal_side: Direction
    external_id: str | None = None
    description: str | None = None
    metadata: Mapping[str, JsonValue] | None = None
    sets: tuple[UUID, ...] = ()
    limits: tuple[UUID, ...] = ()
    created_at: datetime | None = None


class NewSet(msgspec.Struct, frozen=True, kw_only=True):
    """A set to open. A parent in `sets` exists already or stands earlier in the same call."""

    id: UUID
    journal_id: UUID
    name: str
    normal_side: Direction
    code: str | None = None
    external_id: str | None = None
    description: str | None = None
    metadata: Mapping[str, JsonValue] | None = None
    sets: tuple[UUID, ...] = ()
    limits: tuple[UUID, ...] = ()
    created_at: datetime | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account or a set (`is_set`). `position` grows with creation."""

    id: UUID
    journal_id: UUID
    is_set: bool
    code: str | None
    external_id: str | None
    name: str
    description: str | None
    normal_side: Direction
    status: Status
    metadata: dict[str, JsonValue] | None
    created_at: datetime
    position: int


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    code: str
    name: str
    description: str | None
    status: Status
    created_at: datetime


class WindowKey(msgspec.Struct, frozen=True):
    """One part of a limit's window: what is equal in `value` (CEL) shares a window."""

    alias: str
    value: str


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """At most `amount` net in `direction` on a layer. Amount 0, debit, settled: no overdraft. Currency None:
    each.

    A plain limit watches the balance of what it is attached to. With a condition, a window (CEL, see
    `rules`), effective dates from `starts` up to but without `ends`, or `per_account`, it counts from its
    attachment on the entries it concerns; `per_account` on a set: of every account below, each by itself.
    """

    id: UUID
    name: str
    layer: Layer = Layer.SETTLED
    direction: Direction = Direction.DEBIT
    currency: str | None = None
    amount: int = 0
    condition: str | None = None
    window: tuple[WindowKey, ...] = ()
    starts: date | None = None
    ends: date | None = None
    per_account: bool = False

    @property
    def ruled(self) -> bool:
        """Whether it counts entries of its own choice instead of watching a balance."""
        return bool(self.condition or self.window or self.starts or self.ends or self.per_account)


class LimitUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What a limit has counted for one account or set, in one currency and window, and what it leaves."""

    account_id: UUID
    limit_id: UUID
    currency: str
    window: tuple[JsonValue, ...]
    used: int
    left: int


class Sums(msgspec.Struct, frozen=True):
    """Debits and credits of one layer, in minor units."""

    debit: int = 0
    credit: int = 0

    def minus(self, other: "Sums") -> "Sums":
        return Sums(self.debit - other.debit, self.credit - other.credit)

    def net(self, side: Direction) -> int:
        """The balance as an account of this normal side shows it; negative values are legal."""
        return self.debit - self.credit if side is Direction.DEBIT else self.credit - self.debit


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Sums per layer of one account or set in one currency. Never touched: all zero."""

    account_id: UUID
    currency: str
    settled: Sums = Sums()
    pending: Sums = Sums()
    encumbrance: Sums = Sums()

    def minus(self, other: "Balance") -> "Balance":
        """What was added since `other`, of the same account and currency."""
        return Balance(
            account_id=self.account_id,
            currency=self.currency,
            settled=self.settled.minus(other.settled),
            pending=self.pending.minus(other.pending),
            encumbrance=self.encumbrance.minus(other.encumbrance),
        )

    def available(self, layer: Layer, side: Direction) -> int:
        """What an account of this normal side has at hand: the layer with all that is firmer than it.

        Settled: settled alone. Pending: with what is on its way. Encumbrance: with what is set aside, too.
        """
        taken = tuple(Layer)[: tuple(Layer).index(layer) + 1]
        return sum(self.layer(each).net(side) for each in taken)

    def layer(self, layer: Layer) -> Sums:
        match layer:
            case Layer.SETTLED:
                return self.settled
            case Layer.PENDING:
                return self.pending
            case Layer.ENCUMBRANCE:
                return self.encumbrance


class ByCurrency(dict[str, Balance]):
    """The balances of one account or set. A currency it never had answers zeros."""

    def __init__(self, account_id: UUID) -> None:
        super().__init__()
        self._account_id = account_id

    def __missing__(self, currency: str) -> Balance:
        return Balance(account_id=self._account_id, currency=currency)


class BalanceRange(msgspec.Struct, frozen=True, kw_only=True):
    """Opening (before `from`), activity within, closing (up to and with `until`), by effective date."""

    open: Balance
    activity: Balance
    close: Balance


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A posted entry. `debit_after` and `credit_after` are its account's sums in this layer and currency
    after it."""

    position: int
    transaction_id: UUID
    account_id: UUID
    amount: int
    debit_after: int
    credit_after: int
    layer: Layer
    direction: Direction
    currency: str
    entry_type: str
    description: str | None
    effective: date
    recorded_at: datetime

    @property
    def sequence(self) -> int:
        """Place within the transaction, from 1."""
        return self.position % 65536

    @property
    def id(self) -> UUID:
        """A stable id made of the transaction's id and the sequence."""
        return uuid5(self.transaction_id, str(self.sequence))


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    position: int
    journal_id: UUID
    template: str
    effective: date
    recorded_at: datetime
    description: str | None
    external_id: str | None
    correlation_id: str | None
    metadata: dict[str, JsonValue] | None
    reverses: UUID | None
    reversed_by: UUID | None
    entries: tuple[Entry, ...]


class EntryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries: all that is given must hold; bounds are included. `external_id` is the transaction's."""

    effective_from: date | None = None
    effective_until: date | None = None
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None
    amount_from: int | None = None
    amount_until: int | None = None
    layer: Layer | None = None
    direction: Direction | None = None
    currency: str | None = None
    entry_type: str | None = None
    external_id: str | None = None


class TransactionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which transactions: all that is given must hold; bounds are included."""

    journal_id: UUID | None = None
    template: str | None = None
    external_id: str | None = None
    correlation_id: str | None = None
    effective_from: date | None = None
    effective_until: date | None = None
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None


class Page(msgspec.Struct, frozen=True):
    """A window on a list by `position`: the `first` after a place, or the `last` before one."""

    first: int | None = None
    after: int | None = None
    last: int | None = None
    before: int | None = None
    newest_first: bool = True


class EntryPage(msgspec.Struct, frozen=True):
    """Entries in the order asked for, and whether the list goes on in the direction paged."""

    entries: tuple[Entry, ...]
    has_more: bool


class TransactionPage(msgspec.Struct, frozen=True):
    """Transactions in the order asked for, and whether the list goes on in the direction paged."""

    transactions: tuple[Transaction, ...]
    has_more: bool


class DryRun(msgspec.Struct, frozen=True):
    """What posting would have written: entries by transaction, and the balances after it, by account or set
    and currency, of every account posted to and every set above it."""

    entries: dict[UUID, tuple[Entry, ...]]
    balances: dict[UUID, ByCurrency]
