"""What happens when the bank's day ends: the event, and one ordered, resumable run per closing."""

from lana.processes.end_of_day.producer import Producer
from lana.processes.end_of_day.runner import EndOfDayRunner
from lana.processes.end_of_day.runs import Failure, Run, Runs, StepProgress
from lana.processes.end_of_day.step import Closing, ItemFailure, PageDone, Step

__all__ = [
    "Closing",
    "EndOfDayRunner",
    "Failure",
    "ItemFailure",
    "PageDone",
    "Producer",
    "Run",
    "Runs",
    "Step",
    "StepProgress",
]
