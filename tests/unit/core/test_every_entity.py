"""What every aggregate of the bank promises, whatever it is told: its stored events make it again.

Found, not listed: an aggregate or a command that is new is driven here as well.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_type_hints
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from lana.core.credit.facility.entity import LiquidationTrigger
from lana.core.credit.position import Outstanding, Position
from lana.lib.crypto import DecryptionFailed, UnknownEncryptionKey
from lana.lib.errors import Refusal
from lana.lib.es.entity import Entity, Event, event_name
from lana.lib.money import Satoshis, UsdCents
from tests.golden.samples import entities, events_of, load_domains
from tests.support.values import SOME_ID, Values, values_of

AnyEntity = Entity[Any]
Told = tuple[str, Mapping[str, Any]]
Life = tuple[Event, Sequence[Told]]

MANY = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
FURTHER = settings(MANY, max_examples=3_000, phases=[Phase.generate], database=None)

OF_ALL = {"begin", "apply"}
DECLINED = (Refusal, ValueError, AssertionError, UnknownEncryptionKey, DecryptionFailed)
"""What an entity refuses, and what no service would ask of it."""

TRIGGER = LiquidationTrigger(
    liquidation_id=SOME_ID,
    trigger_price=UsdCents(1),
    initially_expected_to_receive=UsdCents(1),
    initially_estimated_to_liquidate=Satoshis(1),
)
OPENINGS: dict[str, list[Told]] = {
    "collateral": [
        ("sync_with_wallet", {"balance": 2, "ledger_tx_id": UUID(int=1)}),
        ("start_liquidation", {"liquidation_id": UUID(int=2)}),
        ("sync_with_wallet", {"balance": 1, "ledger_tx_id": UUID(int=3)}),
        ("send_to_liquidation", {"amount": 2, "ledger_tx_id": UUID(int=4), "reversal_tx_id": UUID(int=5)}),
    ],
    "credit_facility": [
        ("move", {"position": Position(collateral=100_000_000, outstanding=Outstanding(disbursed=2))}),
        ("look", {"price": 1}),
        ("initiate_liquidation", {"trigger": TRIGGER}),
    ],
    "credit_facility_proposal": [("accept", {})],
}
"""Where chance alone seldom comes: coins of a wallet to be sold, a loan under its threshold, a yes."""

load_domains()


def verbs(kind: type[AnyEntity]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Its commands, and its questions that take arguments."""
    for name, member in vars(kind).items():
        if inspect.isfunction(member) and name not in OF_ALL and not name.startswith("_"):
            yield name, member


def told(kind: type[AnyEntity]) -> st.SearchStrategy[list[Told]]:
    """Verbs of an entity with any arguments, one after another."""
    said = [st.tuples(st.just(name), arguments(verb)) for name, verb in verbs(kind)]
    if not said:
        return st.just([])
    opening = st.sampled_from([[], OPENINGS.get(kind.kind, [])])
    return st.builds(list.__add__, opening, st.lists(st.one_of(said), min_size=6, max_size=20))


def arguments(verb: Callable[..., Any]) -> Values:
    hints = get_type_hints(verb)
    return st.fixed_dictionaries(
        {n: values_of(hints[n]) for n in inspect.signature(verb).parameters if n != "self"}
    )


def first_event(kind: type[AnyEntity]) -> Values:
    return values_of(next(events_of(kind)))


def stored(events: Sequence[Event], kind: type[AnyEntity]) -> list[Event]:
    """As they come back from the store."""
    return [msgspec.json.decode(msgspec.json.encode(event), type=kind.event_types) for event in events]


def tell(entity: AnyEntity, name: str, words: Mapping[str, Any]) -> None:
    """What is declined leaves no trace."""
    before, count = msgspec.json.encode(entity), len(entity.pending)
    try:
        getattr(entity, name)(**words)
    except DECLINED:
        assert (msgspec.json.encode(entity), len(entity.pending)) == (before, count)


def live(kind: type[AnyEntity], life: Life) -> AnyEntity:
    first, said = life
    entity = kind.born(first)
    for name, words in said:
        tell(entity, name, words)
    return entity


def happened(entity: AnyEntity) -> set[str]:
    return {event_name(event) for event in entity.pending}


def seldom(kind: type[AnyEntity], lives: Values, seen: set[str]) -> Iterator[str]:
    """Events that no life had so far, and none of many more has."""
    for event in events_of(kind):
        tag = str(event.__struct_config__.tag)
        try:
            if tag not in seen:
                find(lives, lambda life, tag=tag: tag in happened(live(kind, life)), settings=FURTHER)
        except NoSuchExample:
            yield tag


@pytest.mark.parametrize("kind", entities(), ids=lambda kind: kind.kind)
def test_its_stored_events_make_the_same_entity_whatever_it_was_told(kind: type[AnyEntity]) -> None:
    seen = set[str]()
    lives = st.tuples(first_event(kind), told(kind))

    @MANY
    @given(lives)
    def every_life(life: Life) -> None:
        entity = live(kind, life)
        state = msgspec.json.encode(entity)
        folded = kind.fold(stored(entity.pending, kind))
        assert entity.version == len(entity.pending)
        assert msgspec.structs.asdict(folded) == msgspec.structs.asdict(entity)
        assert msgspec.json.encode(folded) == state
        assert msgspec.json.decode(state, type=kind) == entity
        seen.update(happened(entity))

    every_life()
    assert list(seldom(kind, lives, seen)) == [], "each of its events happens in some life"
