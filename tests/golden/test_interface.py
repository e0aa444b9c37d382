"""Clients of this kind of bank must run unchanged: what the lists ask for, the schemas offer."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.golden.write import ROOT

INTERFACE = ROOT / "tests/golden/interface"
COMPLETE = (
    "Query.me,Query.user,Query.role,Query.permissionSets,Query.committee,Query.polic,Query.approvalProcess,"
    "Query.audit,Query.customer,Query.prospect,Query.deposit,Query.withdrawal,Query.domainConfigs,"
    "Query.publicIdTarget,Query.time,Mutation.user,Mutation.role,Mutation.committee,Mutation.policy,"
    "Mutation.approvalProcess,Mutation.prospectCreate,Mutation.prospectConvert,Mutation.customerFreeze,"
    "Mutation.customerUnfreeze,Mutation.customerClose,Mutation.depositAccountCreate,"
    "Mutation.depositAccountFreeze,Mutation.depositAccountUnfreeze,Mutation.depositAccountClose,"
    "Mutation.depositRecord,Mutation.withdrawalInitiate,Mutation.withdrawalConfirm,Mutation.withdrawalCancel,"
    "Mutation.domainConfigUpdate,Mutation.timeAdvance,DepositAccount.,Deposit.,Withdrawal.,User.,Role.,"
    "Committee.,Policy.,ApprovalProcess."
)


def coverage(api: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            str(INTERFACE / "api_coverage.py"),
            str(INTERFACE / f"{api}.tsv"),
            str(ROOT / f"docs/reference/{api}.graphql"),
            "--missing",
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_slice_offers_every_element_clients_know() -> None:
    done = coverage("admin", "--prefix", COMPLETE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("api", "at_least"), [("admin", 737), ("customer", 131)])
def test_what_is_covered_of_the_whole_does_not_shrink(api: str, at_least: int) -> None:
    done = coverage(api)
    covered = int(done.stdout.splitlines()[-1].split()[0])
    print(api, done.stdout.splitlines()[-1])
    assert covered >= at_least
