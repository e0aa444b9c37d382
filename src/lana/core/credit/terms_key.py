"""A name for equal terms, so that a portfolio can be grouped without comparing documents."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from uuid import UUID, uuid5

import msgspec

from lana.core.terms import TermValues

E8: Final = 10**8
NAMESPACE: Final = UUID("6f8a2c0e-52f1-4c55-9f5e-0a6b8d1f7c11")


@lru_cache(maxsize=10_000)
def terms_key(terms: TermValues) -> UUID:
    """Equal terms have equal keys, however their decimals are written."""
    values = {
        name: str(value.normalize()) if hasattr(value, "normalize") else value
        for name, value in msgspec.structs.asdict(terms).items()
    }
    return uuid5(NAMESPACE, msgspec.json.encode(values, order="sorted").decode())
