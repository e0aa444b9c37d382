"""A deposit account: active, frozen or closed."""

from __future__ import annotations

from uuid import UUID

from lana.core.deposit.account.errors import (
    BalanceIsNotZero,
    CannotUpdateClosedAccount,
    CannotUpdateFrozenAccount,
    DepositAccountClosed,
    DepositAccountFrozen,
)
from lana.core.deposit.primitives import AccountFreezeReason, AccountIds, AccountStatus, Activity, Balance
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Initialized(Event, tag="initialized", frozen=True):
    id: UUID
    account_holder_id: UUID
    account_ids: AccountIds
    status: AccountStatus
    activity: Activity
    public_id: str


class Frozen(Event, tag="frozen", frozen=True):
    status: AccountStatus
    reason: AccountFreezeReason


class Unfrozen(Event, tag="unfrozen", frozen=True):
    status: AccountStatus
    released: tuple[AccountFreezeReason, ...]


class Closed(Event, tag="closed", frozen=True):
    status: AccountStatus


class ActivityUpdated(Event, tag="activity_updated", frozen=True):
    activity: Activity


DepositAccountEvent = Initialized | Frozen | Unfrozen | Closed | ActivityUpdated


class DepositAccount(Entity[DepositAccountEvent]):
    """Frozen while any reason holds it frozen; closed, and escheatable, are final."""

    kind = "deposit_account"
    event_types = DepositAccountEvent

    account_holder_id: UUID
    account_ids: AccountIds
    public_id: str
    status: AccountStatus
    activity: Activity
    is_evaluated: bool = False
    freezes: tuple[AccountFreezeReason, ...] = ()

    @property
    def is_closed(self) -> bool:
        return self.status is AccountStatus.CLOSED

    def require_active(self) -> None:
        """Money moves on an active account only."""
        if self.status is AccountStatus.FROZEN:
            raise DepositAccountFrozen(self.id)
        if self.is_closed:
            raise DepositAccountClosed(self.id)

    def freeze(self, reason: AccountFreezeReason = AccountFreezeReason.ACCOUNT) -> Outcome:
        if self.is_closed:
            raise CannotUpdateClosedAccount(self.id)
        if reason in self.freezes:
            return ALREADY
        return self.emit(Frozen(status=AccountStatus.FROZEN, reason=reason))

    def unfreeze(self, reason: AccountFreezeReason = AccountFreezeReason.ACCOUNT) -> Outcome:
        """Staff, unfreezing the account itself, lifts every freeze; the holder's
        release lifts only its own.
        """
        released = self.freezes if reason is AccountFreezeReason.ACCOUNT else (reason,)
        if not set(released) & set(self.freezes):
            return ALREADY
        remaining = set(self.freezes) - set(released)
        status = AccountStatus.FROZEN if remaining else AccountStatus.ACTIVE
        return self.emit(Unfrozen(status=status, released=released))

    def close(self, balance: Balance) -> Outcome:
        if not balance.is_zero:
            raise BalanceIsNotZero
        if self.is_closed:
            return ALREADY
        if self.status is AccountStatus.FROZEN:
            raise CannotUpdateFrozenAccount(self.id)
        return self.emit(Closed(status=AccountStatus.CLOSED))

    def update_activity(self, activity: Activity) -> Outcome:
        """The first evaluation is told even if nothing changes."""
        if self.activity is Activity.ESCHEATABLE or (self.is_evaluated and self.activity is activity):
            return ALREADY
        return self.emit(ActivityUpdated(activity=activity))

    @classmethod
    def begin(cls, event: DepositAccountEvent) -> DepositAccount:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            account_holder_id=event.account_holder_id,
            account_ids=event.account_ids,
            public_id=event.public_id,
            status=event.status,
            activity=event.activity,
        )

    def apply(self, event: DepositAccountEvent) -> None:
        match event:
            case Initialized():
                raise ValueError("a deposit account is initialized once")
            case Frozen():
                self.status = event.status
                self.freezes = (*self.freezes, event.reason)
            case Unfrozen():
                self.status = event.status
                self.freezes = tuple(r for r in self.freezes if r not in event.released)
            case Closed():
                self.status = event.status
            case ActivityUpdated():
                self.activity = event.activity
                self.is_evaluated = True
