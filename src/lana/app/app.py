"""The bank as one object: what servers, workers and the command line are given."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

import cala_ledger
from lana.app.credit import Credit
from lana.core.access import AccessService, GrantsRefresher, Logins
from lana.core.accounting import LedgerReader
from lana.core.audit import AuditLog
from lana.core.credit import CreditRequests, OwnCreditRequests
from lana.core.custody import Custodians
from lana.core.customer import Contacts, Customers, Prospects
from lana.core.deposit import DepositAccounts, Deposits, Histories, OwnDeposits, Withdrawals
from lana.core.document import CustomerDocuments, DocumentStore, Links
from lana.core.domain_config import DomainConfigs, Settings
from lana.core.governance import GovernanceService
from lana.core.personal_data import PersonalData
from lana.core.price import PriceHistory, PriceProviders, Prices
from lana.core.public_id import PublicIds
from lana.core.terms import TermsTemplates
from lana.core.time import BankTime, TimeService
from lana.lib.authz import Authorizer
from lana.lib.config import Config
from lana.lib.es.commands import Commands
from lana.lib.es.committer import Committer
from lana.lib.jobs import Job
from lana.lib.outbox.processor import Processor
from lana.lib.outbox.tail import Tail
from lana.lib.pg.database import Database
from lana.processes.end_of_day import EndOfDayRunner


class App(msgspec.Struct, frozen=True, kw_only=True):
    config: Config
    db: Database
    committer: Committer
    commands: Commands
    tail: Tail
    authz: Authorizer
    books: cala_ledger.Ledger

    settings: Settings
    domain_configs: DomainConfigs
    bank_time: BankTime
    time: TimeService
    audit: AuditLog
    personal_data: PersonalData
    public_ids: PublicIds
    access: AccessService
    grants: GrantsRefresher
    governance: GovernanceService
    contacts: Contacts
    prospects: Prospects
    customers: Customers
    deposit_accounts: DepositAccounts
    deposits: Deposits
    withdrawals: Withdrawals
    deposit_histories: Histories
    own_deposits: OwnDeposits
    terms_templates: TermsTemplates
    custodians: Custodians
    credit: Credit
    prices: Prices
    customer_documents: CustomerDocuments
    document_store: DocumentStore
    links: Links
    price_providers: PriceProviders
    price_history: PriceHistory
    credit_requests: CreditRequests
    own_credit_requests: OwnCreditRequests
    ledger: LedgerReader

    staff_logins: Logins
    customer_logins: Logins
    processors: Sequence[Processor]
    jobs: Sequence[Job]
    end_of_day: EndOfDayRunner
