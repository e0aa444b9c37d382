"""Types of other domain files by name, because types refer to each other in circles.

In an annotation write `UserRef`, `list[DepositRef]`, `CustomerRef | None`. In the resolver's body import the
module (`from lana.admin_server import access`) inside the function and wrap: `access.User.of(user)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from lana.admin_server.access import Role, User
    from lana.admin_server.credit_collateral import Collateral, Liquidation
    from lana.admin_server.credit_disbursal import CreditFacilityDisbursal, CreditFacilityPaymentAllocation
    from lana.admin_server.credit_facility import CreditFacility
    from lana.admin_server.credit_proposal import CreditFacilityProposal, PendingCreditFacility
    from lana.admin_server.credit_request import CreditRequest
    from lana.admin_server.custody import Custodian, Wallet
    from lana.admin_server.customer import Customer, Prospect
    from lana.admin_server.deposit import Deposit, DepositAccount, Withdrawal
    from lana.admin_server.document import CustomerDocument
    from lana.admin_server.governance import ApprovalProcess, Committee, Policy
    from lana.admin_server.history import EventTimelineEntry
    from lana.admin_server.later import DepositAccountModuleConfig
    from lana.admin_server.ledger import LedgerAccount, LedgerTransaction

UserRef = Annotated["User", strawberry.lazy("lana.admin_server.access")]
RoleRef = Annotated["Role", strawberry.lazy("lana.admin_server.access")]
CommitteeRef = Annotated["Committee", strawberry.lazy("lana.admin_server.governance")]
PolicyRef = Annotated["Policy", strawberry.lazy("lana.admin_server.governance")]
ApprovalProcessRef = Annotated["ApprovalProcess", strawberry.lazy("lana.admin_server.governance")]
CustomerRef = Annotated["Customer", strawberry.lazy("lana.admin_server.customer")]
ProspectRef = Annotated["Prospect", strawberry.lazy("lana.admin_server.customer")]
DepositAccountRef = Annotated["DepositAccount", strawberry.lazy("lana.admin_server.deposit")]
DepositRef = Annotated["Deposit", strawberry.lazy("lana.admin_server.deposit")]
WithdrawalRef = Annotated["Withdrawal", strawberry.lazy("lana.admin_server.deposit")]
LedgerAccountRef = Annotated["LedgerAccount", strawberry.lazy("lana.admin_server.ledger")]
LedgerTransactionRef = Annotated["LedgerTransaction", strawberry.lazy("lana.admin_server.ledger")]
EventTimelineEntryRef = Annotated["EventTimelineEntry", strawberry.lazy("lana.admin_server.history")]
CustodianRef = Annotated["Custodian", strawberry.lazy("lana.admin_server.custody")]
WalletRef = Annotated["Wallet", strawberry.lazy("lana.admin_server.custody")]
CreditRequestRef = Annotated["CreditRequest", strawberry.lazy("lana.admin_server.credit_request")]
CreditFacilityRef = Annotated["CreditFacility", strawberry.lazy("lana.admin_server.credit_facility")]
PendingCreditFacilityRef = Annotated[
    "PendingCreditFacility", strawberry.lazy("lana.admin_server.credit_proposal")
]
CreditFacilityProposalRef = Annotated[
    "CreditFacilityProposal", strawberry.lazy("lana.admin_server.credit_proposal")
]
CreditFacilityDisbursalRef = Annotated[
    "CreditFacilityDisbursal", strawberry.lazy("lana.admin_server.credit_disbursal")
]
CreditFacilityPaymentAllocationRef = Annotated[
    "CreditFacilityPaymentAllocation", strawberry.lazy("lana.admin_server.credit_disbursal")
]
CollateralRef = Annotated["Collateral", strawberry.lazy("lana.admin_server.credit_collateral")]
LiquidationRef = Annotated["Liquidation", strawberry.lazy("lana.admin_server.credit_collateral")]
CustomerDocumentRef = Annotated["CustomerDocument", strawberry.lazy("lana.admin_server.document")]
DepositAccountModuleConfigRef = Annotated[
    "DepositAccountModuleConfig", strawberry.lazy("lana.admin_server.later")
]
