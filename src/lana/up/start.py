"""From nothing to a running bank, in order; and until somebody stops it."""

import asyncio
import hashlib
import os
import signal
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict

from lana.up import keycloak_files, plan
from lana.up.bank import bank_environment, keycloak_secrets, write_bank_files
from lana.up.checks import check_machine, check_ports, ports_of
from lana.up.config import BANK_PARTS, UpConfig
from lana.up.errors import KeycloakFailed, PostgresFailed, UpError
from lana.up.gateway.realms import browser_client
from lana.up.gateway.table import Table, read_table
from lana.up.gateway.write import realm_files
from lana.up.home import Home, State
from lana.up.java import find_java
from lana.up.keycloak_admin import RealmAdmin, set_origins
from lana.up.postgres import Cluster, create_database
from lana.up.process import identify, until
from lana.up.screen import screen
from lana.up.supervisor import Supervisor, stop_orphans

Say = Callable[[str], None]
LOGIN_SECONDS = 60.0
LOGIN_NOTE = "superuser-login"


async def run(config: UpConfig, home: Home, say: Say) -> None:
    """Starts everything, prints the screen, returns when everything is stopped. The home is locked."""
    stop_asked = _listen_for_signals(say)
    me = identify(os.getpid())
    if me is None:
        raise UpError("This process cannot be found in the process table.", "Is /proc mounted?")
    await stop_orphans(home, say)
    oathkeeper = plan.behind_oathkeeper(config)
    check_machine(config)
    check_ports(ports_of(config, oathkeeper=oathkeeper))
    state = State(me)
    home.write_state(state)
    supervisor = Supervisor(home, state, say)
    try:
        starting = asyncio.create_task(_start(config, home, supervisor, say))
        if not await _first(starting, stop_asked):
            return
        state.phase, state.screen = "ready", starting.result()
        print(state.screen, flush=True)
        home.write_state(state)
        _ = await _first(asyncio.create_task(supervisor.watch()), stop_asked)
    finally:
        state.phase = "stopping"
        home.note_state(state)
        await supervisor.stop()
        home.forget_state()


async def _start(config: UpConfig, home: Home, supervisor: Supervisor, say: Say) -> str:
    table, secrets = read_table(), home.secrets()
    oathkeeper = plan.behind_oathkeeper(config)
    write_bank_files(config, home, table, oathkeeper=oathkeeper)
    dsn, cluster = await _postgres(config, supervisor)
    environment = bank_environment(config, secrets, dsn)
    wanted = [part for part in BANK_PARTS if config.wants(part)]
    async with asyncio.TaskGroup() as group:
        _ = group.create_task(_keycloak(config, home, supervisor, cluster, say))
        if wanted:
            _ = group.create_task(supervisor.run_once(plan.migration(config, environment)))
    async with asyncio.TaskGroup() as group:
        if config.wants("gateway") and not (config.oathkeeper or "").startswith("http"):
            part = plan.gateway_part(config, table, plan.oathkeeper_binary(config))
            _ = group.create_task(supervisor.start(part))
        for name in wanted:
            _ = group.create_task(supervisor.start(plan.bank_part(config, name, environment)))
    if wanted:
        await _give_superuser_a_password(config, home, keycloak_secrets(secrets), say)
    return screen(config, table, login=bool(wanted))


async def _postgres(config: UpConfig, supervisor: Supervisor) -> tuple[str, Cluster | None]:
    if config.pg_con is not None:
        await asyncio.to_thread(_try_connection, config.pg_con)
        return config.pg_con, None
    if not config.wants("postgres"):
        return "", None
    part, cluster = await asyncio.to_thread(plan.postgres_part, config)
    await supervisor.start(part)
    for name in ("lana", "keycloak"):
        await asyncio.to_thread(create_database, cluster, name)
    return cluster.dsn(), cluster


async def _keycloak(
    config: UpConfig, home: Home, supervisor: Supervisor, cluster: Cluster | None, say: Say
) -> None:
    if config.keycloak_url is not None:
        await _check_realms(config, read_table())
        return
    if not config.wants("keycloak"):
        return
    java = await asyncio.to_thread(find_java)
    try:
        built = await asyncio.to_thread(keycloak_files.distribution, config.cache, java, say)
    except asyncio.CancelledError:
        keycloak_files.interrupt()
        raise
    tree = await asyncio.to_thread(keycloak_files.link, built, config.home)
    realms = realm_files(read_table(), plan.site(config))
    part = plan.keycloak_part(
        config,
        home.secrets(),
        tree=tree,
        java=java,
        realms=realms,
        database=_keycloak_database(config, cluster),
    )
    say("starting Keycloak (10 s; the first time 50 s)")
    await supervisor.start(part)
    here, password = plan.site(config), home.secrets().keycloak_admin_password
    for api in read_table().api:
        await set_origins(config.issuer_base, password, api.realm, browser_client(here, api))


