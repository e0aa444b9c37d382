"""What is wrong with a configuration, in sentences for the person who wrote it."""

from __future__ import annotations

from collections.abc import Sequence


class ConfigError(Exception):
    """Every problem found, one sentence each; they can be mended in one go."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("\n".join(problems))
