"""Public events in commit order, and the processors that read them."""

from lana.lib.outbox.event import PublicEvent, decode, known_events

__all__ = ["PublicEvent", "decode", "known_events"]
