"""`lana-cli verify`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lana.cli.application import with_app
from lana.cli.invocation import invocation
from lana.cli.output import complain, print_json, print_rows

if TYPE_CHECKING:
    from lana.app import App
    from lana.app.verify import Finding


def verify(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Prove that what is stored agrees with itself; ends with status 1 on any violation.

    State of every entity = fold of its events; debits = credits and balances = sum of entries; deposits and
    loans = what the books hold of them; outbox without gaps; each stored document's file is there, with the
    SHA-256 kept for it. It reads one snapshot, then the files where this process keeps documents, and blocks
    nobody.

    Example:

      lana-cli verify || echo "something is wrong"
    """

    async def work(bank: App) -> list[Finding]:
        from lana.app.verify import verify as check_everything

        return await check_everything(bank)

    findings = with_app(invocation(ctx), work)
    if as_json:
        print_json(findings)
    else:
        rows = [(found.check, found.looked_at, len(found.violations)) for found in findings]
        print_rows(("check", "looked at", "violations"), rows, as_json=False)
        for found in findings:
            for violation in found.violations:
                complain(f"{found.check}: {violation}")
    if not all(found.clean for found in findings):
        raise typer.Exit(1)
