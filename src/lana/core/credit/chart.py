"""The credit domain's places in the ledger: omnibus accounts, product sets, limits.

Their ids follow from their names, the same in every installation, so nothing is looked up to post.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

import cala_ledger
from lana.core.accounting import JOURNAL_ID
from lana.core.customer import CustomerType
from lana.core.terms import Term

CREDIT: Final = cala_ledger.Direction.CREDIT
DEBIT: Final = cala_ledger.Direction.DEBIT

DISBURSAL_LIMIT: Final = cala_ledger.Limit(
    id=UUID("00000000-0000-0000-0000-000000000002"), name="Disbursal Limit"
)
UNCOVERED_OUTSTANDING_LIMIT: Final = cala_ledger.Limit(
    id=UUID("00000000-0000-0000-0000-000000000003"), name="Uncovered Outstanding Limit"
)
LIMITS: Final = (DISBURSAL_LIMIT, UNCOVERED_OUTSTANDING_LIMIT)

TYPES: Final[dict[CustomerType, tuple[str, str]]] = {
    CustomerType.INDIVIDUAL: ("individual", "Individual"),
    CustomerType.GOVERNMENT_ENTITY: ("government-entity", "Government Entity"),
    CustomerType.PRIVATE_COMPANY: ("private-company", "Private Company"),
    CustomerType.BANK: ("bank", "Bank"),
    CustomerType.FINANCIAL_INSTITUTION: ("financial-institution", "Financial Institution"),
    CustomerType.FOREIGN_AGENCY_OR_SUBSIDIARY: (
        "foreign-agency-or-subsidiary",
        "Foreign Agency or Subsidiary",
    ),
    CustomerType.NON_DOMICILED_COMPANY: ("non-domiciled-company", "Non-Domiciled Company"),
}
TERMS: Final[dict[Term, str]] = {Term.SHORT: "Short Term", Term.LONG: "Long Term"}

# name, title, normal side
OMNIBUSES: Final = (
    ("credit-facility-omnibus", "Credit Facility Omnibus", DEBIT),
    ("credit-collateral-omnibus", "Credit Collateral Omnibus", DEBIT),
    (
        "credit-facility-liquidation-proceeds-omnibus",
        "Credit Facility Liquidation Proceeds Omnibus",
        DEBIT,
    ),
    (
        "credit-interest-added-to-obligations-omnibus",
        "Credit Interest Added to Obligations Omnibus",
        DEBIT,
    ),
    ("credit-payments-made-omnibus", "Credit Payments Made Omnibus", CREDIT),
)

SETS: Final = (
    ("credit-facility-remaining", "Credit Facility Remaining", CREDIT),
    ("credit-uncovered-outstanding", "Credit Uncovered Outstanding", CREDIT),
    ("credit-payment-holding", "Credit Payment Holding", CREDIT),
    ("credit-facility-proceeds-from-liquidation", "Credit Facility Proceeds From Liquidation", CREDIT),
    ("credit-collateral", "Credit Collateral", CREDIT),
    ("credit-facility-collateral-in-liquidation", "Credit Facility Collateral In Liquidation", CREDIT),
    ("credit-facility-liquidated-collateral", "Credit Facility Liquidated Collateral", CREDIT),
    ("credit-disbursed-defaulted", "Credit Disbursed Defaulted", DEBIT),
    ("credit-interest-defaulted", "Credit Interest Defaulted", DEBIT),
    ("credit-interest-income", "Credit Interest Income", CREDIT),
    ("credit-fee-income", "Credit Fee Income", CREDIT),
)


def place(reference: str) -> UUID:
    """The id of an account or set of the bank's journal by its name."""
    return uuid5(JOURNAL_ID, reference)


def omnibus(name: str) -> UUID:
    return place(f"{name}-account")


def product_set(name: str) -> UUID:
    return place(f"{name}-account-set")


FACILITY_OMNIBUS: Final = omnibus("credit-facility-omnibus")
COLLATERAL_OMNIBUS: Final = omnibus("credit-collateral-omnibus")
PROCEEDS_OMNIBUS: Final = omnibus("credit-facility-liquidation-proceeds-omnibus")
INTEREST_ADDED_OMNIBUS: Final = omnibus("credit-interest-added-to-obligations-omnibus")
PAYMENTS_MADE_OMNIBUS: Final = omnibus("credit-payments-made-omnibus")


def disbursed_set(term: Term, customer_type: CustomerType) -> UUID:
    return product_set(f"{term}-credit-{TYPES[customer_type][0]}-disbursed-receivable")


def interest_set(term: Term, customer_type: CustomerType) -> UUID:
    return product_set(f"{term}-credit-{TYPES[customer_type][0]}-interest-receivable")


def overdue_set(customer_type: CustomerType) -> UUID:
    return product_set(f"overdue-credit-{TYPES[customer_type][0]}-disbursed-receivable")


def _set(name: str, title: str, side: cala_ledger.Direction) -> cala_ledger.NewSet:
    return cala_ledger.NewSet(
        id=product_set(name),
        journal_id=JOURNAL_ID,
        external_id=f"{JOURNAL_ID}:{name}-account-set",
        name=f"{title} Account Set",
        normal_side=side,
    )


def _receivables() -> list[cala_ledger.NewSet]:
    sets: list[cala_ledger.NewSet] = []
    for slug, title in TYPES.values():
        for term, name in TERMS.items():
            for kind in ("Disbursed", "Interest"):
                reference = f"{term}-credit-{slug}-{kind.lower()}-receivable"
                sets.append(_set(reference, f"{name} Credit {title} {kind} Receivable", DEBIT))
        sets.append(
            _set(
                f"overdue-credit-{slug}-disbursed-receivable",
                f"Overdue Credit {title} Disbursed Receivable",
                DEBIT,
            )
        )
    return sets


def account_sets() -> list[cala_ledger.NewSet]:
    """46 product sets and one for each omnibus account."""
    return [
        *(_set(name, title, side) for name, title, side in (*SETS, *OMNIBUSES)),
        *_receivables(),
    ]


def omnibus_accounts() -> list[cala_ledger.NewAccount]:
    return [
        cala_ledger.NewAccount(
            id=omnibus(name),
            journal_id=JOURNAL_ID,
            code=f"{name}-account",
            external_id=f"{JOURNAL_ID}:{name}-account",
            name=f"{title} Account Set",
            normal_side=side,
            sets=(product_set(name),),
        )
        for name, title, side in OMNIBUSES
    ]
