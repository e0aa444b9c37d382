"""Omnibus accounts, sets, limits, and the accounts of a loan, named as the specification names them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

import pytest

import cala_ledger
from lana.core.accounting import JOURNAL_ID
from lana.core.credit import accounts, chart
from lana.core.credit.primitives import FacilityAccountIds
from lana.core.customer import CustomerType
from lana.core.terms import Term
from lana.lib.authz import Ctx, Subject
from lana.lib.es.op import Op
from lana.lib.ids import new_id

FACILITY, COLLATERAL = new_id(), new_id()
NAMES: Final = {account_set.id: str(account_set.external_id) for account_set in chart.account_sets()}
_KINDS: Final = ("disbursed", "interest")
_SLUGS: Final = {
    CustomerType.INDIVIDUAL: "individual",
    CustomerType.GOVERNMENT_ENTITY: "government-entity",
    CustomerType.PRIVATE_COMPANY: "private-company",
    CustomerType.BANK: "bank",
    CustomerType.FINANCIAL_INSTITUTION: "financial-institution",
    CustomerType.FOREIGN_AGENCY_OR_SUBSIDIARY: "foreign-agency-or-subsidiary",
    CustomerType.NON_DOMICILED_COMPANY: "non-domiciled-company",
}
CREDIT, DEBIT = cala_ledger.Direction.CREDIT, cala_ledger.Direction.DEBIT


def new_op() -> Op:
    ctx = Ctx(subject=Subject.system("test"), request_id="test")
    return Op(ctx, datetime(2026, 1, 15, 12, tzinfo=UTC), date(2026, 1, 15))


def short(account_set_id: UUID) -> str:
    """A set's name, of its external id `{journal id}:{name}-account-set`."""
    return NAMES[account_set_id].removeprefix(f"{JOURNAL_ID}:").removesuffix("-account-set")


def opened(op: Op) -> list[tuple[str, str, cala_ledger.Direction, str]]:
    """External id, name, side and set of each account."""
    found: list[tuple[str, str, cala_ledger.Direction, str]] = []
    for each in op.accounts:
        (place,) = each.sets
        assert each.external_id is not None
        found.append((each.external_id, each.name, each.normal_side, short(place)))
    return found


def refers_to(op: Op, entity_type: str, entity_id: UUID) -> bool:
    reference = {"entity_ref": {"entity_type": entity_type, "entity_id": str(entity_id)}}
    return all(each.metadata == reference for each in op.accounts)


def test_five_omnibus_accounts_each_in_a_set_of_its_own() -> None:
    omnibuses = chart.omnibus_accounts()
    assert [(each.external_id, each.normal_side) for each in omnibuses] == [
        (f"{JOURNAL_ID}:credit-facility-omnibus-account", DEBIT),
        (f"{JOURNAL_ID}:credit-collateral-omnibus-account", DEBIT),
        (f"{JOURNAL_ID}:credit-facility-liquidation-proceeds-omnibus-account", DEBIT),
        (f"{JOURNAL_ID}:credit-interest-added-to-obligations-omnibus-account", DEBIT),
        (f"{JOURNAL_ID}:credit-payments-made-omnibus-account", CREDIT),
    ]
    for each in omnibuses:
        (place,) = each.sets
        assert NAMES[place] == f"{each.external_id}-set"


def test_46_product_sets_and_five_of_omnibus_accounts() -> None:
    sets = chart.account_sets()
    names = Counter(short(each.id) for each in sets)
    assert len(names) == len(sets) == 51
    kinds = Counter(
        "omnibus" if name.endswith("omnibus") else "receivable" if name.endswith("receivable") else "single"
        for name in names
    )
    assert kinds == {"omnibus": 5, "receivable": 35, "single": 11}
    sides = {short(each.id): each.normal_side for each in sets}
    assert {name for name in names if name.endswith("receivable")} <= {
        name for name, side in sides.items() if side is DEBIT
    }
    assert {name: sides[name] for name in names if "defaulted" in name} == {
        "credit-disbursed-defaulted": DEBIT,
        "credit-interest-defaulted": DEBIT,
    }


@pytest.mark.parametrize("customer_type", CustomerType)
def test_every_type_of_customer_has_its_five_receivable_sets(customer_type: CustomerType) -> None:
    slug = _SLUGS[customer_type]
    named = [
        *(short(chart.disbursed_set(term, customer_type)) for term in Term),
        *(short(chart.interest_set(term, customer_type)) for term in Term),
        short(chart.overdue_set(customer_type)),
    ]
    assert named == [
        f"short-term-credit-{slug}-disbursed-receivable",
        f"long-term-credit-{slug}-disbursed-receivable",
        f"short-term-credit-{slug}-interest-receivable",
        f"long-term-credit-{slug}-interest-receivable",
        f"overdue-credit-{slug}-disbursed-receivable",
    ]


