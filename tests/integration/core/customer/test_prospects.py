"""From prospect to customer, on a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from lana.core.customer import (
    ALLOW_MANUAL_CONVERSION,
    ConversionReason,
    Customer,
    CustomerCreated,
    CustomerStatus,
    CustomerType,
    KycLevel,
    PartyCreated,
    ProspectClosed,
    ProspectConverted,
    ProspectCreated,
    ProspectStage,
)
from lana.core.customer.party.errors import ContactTooLong
from lana.core.customer.prospect.errors import AlreadyClosed, AlreadyConverted, ManualConversionNotAllowed
from lana.core.public_id import TargetKind
from lana.lib.errors import ConstraintViolation, NotAuthorized, NotFound
from lana.lib.es.commands import Commands
from lana.lib.pg.database import Database
from lana.lib.pg.page import CursorDestructureError, Direction, NegativeFirst, Order, Page
from tests.support.branch import Branch, as_customer, open_branch
from tests.support.staff import acting

INDIVIDUAL = CustomerType.INDIVIDUAL


@pytest_asyncio.fixture
async def strict_bank(db: Database, commands: Commands) -> AsyncIterator[Branch]:
    async with open_branch(db, commands, manual_conversion=False) as opened:
        yield opened


async def test_a_prospect_is_created_with_party_public_id_and_personal_data_apart(bank: Branch) -> None:
    create = bank.prospects.create_prospect
    made = await bank.commands.run(bank.root, create, "ann@example.com", "@ann", INDIVIDUAL)
    assert made.stage is ProspectStage.NEW
    assert made.party_id == made.id
    assert made.public_id == "1000"
    target = await bank.public_ids.find("1000")
    assert target is not None
    assert (target.kind, target.target_id) == (TargetKind.PROSPECT, made.id)

    contact = await bank.contacts.own(made.id)
    assert (contact.email, contact.telegram_handle) == ("ann@example.com", "@ann")
    rows = await bank.db.fetch(
        "select data::text from events union all select payload::text from outbox"
        " union all select value from claims union all select state::text from parties"
    )
    assert not any("ann@example.com" in row[0] or "@ann" in row[0] for row in rows)
    told = await bank.published("Customer")
    assert [type(event) for event in told] == [PartyCreated, ProspectCreated]


async def test_email_and_handle_are_unique_whatever_their_case(bank: Branch) -> None:
    create = bank.prospects.create_prospect
    await bank.commands.run(bank.root, create, "ann@example.com", "@ann", INDIVIDUAL)
    with pytest.raises(ConstraintViolation, match=r"Some\(Email\)"):
        await bank.commands.run(bank.root, create, "ANN@example.com", "@other", INDIVIDUAL)
    with pytest.raises(ConstraintViolation, match=r"Some\(TelegramHandle\)"):
        await bank.commands.run(bank.root, create, "bob@example.com", "@Ann", INDIVIDUAL)
    # neither refusal kept what it had claimed before
    await bank.commands.run(bank.root, create, "bob@example.com", "@other", INDIVIDUAL)


async def test_a_contact_has_a_bound(bank: Branch) -> None:
    create = bank.prospects.create_prospect
    with pytest.raises(ContactTooLong):
        await bank.commands.run(bank.root, create, "a" * 321, "@ann", INDIVIDUAL)


async def test_conversion_makes_a_customer_of_the_same_id_and_public_id(bank: Branch) -> None:
    prospect = await bank.prospect()
    convert = bank.prospects.convert_prospect
    made = await bank.commands.run(bank.root, convert, prospect.id)
    assert isinstance(made, Customer)
    assert (made.id, made.public_id) == (prospect.id, prospect.public_id)
    assert (made.status, made.level) == (CustomerStatus.ACTIVE, KycLevel.BASIC)
    assert made.conversion_reason is ConversionReason.MANUALLY_CONVERTED
    target = await bank.public_ids.find(made.public_id)
    assert target is not None
    assert target.kind is TargetKind.CUSTOMER
    kept = await bank.prospects.repo.peek(prospect.id)
    assert kept is not None
    assert (kept.stage, kept.level) == (ProspectStage.CONVERTED, KycLevel.NOT_KYCED)
    assert (await bank.commands.run(bank.root, convert, prospect.id)).version == made.version
    told = [type(event) for event in await bank.published("Customer")]
    assert told == [PartyCreated, ProspectCreated, ProspectConverted, CustomerCreated]


async def test_conversion_needs_the_setting(strict_bank: Branch) -> None:
    bank = strict_bank
    assert bank.configured.settings.get(ALLOW_MANUAL_CONVERSION) is False
    prospect = await bank.prospect()
    with pytest.raises(ManualConversionNotAllowed):
        await bank.commands.run(bank.root, bank.prospects.convert_prospect, prospect.id)
    assert await bank.customers.repo.peek(prospect.id) is None


async def test_a_closed_prospect_stays_closed_and_a_converted_one_is_not_closed(bank: Branch) -> None:
    close, convert = bank.prospects.close_prospect, bank.prospects.convert_prospect
    prospect = await bank.prospect()
    for _ in range(2):
        closed = await bank.commands.run(bank.root, close, prospect.id)
        assert closed.stage is ProspectStage.CLOSED
    with pytest.raises(AlreadyClosed):
        await bank.commands.run(bank.root, convert, prospect.id)
    with pytest.raises(AlreadyConverted):
        await bank.commands.run(bank.root, close, (await bank.customer()).id)
    with pytest.raises(NotFound, match="ProspectFindError"):
        await bank.commands.run(bank.root, close, uuid4())
    assert [type(e) for e in await bank.published("Customer")].count(ProspectClosed) == 1


async def test_prospects_are_found_listed_and_filtered(bank: Branch) -> None:
    first, second = await bank.prospect(), await bank.prospect(CustomerType.BANK)
    third = await bank.prospect()
    await bank.commands.run(bank.root, bank.prospects.close_prospect, third.id)
    ctx, prospects = bank.root, bank.prospects
    assert await prospects.maybe_find_prospect(ctx, uuid4()) is None
    found = await prospects.maybe_find_prospect_by_public_id(ctx, first.public_id)
    assert found is not None
    assert found.id == first.id
    assert await prospects.maybe_find_prospect_by_public_id(ctx, "99999") is None
    assert await prospects.maybe_find_prospect_by_public_id(ctx, "no number") is None

    page = await prospects.list_prospects(ctx, Page(2))
    assert [p.id for p in page.items] == [third.id, second.id]
    assert page.has_next
    rest = await prospects.list_prospects(ctx, Page(2, page.cursors[-1]))
    assert ([p.id for p in rest.items], rest.has_next) == ([first.id], False)
    oldest = await prospects.list_prospects(ctx, Page(10_000), Order(direction=Direction.ASC))
    assert [p.id for p in oldest.items] == [first.id, second.id, third.id]
    assert (await prospects.list_prospects(ctx, Page(0))).items == []
    closed = await prospects.list_prospects(ctx, Page(10), stage=ProspectStage.CLOSED)
    assert [p.id for p in closed.items] == [third.id]
    banks = await prospects.list_prospects(ctx, Page(10), customer_type=CustomerType.BANK)
    assert [p.id for p in banks.items] == [second.id]
    with pytest.raises(NegativeFirst):
        await prospects.list_prospects(ctx, Page(-1))
    with pytest.raises(CursorDestructureError):
        await prospects.list_prospects(ctx, Page(1, "bm9uc2Vuc2U"))


async def test_a_viewer_reads_but_changes_nothing(bank: Branch) -> None:
    viewer = acting(await bank.hire("viewer@bank.example", role="accountant"))
    prospect = await bank.prospect()
    assert await bank.prospects.maybe_find_prospect(viewer, prospect.id) is not None
    with pytest.raises(NotAuthorized):
        await bank.commands.run(
            viewer, bank.prospects.create_prospect, "x@example.com", "@x", CustomerType.INDIVIDUAL
        )
    with pytest.raises(NotAuthorized):
        await bank.commands.run(viewer, bank.prospects.convert_prospect, prospect.id)


async def test_a_customer_reads_no_prospects(bank: Branch) -> None:
    prospect = await bank.prospect()
    with pytest.raises(NotAuthorized):
        await bank.prospects.maybe_find_prospect(as_customer(prospect.id), prospect.id)


async def test_public_ids_are_drawn_once_each_though_many_want_one(bank: Branch) -> None:
    made = await asyncio.gather(*(bank.prospect() for _ in range(30)))
    numbers = sorted(int(p.public_id) for p in made)
    assert numbers == list(range(1000, 1030))
