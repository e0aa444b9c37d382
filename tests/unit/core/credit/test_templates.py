"""Every template through its verb: the entries as the specification prints them, and what is told beside them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

import cala_ledger
from lana.core.accounting import JOURNAL_ID
from lana.core.credit import chart
from lana.core.credit.ledger import TEMPLATES, CreditLedger
from lana.core.credit.primitives import CollateralAccountIds, FacilityAccountIds
from lana.core.credit.templates import DEFINITIONS, TABLE, Template
from lana.lib.authz import Ctx, Subject
from lana.lib.es.op import Op
from lana.lib.ids import new_id
from lana.lib.money import Satoshis, UsdCents

TODAY, GIVEN = date(2026, 1, 15), date(2025, 12, 31)
FACILITY, TX, DISBURSAL, DEPOSIT, MOVED_TO = (new_id() for _ in range(5))
IDS = FacilityAccountIds(**{name: new_id() for name in FacilityAccountIds.__struct_fields__})
COINS = CollateralAccountIds(**{name: new_id() for name in CollateralAccountIds.__struct_fields__})
HOLDING = IDS.facility_payment_holding_account_id
PROCEEDS = IDS.facility_proceeds_from_liquidation_account_id
NOT_YET_DUE = IDS.interest_receivable_not_yet_due_account_id
RECEIVABLE = IDS.interest_receivable_due_account_id
ACCRUED_ON = (NOT_YET_DUE, IDS.interest_income_account_id)
USD, BTC = UsdCents(5), Satoshis(7)
LEDGER = CreditLedger()
ACTOR = Subject.user(new_id())
T = Template

# as the specification calls the accounts
NAMES: dict[UUID, str] = {
    chart.FACILITY_OMNIBUS: "O",
    chart.COLLATERAL_OMNIBUS: "omnibus",
    chart.PROCEEDS_OMNIBUS: "proceeds omnibus",
    chart.INTEREST_ADDED_OMNIBUS: "interest-added omnibus",
    chart.PAYMENTS_MADE_OMNIBUS: "payments-made omnibus",
    IDS.facility_account_id: "F",
    IDS.facility_uncovered_outstanding_account_id: "U",
    HOLDING: "H",
    PROCEEDS: "proceeds",
    DEPOSIT: "D",
    MOVED_TO: "next",
    IDS.disbursed_receivable_not_yet_due_account_id: "disbursed NYD",
    NOT_YET_DUE: "interest NYD",
    RECEIVABLE: "interest due",
    IDS.interest_income_account_id: "interest income",
    IDS.fee_income_account_id: "fee income",
    COINS.collateral_account_id: "collateral",
    COINS.collateral_in_liquidation_account_id: "in liquidation",
    COINS.liquidated_collateral_account_id: "liquidated",
}

ACTS: dict[Template, Callable[[Op], object]] = {
    T.CREATE_CREDIT_FACILITY_PROPOSAL: lambda op: LEDGER.create_proposal(op, FACILITY, TX, IDS, USD),
    T.ACTIVATE_CREDIT_FACILITY: lambda op: LEDGER.activate(op, FACILITY, TX, IDS, USD),
    T.INITIAL_DISBURSAL: lambda op: LEDGER.initial_disbursal(op, DISBURSAL, IDS, DEPOSIT, USD),
    T.ADD_STRUCTURING_FEE: lambda op: LEDGER.add_structuring_fee(op, TX, IDS, DEPOSIT, USD),
    T.INITIATE_CREDIT_FACILITY_DISBURSAL: lambda op: LEDGER.initiate_disbursal(op, DISBURSAL, IDS, USD),
    T.CONFIRM_DISBURSAL: lambda op: LEDGER.confirm_disbursal(
        op, TX, DISBURSAL, IDS, deposit_account_id=DEPOSIT, amount=USD
    ),
    T.CANCEL_DISBURSAL: lambda op: LEDGER.cancel_disbursal(op, TX, DISBURSAL, IDS, USD),
    T.CREDIT_FACILITY_ACCRUE_INTEREST: lambda op: LEDGER.accrue_interest(
        op, TX, ACCRUED_ON, USD, external_id="period", effective=GIVEN
    ),
    T.CREDIT_FACILITY_POST_ACCRUED_INTEREST: lambda op: LEDGER.post_accrued_interest(
        op, TX, IDS, USD, external_id="cycle", effective=GIVEN
    ),
    T.RECORD_OBLIGATION_DUE_BALANCE: lambda op: LEDGER.record_due(
        op, TX, (NOT_YET_DUE, MOVED_TO), USD, GIVEN
    ),
    T.RECORD_OBLIGATION_OVERDUE_BALANCE: lambda op: LEDGER.record_overdue(
        op, TX, (RECEIVABLE, MOVED_TO), USD, GIVEN
    ),
    T.RECORD_OBLIGATION_DEFAULTED_BALANCE: lambda op: LEDGER.record_defaulted(
        op, TX, (RECEIVABLE, MOVED_TO), USD, GIVEN
    ),
    T.RECORD_PAYMENT: lambda op: LEDGER.record_payment(
        op, TX, FACILITY, IDS, source_account_id=DEPOSIT, amount=USD, effective=GIVEN
    ),
    T.RECORD_PAYMENT_ALLOCATION: lambda op: LEDGER.record_allocation(
        op, TX, (HOLDING, RECEIVABLE), USD, external_id="share", effective=GIVEN
    ),
    T.REFUND_PAYMENT: lambda op: LEDGER.refund_payment(op, TX, (HOLDING, DEPOSIT), USD, GIVEN),
    T.RETURN_LIQUIDATION_SURPLUS: lambda op: LEDGER.return_surplus(op, TX, PROCEEDS, DEPOSIT, USD),
    T.ADD_COLLATERAL: lambda op: LEDGER.add_collateral(op, TX, COINS, BTC, GIVEN),
    T.REMOVE_COLLATERAL: lambda op: LEDGER.remove_collateral(op, TX, COINS, BTC, GIVEN),
    T.SEND_COLLATERAL_TO_LIQUIDATION: lambda op: LEDGER.send_to_liquidation(op, TX, COINS, BTC),
    T.RECEIVE_PROCEEDS_FROM_LIQUIDATION: lambda op: LEDGER.receive_proceeds(
        op, TX, COINS, proceeds_account_id=PROCEEDS, amount=USD, liquidated=BTC
    ),
    T.RECEIVE_FURTHER_PROCEEDS_FROM_LIQUIDATION: lambda op: LEDGER.receive_proceeds(
        op, TX, COINS, proceeds_account_id=PROCEEDS, amount=USD, liquidated=Satoshis(0)
    ),
}

ENTRIES: dict[Template, list[str]] = {
    T.CREATE_CREDIT_FACILITY_PROPOSAL: ["pending CREATE_CREDIT_FACILITY_PROPOSAL: O / F 5 USD"],
    T.ACTIVATE_CREDIT_FACILITY: [
        "pending ACTIVATE_CREDIT_FACILITY_PENDING: F / O 5 USD",
        "ACTIVATE_CREDIT_FACILITY_SETTLED: O / F 5 USD",
    ],
    T.INITIAL_DISBURSAL: [
        "SINGLE_DISBURSAL_DRAWDOWN: F / U 5 USD",
        "SINGLE_DISBURSAL_RECEIVABLE: disbursed NYD / D 5 USD",
    ],
    T.ADD_STRUCTURING_FEE: ["ADD_STRUCTURING_FEE: D / fee income 5 USD"],
    T.INITIATE_CREDIT_FACILITY_DISBURSAL: [
        "INITIATE_DISBURSAL_DRAWDOWN_SETTLED: F / U 5 USD",
        "pending INITIATE_DISBURSAL_DRAWDOWN_PENDING: U / F 5 USD",
    ],
    T.CONFIRM_DISBURSAL: [
        "pending CONFIRM_DISBURSAL_DRAWDOWN_PENDING: F / U 5 USD",
        "CONFIRM_DISBURSAL_SETTLED: disbursed NYD / D 5 USD",
    ],
    T.CANCEL_DISBURSAL: [
        "pending CANCEL_DISBURSAL_DRAWDOWN_PENDING: F / U 5 USD",
        "CANCEL_DISBURSAL_DRAWDOWN_SETTLED: U / F 5 USD",
    ],
    T.CREDIT_FACILITY_ACCRUE_INTEREST: ["pending ACCRUE_INTEREST: interest NYD / interest income 5 USD"],
    T.CREDIT_FACILITY_POST_ACCRUED_INTEREST: [
        "pending POST_ACCRUED_INTEREST_PENDING: interest income / interest NYD 5 USD",
        "POST_ACCRUED_INTEREST_SETTLED: interest NYD / interest income 5 USD",
        "RECORD_INTEREST_UNCOVERED_OBLIGATION_SETTLED: interest-added omnibus / U 5 USD",
    ],
    T.RECORD_OBLIGATION_DUE_BALANCE: ["RECORD_OBLIGATION_DUE_BALANCE: (Cr first) next / interest NYD 5 USD"],
    T.RECORD_OBLIGATION_OVERDUE_BALANCE: [
        "RECORD_OBLIGATION_OVERDUE_BALANCE: (Cr first) next / interest due 5 USD"
    ],
    T.RECORD_OBLIGATION_DEFAULTED_BALANCE: [
        "RECORD_OBLIGATION_DEFAULTED_BALANCE: (Cr first) next / interest due 5 USD"
    ],
    T.RECORD_PAYMENT: [
        "RECORD_PAYMENT: D / H 5 USD",
        "RECORD_UNCOVERED_DRAWDOWN_FROM_PAYMENT: U / payments-made omnibus 5 USD",
    ],
    T.RECORD_PAYMENT_ALLOCATION: ["RECORD_PAYMENT_ALLOCATION: H / interest due 5 USD"],
    T.REFUND_PAYMENT: ["REFUND_PAYMENT: H / D 5 USD"],
    T.RETURN_LIQUIDATION_SURPLUS: ["RETURN_LIQUIDATION_SURPLUS: proceeds / D 5 USD"],
    T.ADD_COLLATERAL: ["ADD_COLLATERAL: omnibus / collateral 7 BTC"],
    T.REMOVE_COLLATERAL: ["REMOVE_COLLATERAL: collateral / omnibus 7 BTC"],
    T.SEND_COLLATERAL_TO_LIQUIDATION: ["SEND_COLLATERAL_TO_LIQUIDATION: collateral / in liquidation 7 BTC"],
    T.RECEIVE_PROCEEDS_FROM_LIQUIDATION: [
        "RECEIVE_PROCEEDS_FROM_LIQUIDATION: proceeds omnibus / proceeds 5 USD",
        "RECORD_COLLATERAL_LIQUIDATED: in liquidation / liquidated 7 BTC",
    ],
    T.RECEIVE_FURTHER_PROCEEDS_FROM_LIQUIDATION: [
        "RECEIVE_FURTHER_PROCEEDS_FROM_LIQUIDATION: proceeds omnibus / proceeds 5 USD"
    ],
}

# transaction id, external id, effective date, text
TOLD: dict[Template, tuple[UUID, str | None, date, str]] = {
    T.CREATE_CREDIT_FACILITY_PROPOSAL: (TX, f"{FACILITY}-create", TODAY, "Create credit facility"),
    T.ACTIVATE_CREDIT_FACILITY: (TX, f"{FACILITY}-activate", TODAY, "Activate credit facility"),
    T.INITIAL_DISBURSAL: (DISBURSAL, f"{DISBURSAL}-initial-disbursal", TODAY, "Initial disbursal"),
    T.ADD_STRUCTURING_FEE: (TX, f"{TX}-structuring-fee", TODAY, "Add structuring fee"),
    T.INITIATE_CREDIT_FACILITY_DISBURSAL: (DISBURSAL, None, TODAY, "Initiate credit facility disbursal"),
    T.CONFIRM_DISBURSAL: (TX, None, TODAY, "Settle a disbursal"),
    T.CANCEL_DISBURSAL: (TX, None, TODAY, "Cancel a disbursal"),
    T.CREDIT_FACILITY_ACCRUE_INTEREST: (
        *(TX, "period", GIVEN),
        "Accrue interest in accrual period for credit facility",
    ),
    T.CREDIT_FACILITY_POST_ACCRUED_INTEREST: (
        *(TX, "cycle", GIVEN),
        "Post accrued interest from accrual cycle for credit facility",
    ),
    T.RECORD_OBLIGATION_DUE_BALANCE: (TX, None, GIVEN, "Record a due obligation balance"),
    T.RECORD_OBLIGATION_OVERDUE_BALANCE: (TX, None, GIVEN, "Record an overdue obligation balance"),
    T.RECORD_OBLIGATION_DEFAULTED_BALANCE: (TX, None, GIVEN, "Record a defaulted obligation balance"),
    T.RECORD_PAYMENT: (TX, f"beneficiary-{FACILITY}-idx-{TX}", GIVEN, "Record a payment received"),
    T.RECORD_PAYMENT_ALLOCATION: (TX, "share", GIVEN, "Record a deposit"),
    T.REFUND_PAYMENT: (TX, None, GIVEN, "Refund of a payment"),
    T.RETURN_LIQUIDATION_SURPLUS: (TX, None, TODAY, "Liquidation surplus to the customer"),
    T.ADD_COLLATERAL: (TX, None, GIVEN, "Record a deposit"),
    T.REMOVE_COLLATERAL: (TX, None, GIVEN, "Record a deposit"),
    T.SEND_COLLATERAL_TO_LIQUIDATION: (TX, None, TODAY, "Send collateral to liquidation"),
    T.RECEIVE_PROCEEDS_FROM_LIQUIDATION: (
        *(TX, None, TODAY),
        "Record received proceeds from liquidation and collateral liquidated",
    ),
    T.RECEIVE_FURTHER_PROCEEDS_FROM_LIQUIDATION: (
        *(TX, None, TODAY),
        "Record further proceeds of collateral liquidated before",
    ),
}
OF_DISBURSALS = {
    T.INITIAL_DISBURSAL,
    T.INITIATE_CREDIT_FACILITY_DISBURSAL,
    T.CONFIRM_DISBURSAL,
    T.CANCEL_DISBURSAL,
}


def new_op() -> Op:
    return Op(Ctx(subject=ACTOR, request_id="test"), datetime(2026, 1, 15, 12, tzinfo=UTC), TODAY)


def posted(template: Template) -> cala_ledger.PreparedTransaction:
    op = new_op()
    ACTS[template](op)
    (prepared,) = op.postings
    return prepared


def printed(prepared: cala_ledger.PreparedTransaction) -> list[str]:
    """Pairs of entries, one line each, as the specification prints them."""
    entries = prepared.entries
    return [_line(*entries[at : at + 2]) for at in range(0, len(entries), 2)]


def _line(first: cala_ledger.PreparedEntry, second: cala_ledger.PreparedEntry) -> str:
    credit_first = first.direction is cala_ledger.Direction.CREDIT
    debit, credit = (second, first) if credit_first else (first, second)
    assert (debit.direction, credit.direction) == (cala_ledger.Direction.DEBIT, cala_ledger.Direction.CREDIT)
    assert (debit.layer, debit.amount, debit.currency) == (credit.layer, credit.amount, credit.currency)
    kind = debit.entry_type.removesuffix("_DR")
    assert (debit.entry_type, credit.entry_type) == (f"{kind}_DR", f"{kind}_CR")
    layer = "pending " if debit.layer is cala_ledger.Layer.PENDING else ""
    order = "(Cr first) " if credit_first else ""
    accounts = f"{NAMES[debit.account_id]} / {NAMES[credit.account_id]}"
    return f"{layer}{kind}: {order}{accounts} {debit.amount} {debit.currency}"


@pytest.mark.parametrize("template", Template)
def test_a_template_posts_the_entries_of_the_page_in_their_order(template: Template) -> None:
    assert printed(posted(template)) == ENTRIES[template]


@pytest.mark.parametrize("template", Template)
def test_a_posting_says_which_template_when_and_under_which_ids(template: Template) -> None:
    prepared = posted(template)
    assert (prepared.template, prepared.journal_id) == (template, JOURNAL_ID)
    told = (prepared.id, prepared.external_id, prepared.effective, prepared.description)
    assert told == TOLD[template]


@pytest.mark.parametrize("template", Template)
def test_a_posting_says_who_began_it_and_of_disbursals_which_one(template: Template) -> None:
    prepared = posted(template)
    assert prepared.metadata is not None
    expected: dict[str, object] = {"initiated_by": str(ACTOR)}
    if template in OF_DISBURSALS:
        expected["entity_ref"] = {"entity_type": "Disbursal", "entity_id": str(DISBURSAL)}
    assert msgspec.json.decode(prepared.metadata) == expected


def test_how_it_works_lists_every_template_and_its_pairs() -> None:
    page = Path(__file__).parents[4] / "docs" / "how-it-works" / "credit.md"
    rows = re.findall(r"^\| [^|]* \| `([A-Z_]+)` \| ([^|]*) \|$", page.read_text(), re.MULTILINE)
    assert dict(rows) == {
        template: "; ".join(f"{'*p* ' if pair.pending else ''}{pair.debit} / {pair.credit}" for pair in pairs)
        for template, (_, pairs) in TABLE.items()
    }
    assert len(rows) == len(TABLE)


def test_every_template_is_defined_once() -> None:
    assert sorted(each.code for each in DEFINITIONS) == sorted(Template)


def test_nothing_is_posted_for_nothing() -> None:
    """ADR 21: periods and cycles in which nothing was owed."""
    op, nothing = new_op(), UsdCents(0)
    assert not LEDGER.accrue_interest(op, TX, ACCRUED_ON, nothing, external_id="period", effective=GIVEN)
    assert not LEDGER.post_accrued_interest(op, TX, IDS, nothing, external_id="cycle", effective=GIVEN)
    assert op.postings == []
    assert LEDGER.accrue_interest(op, TX, ACCRUED_ON, USD, external_id="period", effective=GIVEN)
    assert LEDGER.post_accrued_interest(op, TX, IDS, USD, external_id="cycle", effective=GIVEN)
    assert len(op.postings) == 2


@pytest.mark.parametrize("amount", [0, -1])
def test_the_ledger_holds_no_entry_of_nothing(amount: int) -> None:
    receivable, income = ACCRUED_ON
    with pytest.raises(cala_ledger.errors.InvalidAmount):
        TEMPLATES.prepare(
            cala_ledger.TransactionInput(
                id=TX,
                template=T.CREDIT_FACILITY_ACCRUE_INTEREST,
                params={
                    "amount": amount,
                    "receivable_not_yet_due_account_id": receivable,
                    "interest_income_account_id": income,
                },
                effective=GIVEN,
            )
        )