def test_two_limits_keep_an_account_from_becoming_net_debit() -> None:
    assert [(str(each.id)[-4:], each.name) for each in chart.LIMITS] == [
        ("0002", "Disbursal Limit"),
        ("0003", "Uncovered Outstanding Limit"),
    ]
    for each in chart.LIMITS:
        assert (each.layer, each.direction, each.amount) == (cala_ledger.Layer.SETTLED, DEBIT, 0)


def test_approval_opens_four_accounts_two_of_them_limited() -> None:
    op = new_op()
    ids = accounts.draw_pending_ids(op)
    accounts.open_pending(op, FACILITY, ids)
    assert opened(op) == [
        (f"credit-facility-{suffix}:{FACILITY}", f"{title} for Credit Facility {FACILITY}", CREDIT, place)
        for suffix, title, place in (
            ("obs-facility", "Off-Balance-Sheet Facility Account", "credit-facility-remaining"),
            ("uncovered-outstanding", "Uncovered Outstanding Account", "credit-uncovered-outstanding"),
            ("payment-holding", "Payment Holding Account", "credit-payment-holding"),
            (
                *("proceeds-from-liquidation", "Proceeds From Liquidation Account"),
                "credit-facility-proceeds-from-liquidation",
            ),
        )
    ]
    assert refers_to(op, "CreditFacilityProposal", FACILITY)
    assert {each.id: each.limits for each in op.accounts if each.limits} == {
        ids.facility_account_id: (chart.DISBURSAL_LIMIT.id,),
        ids.facility_uncovered_outstanding_account_id: (chart.UNCOVERED_OUTSTANDING_LIMIT.id,),
    }


def test_collateral_has_three_accounts() -> None:
    op = new_op()
    accounts.open_collateral(op, COLLATERAL, accounts.draw_collateral_ids(op))
    assert [(external_id, side, place) for external_id, _, side, place in opened(op)] == [
        (f"credit-facility-collateral:{COLLATERAL}", CREDIT, "credit-collateral"),
        (f"collateral-in-liquidation:{COLLATERAL}", CREDIT, "credit-facility-collateral-in-liquidation"),
        (f"liquidated-collateral:{COLLATERAL}", CREDIT, "credit-facility-liquidated-collateral"),
    ]
    assert refers_to(op, "Collateral", COLLATERAL)


@pytest.mark.parametrize(("term", "prefix"), [(Term.SHORT, "short-term"), (Term.LONG, "long-term")])
def test_activation_opens_ten_accounts_where_term_and_type_say(term: Term, prefix: str) -> None:
    op = new_op()
    ids = accounts.draw_facility_ids(op, accounts.draw_pending_ids(op))
    accounts.open_facility(op, FACILITY, ids, term, CustomerType.PRIVATE_COMPANY)
    disbursed, interest = (f"{prefix}-credit-private-company-{kind}-receivable" for kind in _KINDS)
    expected: list[tuple[str, str, cala_ledger.Direction, str]] = []
    for suffix, title, place in (
        ("disbursed-not-yet-due-receivable", "Disbursed Receivable Not Yet Due Account", disbursed),
        ("disbursed-due-receivable", "Disbursed Receivable Due Account", disbursed),
        (
            *("disbursed-overdue-receivable", "Disbursed Receivable Overdue Account"),
            "overdue-credit-private-company-disbursed-receivable",
        ),
        ("disbursed-defaulted", "Disbursed Defaulted Account", "credit-disbursed-defaulted"),
        ("interest-not-yet-due-receivable", "Interest Receivable Not Yet Due Account", interest),
        ("interest-due-receivable", "Interest Receivable Due Account", interest),
        ("interest-overdue-receivable", "Interest Receivable Overdue Account", interest),
        ("interest-defaulted", "Interest Defaulted Account", "credit-interest-defaulted"),
        ("interest-income", "Interest Income Account", "credit-interest-income"),
        ("fee-income", "Fee Income Account", "credit-fee-income"),
    ):
        side = CREDIT if suffix.endswith("income") else DEBIT
        name = f"{title} for Credit Facility {FACILITY}"
        expected.append((f"credit-facility-{suffix}:{FACILITY}", name, side, place))
    assert opened(op) == expected
    assert refers_to(op, "CreditFacility", FACILITY)


def test_activation_keeps_the_accounts_of_the_pending_facility() -> None:
    op = new_op()
    pending = accounts.draw_pending_ids(op)
    ids = accounts.draw_facility_ids(op, pending)
    for name in pending.__struct_fields__:
        assert getattr(ids, name) == getattr(pending, name)
    assert len({getattr(ids, name) for name in FacilityAccountIds.__struct_fields__}) == 14