def _keycloak_database(config: UpConfig, cluster: Cluster | None) -> tuple[str, str, str]:
    """JDBC URL, user, password: a database of Keycloak's own beside the bank's."""
    if cluster is not None:
        return f"jdbc:postgresql://127.0.0.1:{cluster.port}/keycloak", "lana", cluster.password
    if config.pg_con is None:
        raise PostgresFailed("Keycloak needs a PostgreSQL.", "Start the part postgres too, or set PG_CON.")
    known = conninfo_to_dict(config.pg_con)
    with psycopg.connect(config.pg_con, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'keycloak'").fetchone()
        if found is None:
            _ = connection.execute("CREATE DATABASE keycloak")
    place = f"{known.get('host', '127.0.0.1')}:{known.get('port', '5432')}"
    return f"jdbc:postgresql://{place}/keycloak", str(known.get("user", "")), str(known.get("password", ""))


async def _check_realms(config: UpConfig, table: Table) -> None:
    async with httpx.AsyncClient(timeout=10.0) as http:
        for api in table.api:
            url = f"{config.issuer_base}/realms/{api.realm}"
            try:
                answer = await http.get(url)
            except httpx.HTTPError as error:
                raise KeycloakFailed(
                    f"Keycloak at {config.keycloak_url} does not answer: {error}.",
                    "Start it, or leave KEYCLOAK_URL out: then `make up` brings its own.",
                ) from error
            if answer.is_error:
                raise KeycloakFailed(
                    f"Keycloak at {config.keycloak_url} has no realm {api.realm} ({answer.status_code}).",
                    f"Import gateway/keycloak/{api.realm}-realm.json there.",
                )


def _try_connection(dsn: str) -> None:
    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            _ = connection.execute("SELECT 1")
    except psycopg.Error as error:
        place = (
            urlsplit(dsn)._replace(netloc=f"{urlsplit(dsn).hostname}").geturl() if "://" in dsn else "PG_CON"
        )
        raise PostgresFailed(
            f"The PostgreSQL of PG_CON ({place}) cannot be used: {str(error).strip()}.",
            "Start it, or leave PG_CON out: then `make up` brings its own.",
        ) from error


async def _give_superuser_a_password(config: UpConfig, home: Home, secrets: dict[str, str], say: Say) -> None:
    """The bank makes the account by a job of its own. It gets the configured password once: what its owner
    chooses later stays, until the configuration names another.
    """
    given = hashlib.sha256(f"{config.superuser_email}\n{config.password}".encode()).hexdigest()
    if home.read_note(LOGIN_NOTE) == given:
        return
    staff = read_table().api[0]
    realm = RealmAdmin(config.issuer_base, staff.realm, staff.service_client, secrets[staff.service_secret])

    async def has_account() -> bool:
        return await realm.set_password(config.superuser_email, config.password)

    if not await until(has_account, seconds=LOGIN_SECONDS, pause=0.5):
        raise KeycloakFailed(
            f"The bank has made no account for {config.superuser_email} within {LOGIN_SECONDS:.0f} s.",
            f"The worker makes it: see {config.logs}/worker.log.",
        )
    _ = home.write(LOGIN_NOTE, given, 0o600)
    say(f"{config.superuser_email} can log in")


async def _first(work: asyncio.Task[str] | asyncio.Task[None], stop_asked: asyncio.Event) -> bool:
    """True if `work` ended first (raising what it raised); else it is cancelled."""
    asked = asyncio.create_task(stop_asked.wait())
    _ = await asyncio.wait([work, asked], return_when=asyncio.FIRST_COMPLETED)
    _ = asked.cancel()
    if not work.done():
        _ = work.cancel()
        _ = await asyncio.gather(work, return_exceptions=True)
        return False
    work.result()
    return True


def _listen_for_signals(say: Say) -> asyncio.Event:
    asked = asyncio.Event()

    def ask() -> None:
        if not asked.is_set():
            say("stopping")
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ask)
    return asked
