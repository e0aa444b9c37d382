"""The credit domain, wired."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

import cala_ledger
from lana.core import credit
from lana.core.credit import end_of_day
from lana.core.custody import Custodians
from lana.core.customer import Contacts, Customers
from lana.core.deposit import DepositAccounts
from lana.core.document import Documents, PdfRenderer
from lana.core.domain_config import Settings
from lana.core.governance import GovernanceService
from lana.core.price import Prices
from lana.core.public_id import PublicIds
from lana.core.terms import TermsTemplates
from lana.core.time import BankTime
from lana.lib.authz import Authorizer
from lana.lib.es.commands import Commands
from lana.lib.jobs import Job
from lana.lib.pg.database import Database
from lana.processes.end_of_day import Step


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What credit stands on."""

    db: Database
    authz: Authorizer
    commands: Commands
    books: cala_ledger.Ledger
    settings: Settings
    bank_time: BankTime
    public_ids: PublicIds
    governance: GovernanceService
    customers: Customers
    deposit_accounts: DepositAccounts
    templates: TermsTemplates
    custodians: Custodians
    prices: Prices
    requests: credit.CreditRequests
    contacts: Contacts
    documents: Documents
    renderer: PdfRenderer


class Acts(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever changes a loan."""

    proposals: credit.Proposals
    activations: credit.Activations
    disbursals: credit.Disbursals
    payments: credit.Payments
    completions: credit.Completions
    collaterals: credit.Collaterals
    liquidations: credit.Liquidations
    interest: credit.Interest
    margins: credit.Margins
    margin_monitor: credit.MarginMonitor


class Credit(Acts, frozen=True, kw_only=True):
    module_config: credit.ModuleConfig
    proposal_reading: credit.ProposalReading
    facility_reading: credit.FacilityReading
    collateral_reading: credit.CollateralReading
    own: credit.OwnCredit
    stress: credit.PortfolioStress
    loan_documents: credit.LoanDocuments
    jobs: Sequence[Job]
    steps: Sequence[Step]


def wire_credit(around: Around) -> Credit:
    db, authz = around.db, around.authz
    acts = _acts(around)
    around.customers.closing_checks.append(credit.NoOpenCredit(db, authz))
    around.deposit_accounts.closing_checks.append(credit.NoCreditToPay(db))
    records = credit.FacilityRecords(db)
    plans = credit.Plans(db, around.bank_time, records)
    balances = credit.FacilityBalances(around.books)
    commands = around.commands
    papers = credit.LoanDocuments(db, authz, around.documents)
    return Credit(
        **msgspec.structs.asdict(acts),
        module_config=credit.ModuleConfig(authz),
        proposal_reading=credit.ProposalReading(db, authz, plans),
        facility_reading=credit.FacilityReading(
            db, authz, around.public_ids, balances=balances, plans=plans, records=records
        ),
        collateral_reading=credit.CollateralReading(db, authz),
        own=credit.OwnCredit(db, authz, balances=balances, plans=plans, records=records),
        stress=credit.PortfolioStress(db, authz, around.templates),
        loan_documents=papers,
        jobs=_jobs(around, acts, plans, papers),
        steps=(
            end_of_day.ObligationTransitions(db, commands, margins=acts.margins),
            end_of_day.FacilityMaturities(db, commands),
            end_of_day.InterestAccruals(db, commands, acts.interest),
            end_of_day.InterestPostings(db, commands, acts.interest),
            credit.ProposalExpiry(db, commands, acts.proposals, around.settings),
            credit.RequestExpiry(commands, around.requests, around.settings),
        ),
    )


def _acts(around: Around) -> Acts:
    db, authz = around.db, around.authz
    margins = credit.Margins(db, around.prices)
    obligations = credit.Obligations(db)
    interest = credit.Interest(db, around.bank_time, margins=margins, obligations=obligations)
    activations = credit.Activations(
        db,
        around.bank_time,
        public_ids=around.public_ids,
        deposit_accounts=around.deposit_accounts,
        margins=margins,
        interest=interest,
        obligations=obligations,
    )
    disbursals = credit.Disbursals(
        db,
        authz,
        customers=around.customers,
        deposit_accounts=around.deposit_accounts,
        governance=around.governance,
        public_ids=around.public_ids,
        margins=margins,
        obligations=obligations,
    )
    payments = credit.Payments(
        db,
        authz,
        deposit_accounts=around.deposit_accounts,
        margins=margins,
        interest=interest,
        obligations=obligations,
    )
    collaterals = credit.Collaterals(db, authz, around.settings, margins=margins, interest=interest)
    liquidations = credit.Liquidations(db, authz, margins=margins, payments=payments, collaterals=collaterals)
    completions = credit.Completions(
        db,
        authz,
        margins=margins,
        interest=interest,
        collaterals=collaterals,
        liquidations=liquidations,
    )
    collaterals.finish = completions.finish
    monitor = credit.MarginMonitor(
        db, around.commands, margins=margins, activations=activations, disbursals=disbursals
    )
    return Acts(
        proposals=_proposals(around),
        activations=activations,
        disbursals=disbursals,
        payments=payments,
        completions=completions,
        collaterals=collaterals,
        liquidations=liquidations,
        interest=interest,
        margin_monitor=monitor,
        margins=margins,
    )


def _proposals(around: Around) -> credit.Proposals:
    return credit.Proposals(
        around.db,
        around.authz,
        settings=around.settings,
        governance=around.governance,
        customers=around.customers,
        deposit_accounts=around.deposit_accounts,
        custodians=around.custodians,
        requests=around.requests,
    )


def _jobs(around: Around, acts: Acts, plans: credit.Plans, papers: credit.LoanDocuments) -> Sequence[Job]:
    return (
        credit.PrepareTermSheet(
            around.commands,
            papers,
            acts.proposals.repo,
            contacts=around.contacts,
            plans=plans,
            renderer=around.renderer,
        ),
        credit.GenerateAgreement(
            around.commands,
            around.documents,
            contacts=around.contacts,
            plans=plans,
            renderer=around.renderer,
        ),
    )
