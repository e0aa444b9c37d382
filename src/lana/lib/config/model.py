"""Every key of the configuration file with its type and default. The file may be empty."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from lana.lib.authn.trust import Trust
from lana.lib.config.secrets import Secrets

GATEWAY_ISSUER = "lana.bank"
GATEWAY_JWKS = "http://localhost:4456/.well-known/jwks.json"

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
NonNegative = Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of keys that takes no other."""


class OpenSection(msgspec.Struct, frozen=True, kw_only=True):
    """A group of keys in which unknown ones are let pass."""


class DbConfig(Section, frozen=True):
    pool_size: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20


class ServerConfig(Section, frozen=True):
    """`trust` is the whole list of believed issuers; while it is empty, the gateway's token alone is
    believed.
    """

    port: Port
    metrics_port: Port
    aud: str
    host: str = "127.0.0.1"
    jwks_url: str = GATEWAY_JWKS
    trust: tuple[Trust, ...] = ()
    cors_origins: tuple[str, ...] = ()

    def trusted(self) -> tuple[Trust, ...]:
        """Whose tokens this API believes."""
        gateway = Trust(
            issuer=GATEWAY_ISSUER,
            jwks_url=self.jwks_url,
            audience=self.aud,
            algorithms=("ES256",),
            subject_claim="subject",
        )
        return self.trust or (gateway,)

    def __post_init__(self) -> None:
        issuers = [entry.issuer for entry in self.trust]
        if len(set(issuers)) != len(issuers):
            raise ValueError("trust names an issuer twice")
        if "*" in self.cors_origins:
            raise ValueError("cors_origins are exact origins; `*` is none")


class AdminServerConfig(ServerConfig, frozen=True):
    port: Port = 5253
    metrics_port: Port = 9253
    aud: str = "https://admin-api/graphql"
    cors_origins: tuple[str, ...] = ("http://admin.localhost:4455",)


class CustomerServerConfig(ServerConfig, frozen=True):
    port: Port = 5254
    metrics_port: Port = 9254
    aud: str = "https://customer-api/graphql"
    cors_origins: tuple[str, ...] = ("http://app.localhost:4455",)


class WorkerConfig(Section, frozen=True):
    host: str = "127.0.0.1"
    metrics_port: Port = 9255


class JobPollerConfig(OpenSection, frozen=True):
    job_lost_interval: Positive = 300
    max_jobs_per_process: Positive = 50
    min_jobs_per_process: Positive = 30
    shutdown_timeout: NonNegative = 5

    def __post_init__(self) -> None:
        if self.min_jobs_per_process > self.max_jobs_per_process:
            raise ValueError("min_jobs_per_process is above max_jobs_per_process")


class AccessConfig(Section, frozen=True):
    superuser_email: str | None = None

    def __post_init__(self) -> None:
        if self.superuser_email is not None and "@" not in self.superuser_email:
            raise ValueError(f"superuser_email {self.superuser_email!r} is no e-mail address")


class LocalStorage(Section, frozen=True, tag_field="provider", tag="local"):
    """Links to documents lead to `server_url` for staff and to `customer_url` for customers."""

    root_folder: str = ""
    server_url: str = "http://admin.localhost:4455"
    customer_url: str = "http://app.localhost:4455"


class GcpStorage(Section, frozen=True, tag_field="provider", tag="gcp"):
    bucket_name: str


class KeycloakConfig(Section, frozen=True):
    client_id: str
    realm: str
    url: str = "http://localhost:8081"


class StaffKeycloak(KeycloakConfig, frozen=True):
    client_id: str = "admin-service-account"
    realm: str = "admin"


class CustomerKeycloak(KeycloakConfig, frozen=True):
    client_id: str = "customer-service-account"
    realm: str = "customer"


class UserOnboardingConfig(Section, frozen=True):
    keycloak: StaffKeycloak = StaffKeycloak()


class CustomerSyncConfig(Section, frozen=True):
    keycloak: CustomerKeycloak = CustomerKeycloak()


class AccountingInitConfig(Section, frozen=True):
    chart_of_accounts_opening_date: date | None = None
    chart_of_accounts_seed_path: str | None = None
    deposit_config_path: str | None = None
    credit_config_path: str | None = None
    chart_of_accounts_integration_config_path: str | None = None


class KomainuDirectory(Section, frozen=True):
    production_url: str = "https://api.komainu.io/"
    testing_url: str = "https://api-demo.komainu.io/"


