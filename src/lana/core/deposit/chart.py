"""The deposit domain's places in the ledger: account sets by type of customer, the omnibus account, the
limit.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

import cala_ledger
from lana.core.accounting import JOURNAL_ID
from lana.core.customer import CustomerType
from lana.core.deposit.account.errors import CustomerTypeWithoutAccountSet

OVERDRAFT_LIMIT: Final = cala_ledger.Limit(
    id=UUID("00000000-0000-0000-0000-000000000001"), name="Overdraft Prevention"
)

_TYPES: Final[dict[CustomerType, tuple[str, str]]] = {
    CustomerType.INDIVIDUAL: ("individual", "Individual"),
    CustomerType.GOVERNMENT_ENTITY: ("government-entity", "Government Entity"),
    CustomerType.PRIVATE_COMPANY: ("private-company", "Private Company"),
    CustomerType.BANK: ("bank", "Bank"),
    CustomerType.FINANCIAL_INSTITUTION: ("financial-institution", "Financial Institution"),
    CustomerType.NON_DOMICILED_COMPANY: ("non-domiciled-company", "Non-Domiciled Company"),
}
OMNIBUS: Final = "deposit-omnibus"
OMNIBUS_NAME: Final = "Deposit Omnibus Account Set"


def set_id(reference: str) -> UUID:
    """The same in every installation, so that nothing is looked up to post."""
    return uuid5(JOURNAL_ID, reference)


OMNIBUS_ACCOUNT_ID: Final = set_id(f"{OMNIBUS}-account")


def deposit_set(customer_type: CustomerType) -> UUID:
    return set_id(f"deposit-{_slug(customer_type)}-account-set")


def frozen_set(customer_type: CustomerType) -> UUID:
    return set_id(f"frozen-deposit-{_slug(customer_type)}-account-set")


def _slug(customer_type: CustomerType) -> str:
    if customer_type not in _TYPES:
        raise CustomerTypeWithoutAccountSet(customer_type)
    return _TYPES[customer_type][0]


def _set(reference: str, name: str, side: cala_ledger.Direction) -> cala_ledger.NewSet:
    return cala_ledger.NewSet(
        id=set_id(reference),
        journal_id=JOURNAL_ID,
        external_id=f"{JOURNAL_ID}:{reference}",
        name=name,
        normal_side=side,
    )


def account_sets() -> list[cala_ledger.NewSet]:
    """All thirteen: six for deposits, six for what is frozen, one for the omnibus account."""
    credit = cala_ledger.Direction.CREDIT
    return [
        *(_set(f"deposit-{s}-account-set", f"Deposit {n} Account Set", credit) for s, n in _TYPES.values()),
        *(
            _set(f"frozen-deposit-{s}-account-set", f"Frozen Deposit {n} Account Set", credit)
            for s, n in _TYPES.values()
        ),
        _set(f"{OMNIBUS}-account-set", OMNIBUS_NAME, cala_ledger.Direction.DEBIT),
    ]


def omnibus_account() -> cala_ledger.NewAccount:
    return cala_ledger.NewAccount(
        id=OMNIBUS_ACCOUNT_ID,
        journal_id=JOURNAL_ID,
        code=f"{OMNIBUS}-account",
        external_id=f"{JOURNAL_ID}:{OMNIBUS}-account",
        name=OMNIBUS_NAME,
        normal_side=cala_ledger.Direction.DEBIT,
        sets=(set_id(f"{OMNIBUS}-account-set"),),
    )
