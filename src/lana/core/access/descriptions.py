"""What a permission set is for, in words for people. Unknown sets have none."""

from __future__ import annotations

from typing import Final

_DESCRIPTIONS: Final[dict[str, str]] = {
    "access_viewer": "View users, roles and permission sets",
    "access_writer": "Create users and roles, assign roles, change what a role may do",
    "accounting_viewer": "View the chart of accounts, ledger, statements and exports",
    "accounting_writer": "Record manual transactions, change the chart, close periods, create exports",
    "all_config_writer": "Change every setting, internal ones included",
    "audit_viewer": "View the audit log",
    "collection_payment_date": "Record payments with a date of one's choice",
    "collection_viewer": "View obligations",
    "collection_writer": "Record payments and move obligations",
    "contract_creation": "Generate and download loan agreements",
    "credit_term_templates_viewer": "View terms templates",
    "credit_term_templates_writer": "Create and change terms templates",
    "credit_viewer": "View credit facilities, proposals and disbursals",
    "credit_writer": "Propose and complete credit facilities, initiate disbursals",
    "custody_viewer": "View custodians",
    "custody_writer": "Add and configure custodians and wallets",
    "customer_viewer": "View customers, prospects and their documents",
    "customer_writer": "Create, update, freeze and close customers and prospects",
    "dashboard_viewer": "View the dashboard",
    "deposit_freeze": "Freeze deposit accounts",
    "deposit_unfreeze": "Unfreeze deposit accounts",
    "deposit_viewer": "View deposit accounts, deposits, withdrawals and balances",
    "deposit_writer": "Open and close deposit accounts, record deposits, handle withdrawals",
    "exposed_config_viewer": "View settings",
    "exposed_config_writer": "Change settings and advance the bank's clock",
    "governance_viewer": "View committees, policies and approval processes",
    "governance_writer": "Manage committees and policies, approve and deny",
    "price_viewer": "View price providers",
    "price_writer": "Add and configure price providers",
    "report_viewer": "View and download reports",
    "report_writer": "Generate reports",
}


def description_of(permission_set: str) -> str:
    """The fixed text of a set; empty for unknown names."""
    return _DESCRIPTIONS.get(permission_set, "")
