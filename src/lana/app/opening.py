"""From a configuration to an open bank: wire it, then make sure of what every start makes sure of."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import cala_ledger
from lana.adapters.keycloak import KeycloakAdmin
from lana.adapters.pdf import TypstRenderer
from lana.adapters.price_feeds import BitfinexFeed
from lana.adapters.storage import open_store
from lana.app.announce import announce
from lana.app.app import App
from lana.app.credit import Around, wire_credit
from lana.app.declared import SETTINGS
from lana.core import (
    access,
    accounting,
    audit,
    credit,
    custody,
    customer,
    deposit,
    document,
    domain_config,
    governance,
    price,
    terms,
    time,
)
from lana.core.personal_data import PersonalData
from lana.core.public_id import PublicIds
from lana.lib.authz import Authorizer
from lana.lib.clock import ManualClock, RealClock
from lana.lib.config import Config, ConfigError, TimeMode, domain_config_overrides
from lana.lib.config.model import KeycloakConfig, LocalStorage
from lana.lib.crypto import Keyring
from lana.lib.es.commands import Commands
from lana.lib.es.committer import Committer
from lana.lib.outbox.tail import Tail
from lana.lib.pg.database import Database, plain_pool
from lana.lib.pg.migrate import migrate
from lana.processes.credit_activation import CreditActivation
from lana.processes.credit_approval import DisbursalApproval, ProposalApproval
from lana.processes.customer_freeze_sync import CustomerFreezeSync
from lana.processes.customer_login import CustomerLogin
from lana.processes.end_of_day import EndOfDayRunner, Producer
from lana.processes.user_onboarding import UserOnboarding
from lana.processes.wallet_collateral_sync import WalletCollateralSync
from lana.processes.withdrawal_approval import WithdrawalApproval


@asynccontextmanager
async def open_app(config: Config, *, start: bool = True) -> AsyncGenerator[App]:
    """The bank, open. With `start` its tables are migrated and what every start ensures is ensured.

    Raises what makes a start fail: configuration, migration, a value nobody can decrypt.
    """
    keyring = Keyring.parse(config.secrets.encryption_key, config.secrets.deprecated_encryption_key or None)
    if start:
        await asyncio.to_thread(migrate, config.secrets.pg_con)
    async with AsyncExitStack() as stack:
        app = await _wire(config, keyring, stack)
        if start:
            await _start(app)
        await app.settings.refresh()
        await app.grants.refresh()
        yield app


async def _wire(config: Config, keyring: Keyring, stack: AsyncExitStack) -> App:
    db = await stack.enter_async_context(
        Database(
            config.secrets.pg_con,
            pool_size=config.db.pool_size,
            page_limit=config.graphql.page_limit,
            list_bound=config.graphql.list_bound,
        )
    )
    authz = Authorizer()
    config_repo = domain_config.DomainConfigRepo(db)
    registry = domain_config.Registry(SETTINGS)
    settings = domain_config.Settings(config_repo, keyring, registry)
    clock = (
        await stack.enter_async_context(ManualClock(db, config.time.start_at))
        if config.time.mode is TimeMode.MANUAL
        else RealClock()
    )
    bank_time = time.BankTime(clock, settings)
    committer = await stack.enter_async_context(Committer(config.secrets.pg_con))
    commands = Commands(db, committer, bank_time)
    tail = await stack.enter_async_context(Tail(db))

    personal_data = PersonalData(db)
    public_ids = PublicIds(db)
    books = cala_ledger.Ledger(
        await stack.enter_async_context(plain_pool(config.secrets.pg_con, max_size=config.db.pool_size))
    )
    access_service = access.AccessService(db, authz, personal_data)
    governance_service = governance.GovernanceService(db, authz)
    contacts = customer.Contacts(authz, personal_data)
    customers = customer.Customers(db, authz, contacts, public_ids)
    deposit_ledger = deposit.DepositLedger(books)
    accounts = deposit.DepositAccounts(db, authz, customers, public_ids, deposit_ledger)
    withdrawals = deposit.Withdrawals(db, authz, public_ids, deposit_ledger, governance_service)
    histories = deposit.Histories(db, authz, books)

    templates = terms.TermsTemplates(db, authz)
    credit_requests = credit.CreditRequests(db, authz, settings)

    bitfinex = BitfinexFeed(config.app.price.bitfinex_url)
    stack.push_async_callback(bitfinex.close)
    prices = price.Prices(db, settings, {price.ProviderKind.BITFINEX: bitfinex})

    custodians = custody.Custodians(db, authz, keyring)
    store = open_store(config.app.storage, config.lana_home)
    links = _links(config)
    documents = document.Documents(db, store, links)
    renderer = TypstRenderer()
    stack.callback(renderer.close)
    lending = wire_credit(
        Around(
            db=db,
            authz=authz,
            commands=commands,
            books=books,
            settings=settings,
            bank_time=bank_time,
            public_ids=public_ids,
            governance=governance_service,
            customers=customers,
            deposit_accounts=accounts,
            templates=templates,
            custodians=custodians,
            prices=prices,
            requests=credit_requests,
            contacts=contacts,
            documents=documents,
            renderer=renderer,
        )
    )
    # after that of loans: while there is one, its account is open too
    customers.closing_checks.append(deposit.NoOpenDeposits(db, authz))

    secrets = config.secrets
    staff_logins = await stack.enter_async_context(
        _logins(config, config.app.user_onboarding.keycloak, secrets.keycloak_admin_client_secret)
    )
    customer_logins = await stack.enter_async_context(
        _logins(config, config.app.customer_sync.keycloak, secrets.keycloak_customer_client_secret)
    )
    return App(
        config=config,
        db=db,
        committer=committer,
        commands=commands,
        tail=tail,
        authz=authz,
        books=books,
        settings=settings,
        domain_configs=domain_config.DomainConfigs(config_repo, authz, keyring, registry),
        bank_time=bank_time,
        time=time.TimeService(bank_time, time.BankClockRepo(db), authz),
        audit=audit.AuditLog(db, authz, commands),
        personal_data=personal_data,
        public_ids=public_ids,
        access=access_service,
        grants=access.GrantsRefresher(db, authz, access_service),
        governance=governance_service,
        contacts=contacts,
        prospects=customer.Prospects(db, authz, contacts, public_ids, settings),
        customers=customers,
        deposit_accounts=accounts,
        deposits=deposit.Deposits(db, authz, public_ids, deposit_ledger),
        withdrawals=withdrawals,
        deposit_histories=histories,
        own_deposits=deposit.OwnDeposits(db, authz, deposit_ledger, histories),
        terms_templates=templates,
        custodians=custodians,
        credit=lending,
        prices=prices,
        customer_documents=document.CustomerDocuments(authz, documents),
        document_store=store,
        links=links,
        price_providers=price.PriceProviders(db, authz, prices),
        price_history=price.PriceHistory(db, bank_time),
        credit_requests=credit_requests,
        own_credit_requests=credit.OwnCreditRequests(db, credit_requests, customers, templates, public_ids),
        ledger=accounting.LedgerReader(authz, books, page_limit=db.page_limit),
        staff_logins=staff_logins,
        customer_logins=customer_logins,
        processors=(
            UserOnboarding(),
            CustomerLogin(),
            CustomerFreezeSync(accounts),
            WithdrawalApproval(withdrawals),
            ProposalApproval(lending.proposals),
            DisbursalApproval(lending.disbursals),
            CreditActivation(lending.activations),
            WalletCollateralSync(lending.collaterals, bank_time),
        ),
        jobs=(
            access.CreateLogin(access_service, staff_logins, announce),
            access.SyncLogin(access_service, staff_logins),
            customer.CreateLogin(contacts, customer_logins, announce),
            customer.SyncLogin(contacts, customers, customer_logins),
            governance.ReevaluateCommittee(governance_service, commands),
            document.RemoveFile(documents),
            *lending.jobs,
        ),
        end_of_day=EndOfDayRunner(
            db,
            Producer(db, commands, bank_time),
            (*lending.steps, deposit.DepositActivity(db, commands, deposit_ledger, settings)),
        ),
    )


def _links(config: Config) -> document.Links:
    """A bucket would have links of its own; `open_store` takes none."""
    storage = config.app.storage
    assert isinstance(storage, LocalStorage)
    secret = config.secrets.storage_signing_secret
    if not secret:
        raise ConfigError(["STORAGE_SIGNING_SECRET is empty; links to documents are signed with it"])
    return document.Links(storage.server_url, storage.customer_url, secret, RealClock().now)


@asynccontextmanager
async def _logins(config: Config, keycloak: KeycloakConfig, secret: str) -> AsyncGenerator[KeycloakAdmin]:
    """Where mail is configured, Keycloak mails a link; elsewhere a one-time password is shown once."""
    admin = KeycloakAdmin(
        keycloak.url,
        keycloak.realm,
        keycloak.client_id,
        secret,
        mails_links=bool(config.app.notification.email.relay),
    )
    try:
        yield admin
    finally:
        await admin.close()


async def _start(app: App) -> None:
    """Idempotent, and safe in several processes at once."""
    await app.time.start(app.commands)
    overrides = domain_config_overrides(os.environ)
    await domain_config.start_settings(app.commands, app.domain_configs, app.settings, overrides)
    await custody.rotate_keys(app.commands, app.custodians)
    superuser = app.config.app.access.superuser_email
    if superuser:
        user = await access.bootstrap(app.commands, app.access, superuser)
        await governance.ensure_default_committee(app.commands, app.governance, user.id)
    await app.ledger.ensure_journal()
    await deposit.ensure_ledger(app.books)
    await credit.ensure_ledger(app.books)
    await price.ensure_providers(app.commands, app.price_providers)
    for process_type in governance.ProcessType:
        await governance.ensure_policy(
            app.commands,
            app.governance,
            process_type,
            auto_approval=app.settings.get(governance.ALLOW_AUTO_APPROVAL),
        )
