from dataclasses import dataclass, field
from enum import Enum


@dataclass
class Sample:
    """The fields that a data source sets and rollouts fill in, by slime's names and defaults."""

    group_index: int | None = None
    index: int | None = None
    prompt: str | list = ""
    response: str = ""
    label: str | None = None
    reward: float | dict | None = None
    remove_sample: bool = False
    metadata: dict = field(default_factory=dict)

    class Status(Enum):
        PENDING = "pending"
        COMPLETED = "completed"
        TRUNCATED = "truncated"
        ABORTED = "aborted"
        FAILED = "failed"

    status: Status = Status.PENDING
