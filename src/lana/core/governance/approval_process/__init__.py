"""One decision: who voted, and how it ended."""
