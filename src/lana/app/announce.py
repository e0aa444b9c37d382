"""Show a one-time password once, on the terminal the process was started from; never through a log."""

from __future__ import annotations

import structlog

from lana.core.access import OneTimePassword

log = structlog.get_logger()

TERMINAL = "/dev/tty"


def announce(password: OneTimePassword) -> None:
    """Without a terminal the password is dropped: a new one can be had (`lana-cli user password`)."""
    try:
        with open(TERMINAL, "w") as terminal:  # noqa: PTH123 - a device, not a file
            terminal.write(f"\n  One-time password for {password.email}: {password.secret}\n\n")
    except OSError:
        log.warning("a login was made, but there is no terminal to show its one-time password on")
