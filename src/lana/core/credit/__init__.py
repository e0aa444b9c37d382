"""Credit: lending against bitcoin."""

from lana.core.credit.activations import Activations
from lana.core.credit.allocation.entity import Allocation
from lana.core.credit.balances import FacilityBalance, FacilityBalances
from lana.core.credit.calculator import Calculation
from lana.core.credit.closing import NoCreditToPay, NoOpenCredit
from lana.core.credit.collateral.entity import Collateral
from lana.core.credit.collaterals import Collaterals
from lana.core.credit.completions import Completions, Payoff
from lana.core.credit.config import SETTINGS
from lana.core.credit.cvl import CollateralizationState, PendingState
from lana.core.credit.disbursal.entity import Disbursal
from lana.core.credit.disbursals import Disbursals
from lana.core.credit.facility.entity import Facility
from lana.core.credit.history import Entry as HistoryEntry
from lana.core.credit.interest import Interest
from lana.core.credit.liquidation.entity import Liquidation
from lana.core.credit.liquidations import Liquidations
from lana.core.credit.loan_documents import GenerateAgreement, LoanDocuments, PrepareTermSheet
from lana.core.credit.margin_monitor import MarginMonitor, Swept
from lana.core.credit.margins import Margins
from lana.core.credit.module_config import ModuleConfig
from lana.core.credit.obligations import Obligations
from lana.core.credit.own import OwnCredit
from lana.core.credit.own_requests import OwnCreditRequests
from lana.core.credit.payment.entity import Payment
from lana.core.credit.payments import Payments
from lana.core.credit.pending.entity import PendingFacility
from lana.core.credit.plan import PlanEntry, RepaymentStatus
from lana.core.credit.primitives import (
    Actor,
    CollateralDirection,
    DenialReason,
    DisbursalStatus,
    FacilityAccountIds,
    FacilityStatus,
    ObligationType,
    PendingStatus,
    ProposalEnd,
    ProposalStatus,
    ReleaseState,
    RequestStatus,
)
from lana.core.credit.proposal.entity import Proposal
from lana.core.credit.proposal_expiry import ProposalExpiry
from lana.core.credit.proposals import Proposals
from lana.core.credit.public import PendingCreditFacilityCollateralizationChanged
from lana.core.credit.reading import CollateralReading, FacilityReading, ProposalReading
from lana.core.credit.reading.plans import Plans
from lana.core.credit.reading.records import FacilityRecords
from lana.core.credit.request.application import Application, Consent, ConsentText, Draft
from lana.core.credit.request.drafts import StoredDraft
from lana.core.credit.request.entity import CreditRequest
from lana.core.credit.request.errors import (
    AmountOutOfBounds,
    CreditRequestNotFound,
    InvalidConsents,
    InvalidRequestText,
    OpenRequestExists,
    RequestAlreadyConcluded,
    RequestAlreadyTaken,
    RequestOfAnotherCustomer,
)
from lana.core.credit.request.public import CreditRequestSubmitted, CreditRequestUpdated
from lana.core.credit.request_expiry import RequestExpiry
from lana.core.credit.requests import CreditRequests
from lana.core.credit.start import ensure_ledger
from lana.core.credit.stress import At as StressAt
from lana.core.credit.stress import InvalidPrices, PortfolioStress, PriceRange, StressReport

__all__ = [
    "SETTINGS",
    "Activations",
    "Actor",
    "Allocation",
    "AmountOutOfBounds",
    "Application",
    "Calculation",
    "Collateral",
    "CollateralDirection",
    "CollateralReading",
    "CollateralizationState",
    "Collaterals",
    "Completions",
    "Consent",
    "ConsentText",
    "CreditRequest",
    "CreditRequestNotFound",
    "CreditRequestSubmitted",
    "CreditRequestUpdated",
    "CreditRequests",
    "DenialReason",
    "Disbursal",
    "DisbursalStatus",
    "Disbursals",
    "Draft",
    "Facility",
    "FacilityAccountIds",
    "FacilityBalance",
    "FacilityBalances",
    "FacilityReading",
    "FacilityRecords",
    "FacilityStatus",
    "GenerateAgreement",
    "HistoryEntry",
    "Interest",
    "InvalidConsents",
    "InvalidPrices",
    "InvalidRequestText",
    "Liquidation",
    "Liquidations",
    "LoanDocuments",
    "MarginMonitor",
    "Margins",
    "ModuleConfig",
    "NoCreditToPay",
    "NoOpenCredit",
    "ObligationType",
    "Obligations",
    "OpenRequestExists",
    "OwnCredit",
    "OwnCreditRequests",
    "Payment",
    "Payments",
    "Payoff",
    "PendingCreditFacilityCollateralizationChanged",
    "PendingFacility",
    "PendingState",
    "PendingStatus",
    "PlanEntry",
    "Plans",
    "PortfolioStress",
    "PrepareTermSheet",
    "PriceRange",
    "Proposal",
    "ProposalEnd",
    "ProposalExpiry",
    "ProposalReading",
    "ProposalStatus",
    "Proposals",
    "ReleaseState",
    "RepaymentStatus",
    "RequestAlreadyConcluded",
    "RequestAlreadyTaken",
    "RequestExpiry",
    "RequestOfAnotherCustomer",
    "RequestStatus",
    "StoredDraft",
    "StressAt",
    "StressReport",
    "Swept",
    "ensure_ledger",
]
