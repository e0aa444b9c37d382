"""The permission matrix: which set grants which actions, also of domains that are still to come.

Each (object, action) belongs to exactly one set. `CreditViewer` and `CreditWriter` (collateral, liquidation)
are literally spelled so and are other sets than `credit_viewer` and `credit_writer`.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Permission(msgspec.Struct, frozen=True, order=True):
    """One grant, as stored: object `<module>/<entity>/*`, action `<module>:<entity>:<verb>`."""

    object: str
    action: str


SUPERUSER: Final = "superuser"

# object, then pairs of (set, verbs)
_MATRIX: Final[tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = (
    ("audit/audit", (("audit_viewer", "list"),)),
    (
        "access/user",
        (
            ("access_viewer", "read list"),
            ("access_writer", "create update update-role"),
        ),
    ),
    (
        "access/role",
        (("access_viewer", "read list"), ("access_writer", "create update")),
    ),
    ("access/permission-set", (("access_viewer", "list"),)),
    (
        "governance/committee",
        (
            ("governance_viewer", "read list"),
            ("governance_writer", "create add-member remove-member"),
        ),
    ),
    (
        "governance/policy",
        (
            ("governance_viewer", "read list"),
            ("governance_writer", "create update-policy-rules"),
        ),
    ),
    (
        "governance/approval-process",
        (
            ("governance_viewer", "read list"),
            ("governance_writer", "create approve deny conclude"),
        ),
    ),
    (
        "customer/customer",
        (
            ("customer_viewer", "read list"),
            (
                "customer_writer",
                "create update close start-kyc approve-kyc decline-kyc freeze unfreeze",
            ),
        ),
    ),
    (
        "customer/prospect",
        (
            ("customer_viewer", "read list"),
            (
                "customer_writer",
                "create update close start-kyc approve-kyc decline-kyc",
            ),
        ),
    ),
    ("customer/party", (("customer_viewer", "read"), ("customer_writer", "update"))),
    (
        "customer/customer-document",
        (
            ("customer_viewer", "read list generate-download-link"),
            ("customer_writer", "create delete"),
        ),
    ),
    (
        "deposit/deposit-account",
        (
            ("deposit_viewer", "read list read-balance read-tx-history"),
            ("deposit_writer", "create update-status close"),
            ("deposit_freeze", "freeze"),
            ("deposit_unfreeze", "unfreeze"),
        ),
    ),
    (
        "deposit/deposit",
        (("deposit_viewer", "read list"), ("deposit_writer", "create revert")),
    ),
    (
        "deposit/withdrawal",
        (
            ("deposit_viewer", "read list"),
            (
                "deposit_writer",
                "initiate cancel confirm revert conclude-approval-process",
            ),
        ),
    ),
    (
        "deposit/chart-of-accounts-integration-config",
        (("deposit_viewer", "read"), ("deposit_writer", "update")),
    ),
    (
        "credit/credit-facility",
        (
            ("credit_viewer", "read list"),
            (
                "credit_writer",
                (
                    "create conclude-approval-process activate record-interest complete"
                    " update-collateralization-state customer-approve"
                ),
            ),
        ),
    ),
    (
        "credit/disbursal",
        (("credit_viewer", "read list"), ("credit_writer", "initiate settle")),
    ),
    (
        "credit/credit-request",
        (("credit_viewer", "read list"), ("credit_writer", "take decline")),
    ),
    (
        "credit/chart-of-accounts-integration-config",
        (("credit_viewer", "read"), ("credit_writer", "update")),
    ),
    (
        "credit/obligation",
        (
            ("collection_viewer", "read"),
            ("collection_writer", "update-status record-payment-allocation"),
            ("collection_payment_date", "record-payment-allocation-with-date"),
        ),
    ),
    (
        "credit-collection/obligation",
        (
            ("collection_viewer", "read"),
            ("collection_writer", "update-status record-payment-allocation"),
            ("collection_payment_date", "record-payment-allocation-with-date"),
        ),
    ),
    (
        "credit-collateral/collateral",
        (
            (
                "CreditWriter",
                (
                    "record-manual-update record-custodian-sync record-liquidation-update"
                    " record-payment-received-from-liquidation"
                ),
            ),
        ),
    ),
    ("credit-collateral/liquidation", (("CreditViewer", "read list"),)),
    (
        "terms/terms-template",
        (
            ("credit_term_templates_viewer", "read list"),
            ("credit_term_templates_writer", "create update"),
        ),
    ),
    (
        "custody/custodian",
        (("custody_viewer", "list"), ("custody_writer", "create update create-wallet")),
    ),
    ("custody/wallet", (("custody_writer", "update"),)),
    ("price/provider", (("price_viewer", "list"), ("price_writer", "create update"))),
    (
        "accounting/chart",
        (
            ("accounting_viewer", "list"),
            ("accounting_writer", "create update import-accounts close-monthly"),
        ),
    ),
    ("accounting/journal", (("accounting_viewer", "read-entries"),)),
    ("accounting/ledger-account", (("accounting_viewer", "read list read-history"),)),
    (
        "accounting/ledger-transaction",
        (("accounting_viewer", "read list read-history"),),
    ),
    ("accounting/transaction-template", (("accounting_viewer", "list"),)),
    (
        "accounting/manual-transaction",
        (("accounting_viewer", "read list"), ("accounting_writer", "create")),
    ),
    (
        "accounting/profit-and-loss",
        (("accounting_viewer", "read"), ("accounting_writer", "create update")),
    ),
    (
        "accounting/trial-balance",
        (("accounting_viewer", "read"), ("accounting_writer", "create update")),
    ),
    (
        "accounting/balance-sheet",
        (("accounting_viewer", "read"), ("accounting_writer", "create")),
    ),
    (
        "accounting/profit-and-loss-configuration",
        (("accounting_viewer", "read"), ("accounting_writer", "update")),
    ),
    (
        "accounting/balance-sheet-configuration",
        (("accounting_viewer", "read"), ("accounting_writer", "update")),
    ),
    (
        "accounting/accounting-csv",
        (
            ("accounting_viewer", "read list download"),
            ("accounting_writer", "create generate"),
        ),
    ),
    (
        "accounting/fiscal-year",
        (
            ("accounting_viewer", "read list"),
            ("accounting_writer", "create close-month close"),
        ),
    ),
    (
        "contract/contract",
        (("contract_creation", "create find generate-download-link"),),
    ),
    ("report/report", (("report_viewer", "read"), ("report_writer", "generate"))),
    ("dashboard/dashboard", (("dashboard_viewer", "read"),)),
    (
        "domain-config/exposed-config",
        (("exposed_config_viewer", "read"), ("exposed_config_writer", "write")),
    ),
    ("domain-config/all-config", (("all_config_writer", "write"),)),
)


def _sets() -> dict[str, tuple[Permission, ...]]:
    found: dict[str, list[Permission]] = {}
    for thing, grants in _MATRIX:
        for name, verbs in grants:
            found.setdefault(name, []).extend(
                Permission(f"{thing}/*", f"{thing.replace('/', ':')}:{verb}") for verb in verbs.split()
            )
    return {name: tuple(permissions) for name, permissions in sorted(found.items())}


PERMISSION_SETS: Final = _sets()

_ADMIN: Final = """
    CreditViewer CreditWriter access_viewer access_writer accounting_viewer accounting_writer audit_viewer
    collection_viewer collection_writer collection_payment_date credit_viewer credit_writer
    credit_term_templates_viewer credit_term_templates_writer custody_viewer custody_writer customer_viewer
    customer_writer dashboard_viewer deposit_viewer deposit_writer deposit_freeze deposit_unfreeze
    exposed_config_viewer exposed_config_writer governance_viewer governance_writer
    report_viewer report_writer
"""
_BANK_MANAGER: Final = """
    access_viewer accounting_viewer accounting_writer audit_viewer collection_viewer collection_writer
    collection_payment_date credit_viewer credit_writer customer_viewer customer_writer dashboard_viewer
    deposit_viewer deposit_writer deposit_freeze deposit_unfreeze governance_viewer governance_writer
    report_viewer report_writer
"""
_ACCOUNTANT: Final = """
    access_viewer accounting_viewer accounting_writer audit_viewer collection_viewer credit_viewer
    customer_viewer dashboard_viewer deposit_viewer governance_viewer
"""

PREDEFINED_ROLES: Final[dict[str, frozenset[str]]] = {
    SUPERUSER: frozenset(PERMISSION_SETS),
    "admin": frozenset(_ADMIN.split()),
    "bank-manager": frozenset(_BANK_MANAGER.split()),
    "accountant": frozenset(_ACCOUNTANT.split()),
}
