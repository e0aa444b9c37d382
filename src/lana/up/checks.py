"""What is looked at before anything is started: memory, disk, ports."""

import shutil
import socket
from pathlib import Path

import psutil

from lana.up.config import BANK_PARTS, UpConfig, port_variable
from lana.up.errors import DiskFull, PortTaken, TooLittleMemory

MIB = 2**20
MEMORY_MIB = {"postgres": 150, "keycloak": 500, "gateway": 80}
SERVER_MEMORY_MIB = 100
FIRST_START_DISK_MIB = 1200
LATER_START_DISK_MIB = 200
CGROUP = Path("/sys/fs/cgroup")


def check_machine(config: UpConfig) -> None:
    """Raises the first thing that is too little."""
    check_memory(sum(MEMORY_MIB.get(part, SERVER_MEMORY_MIB) for part in config.parts))
    first = config.wants("keycloak") and not any(config.cache.glob("keycloak-*"))
    check_disk(config.home, FIRST_START_DISK_MIB if first else LATER_START_DISK_MIB)


def check_memory(wanted_mib: int) -> None:
    available = min(psutil.virtual_memory().available, _left_in_group()) // MIB
    if available < wanted_mib:
        raise TooLittleMemory(
            f"{available} MiB of memory are free; the bank needs about {wanted_mib} MiB.",
            "Close something, or leave Keycloak to another machine (KEYCLOAK_URL).",
        )


def check_disk(place: Path, wanted_mib: int) -> None:
    there = next(folder for folder in (place, *place.parents) if folder.exists())
    free = shutil.disk_usage(there).free // MIB
    if free < wanted_mib:
        raise DiskFull(
            f"The disk that holds {place} has {free} MiB free; {wanted_mib} MiB are needed.",
            "Free some space, or name another place in LANA_HOME.",
        )


def ports_of(config: UpConfig, *, oathkeeper: bool) -> dict[str, int]:
    """The ports that the parts to be started will listen on, by setting."""
    wanted: list[str] = []
    if config.wants("postgres") and config.pg_con is None:
        wanted.append("postgres")
    if config.wants("keycloak") and config.keycloak_url is None:
        wanted += ["keycloak", "keycloak_management"]
    if config.wants("gateway") and not (config.oathkeeper or "").startswith("http"):
        wanted += ["gateway", "gateway_api", *(["gateway_metrics"] if oathkeeper else [])]
    wanted += [part.replace("-", "_") for part in ("admin-server", "customer-server") if config.wants(part)]
    wanted += [f"{part.replace('-', '_')}_metrics" for part in BANK_PARTS if config.wants(part)]
    return {name: int(getattr(config.ports, name)) for name in wanted}


def check_ports(ports: dict[str, int]) -> None:
    for name, port in ports.items():
        if not is_free(port):
            raise PortTaken(
                f"Port {port} ({name.replace('_', ' ')}) is in use by {_holder(port)}.",
                f"Stop that, or choose another port: {port_variable(name)}=<port> make up",
            )


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return "another process"
    for connection in connections:
        here = connection.laddr[1] if connection.laddr else None
        if connection.status == psutil.CONN_LISTEN and here == port and connection.pid:
            try:
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
            except psutil.NoSuchProcess:
                continue
    return "another process"


def _left_in_group() -> int:
    """What the container's limit leaves; without a limit, no bound."""
    try:
        limit = (CGROUP / "memory.max").read_text().strip()
        used = int((CGROUP / "memory.current").read_text())
    except (OSError, ValueError):
        return 2**62
    return 2**62 if limit == "max" else int(limit) - used
