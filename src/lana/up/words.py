"""The end of a log, for a sentence about what went wrong."""

from pathlib import Path


def last_words(log: Path, lines: int = 3) -> str:
    said = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return " | ".join(said[-lines:])[-600:] or "it said nothing"
