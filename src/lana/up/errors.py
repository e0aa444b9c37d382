"""Why something could not be started, in a sentence for the person at the terminal."""


class UpError(Exception):
    """What is wrong, and what to do about it. `code` is for scripts and tests."""

    code = "UP_FAILED"

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


class PostgresFailed(UpError):
    code = "POSTGRES_FAILED"
