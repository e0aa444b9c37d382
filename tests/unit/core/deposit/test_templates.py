"""The entries of every template, as the specification lists them."""

from __future__ import annotations

from datetime import date

import pytest

import cala_ledger
from lana.core.customer import CustomerType
from lana.core.deposit.account.errors import CustomerTypeWithoutAccountSet
from lana.core.deposit.chart import OMNIBUS_ACCOUNT_ID, account_sets, deposit_set, frozen_set
from lana.core.deposit.ledger import TEMPLATES
from lana.core.deposit.templates import DEFINITIONS, Template
from lana.lib.ids import new_id

D, F = new_id(), new_id()
NAMES = {OMNIBUS_ACCOUNT_ID: "O", D: "D", F: "F"}

ENTRIES: dict[Template, list[str]] = {
    Template.RECORD_DEPOSIT: ["RECORD_DEPOSIT_DR O debit settled", "RECORD_DEPOSIT_CR D credit settled"],
    Template.REVERT_DEPOSIT: ["REVERT_DEPOSIT_CR O credit settled", "REVERT_DEPOSIT_DR D debit settled"],
    Template.INITIATE_WITHDRAW: [
        "INITIATE_WITHDRAW_SETTLED_CR O credit settled",
        "INITIATE_WITHDRAW_SETTLED_DR D debit settled",
        "INITIATE_WITHDRAW_PENDING_DR O debit pending",
        "INITIATE_WITHDRAW_PENDING_CR D credit pending",
    ],
    Template.CONFIRM_WITHDRAW: [
        "CONFIRM_WITHDRAW_PENDING_CR O credit pending",
        "CONFIRM_WITHDRAW_PENDING_DR D debit pending",
    ],
    Template.CANCEL_WITHDRAW: [
        "CANCEL_WITHDRAW_PENDING_CR O credit pending",
        "CANCEL_WITHDRAW_PENDING_DR D debit pending",
        "CANCEL_WITHDRAW_SETTLED_DR O debit settled",
        "CANCEL_WITHDRAW_SETTLED_CR D credit settled",
    ],
    Template.DENY_WITHDRAW: [
        "DENY_WITHDRAW_PENDING_CR O credit pending",
        "DENY_WITHDRAW_PENDING_DR D debit pending",
        "DENY_WITHDRAW_SETTLED_DR O debit settled",
        "DENY_WITHDRAW_SETTLED_CR D credit settled",
    ],
    Template.REVERT_WITHDRAW: [
        "REVERT_WITHDRAW_SETTLED_DR O debit settled",
        "REVERT_WITHDRAW_SETTLED_CR D credit settled",
    ],
    Template.FREEZE_ACCOUNT: ["FREEZE_ACCOUNT_DR D debit settled", "FREEZE_ACCOUNT_CR F credit settled"],
    Template.UNFREEZE_ACCOUNT: [
        "UNFREEZE_ACCOUNT_DR F debit settled",
        "UNFREEZE_ACCOUNT_CR D credit settled",
    ],
}
DESCRIPTIONS = {
    Template.RECORD_DEPOSIT: "Record a deposit",
    Template.REVERT_DEPOSIT: "Revert a deposit",
    Template.INITIATE_WITHDRAW: "Initiate a withdraw",
    Template.CONFIRM_WITHDRAW: "Confirm a withdraw",
    Template.CANCEL_WITHDRAW: "Cancel a Withdraw",
    Template.DENY_WITHDRAW: "Deny a withdraw",
    Template.REVERT_WITHDRAW: "Revert a withdraw",
    Template.FREEZE_ACCOUNT: "Freeze a deposit account",
    Template.UNFREEZE_ACCOUNT: "Unfreeze a deposit account",
}


@pytest.mark.parametrize("template", Template)
def test_a_template_posts_the_entries_of_the_page_in_their_order(template: Template) -> None:
    definition = next(d for d in DEFINITIONS if d.code == template)
    known = {"amount": 5, "deposit_account_id": D, "frozen_deposit_account_id": F}
    prepared = TEMPLATES.prepare(
        cala_ledger.TransactionInput(
            id=new_id(),
            template=template,
            params={param.name: known[param.name] for param in definition.params},
            effective=date(2026, 1, 15),
        )
    )
    assert prepared.description == DESCRIPTIONS[template]
    assert [
        f"{e.entry_type} {NAMES[e.account_id]} {e.direction.value} {e.layer.value}" for e in prepared.entries
    ] == ENTRIES[template]
    assert {(e.amount, e.currency) for e in prepared.entries} == {(5, "USD")}


def test_thirteen_sets_hold_everything() -> None:
    sets = account_sets()
    assert len({account_set.id for account_set in sets}) == 13
    references = {str(account_set.external_id).partition(":")[2] for account_set in sets}
    assert "deposit-omnibus-account-set" in references
    assert "frozen-deposit-non-domiciled-company-account-set" in references
    for customer_type in CustomerType:
        if customer_type is not CustomerType.FOREIGN_AGENCY_OR_SUBSIDIARY:
            ids = {account_set.id for account_set in sets}
            assert {deposit_set(customer_type), frozen_set(customer_type)} <= ids


def test_foreign_agencies_have_no_set() -> None:
    with pytest.raises(CustomerTypeWithoutAccountSet):
        deposit_set(CustomerType.FOREIGN_AGENCY_OR_SUBSIDIARY)