class BitgoDirectory(Section, frozen=True):
    production_url: str = "https://app.bitgo.com/"
    testing_url: str = "https://app.bitgo-test.com/"


class SelfCustodyDirectory(Section, frozen=True):
    mainnet_url: str = "https://blockstream.info/api/"
    testnet3_url: str = "https://blockstream.info/testnet/api/"
    testnet4_url: str = "https://mempool.space/testnet4/api/"
    signet_url: str = "https://blockstream.info/signet/api/"


class CustodyProvidersConfig(Section, frozen=True):
    komainu_directory: KomainuDirectory = KomainuDirectory()
    bitgo_directory: BitgoDirectory = BitgoDirectory()
    self_custody_directory: SelfCustodyDirectory = SelfCustodyDirectory()


class CustodyConfig(Section, frozen=True):
    custody_providers: CustodyProvidersConfig = CustodyProvidersConfig()


class PriceConfig(Section, frozen=True):
    bitfinex_url: str = "https://api-pub.bitfinex.com"


class EmailConfig(Section, frozen=True):
    relay: str = ""
    port: Port = 0
    insecure: bool = False
    admin_panel_url: str = "http://admin.localhost:4455/"


class NotificationConfig(Section, frozen=True):
    email: EmailConfig = EmailConfig()


class EncryptionConfig(Section, frozen=True):
    """Takes no key: encryption keys come from the environment only."""


class AppConfig(Section, frozen=True):
    job_poller: JobPollerConfig = JobPollerConfig()
    access: AccessConfig = AccessConfig()
    storage: LocalStorage | GcpStorage = LocalStorage()
    user_onboarding: UserOnboardingConfig = UserOnboardingConfig()
    customer_sync: CustomerSyncConfig = CustomerSyncConfig()
    accounting_init: AccountingInitConfig = AccountingInitConfig()
    custody: CustodyConfig = CustodyConfig()
    price: PriceConfig = PriceConfig()
    notification: NotificationConfig = NotificationConfig()
    encryption: EncryptionConfig = EncryptionConfig()


class TracingConfig(Section, frozen=True):
    service_name: str = "lana-dev"


class LogFormat(StrEnum):
    JSON = "json"
    CONSOLE = "console"


class LogConfig(Section, frozen=True):
    """`filter` is a level, or a level with exceptions by logger: `info,httpx=warning`."""

    format: LogFormat = LogFormat.CONSOLE
    filter: str = "info"


class TimeMode(StrEnum):
    REALTIME = "realtime"
    MANUAL = "manual"


class TimeConfig(Section, frozen=True):
    mode: TimeMode = TimeMode.REALTIME
    start_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.start_at is None:
            return
        if self.mode is TimeMode.REALTIME:
            raise ValueError("start_at needs mode manual: the real clock cannot be set")
        if self.start_at.tzinfo is None:
            raise ValueError("start_at needs a zone, e.g. 2026-01-01T00:00:00Z")


class GraphqlConfig(Section, frozen=True):
    """Limits of one request. `cost` counts fields, those of a list times its `first`."""

    page_limit: Positive = 100
    list_bound: Positive = 1000
    depth_limit: Annotated[int, msgspec.Meta(ge=30, le=1000)] = 40
    alias_limit: Positive = 100
    cost_limit: Positive = 100_000
    token_limit: Positive = 10_000
    body_limit: Positive = 1_048_576
    upload_limit: Positive = 10_485_760
    document_cache: Positive = 1000


class BootstrapConfig(OpenSection, frozen=True):
    active: bool = False
    seed_only: bool = False
    num_facilities: NonNegative = 0
    num_customers: NonNegative = 0


class Config(Section, frozen=True):
    """The whole configuration. `secrets` and `lana_home` come from the environment, never from the file."""

    db: DbConfig = DbConfig()
    admin_server: AdminServerConfig = AdminServerConfig()
    customer_server: CustomerServerConfig = CustomerServerConfig()
    worker: WorkerConfig = WorkerConfig()
    app: AppConfig = AppConfig()
    tracing: TracingConfig = TracingConfig()
    log: LogConfig = LogConfig()
    time: TimeConfig = TimeConfig()
    allow_unsigned_webhooks: bool = False
    graphql: GraphqlConfig = GraphqlConfig()
    bootstrap: BootstrapConfig = BootstrapConfig()

    secrets: Secrets = Secrets()
    lana_home: str = ".lana"


NOT_IN_FILE: frozenset[str] = frozenset({"secrets", "lana_home"})
