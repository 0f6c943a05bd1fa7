"""When a program did what; every program prints one as JSON."""

from __future__ import annotations

import json
import time

Moment = tuple[float, float]


def now() -> Moment:
    """Seconds since 1970, and the processor time of this process so far, of all its threads."""
    return time.time(), time.process_time()


class Timeline:
    """Moments by the machine's clock, so that who started the program can tell how long it took.

    Attributes:
        first_step: When the first training step had ended, and with it any compiling.
        trained: When each epoch's last step had ended.
        evaluated: When each epoch's evaluation had ended, and so the next epoch began.
    """

    def __init__(self) -> None:
        self.first_step: Moment | None = None
        self.trained: list[Moment] = []
        self.evaluated: list[Moment] = []

    def end_step(self) -> None:
        """After every step."""
        self.first_step = self.first_step or now()

    def end_training(self) -> None:
        """After an epoch's last step."""
        self.trained.append(now())

    def end_evaluation(self) -> None:
        """After the evaluation that follows it."""
        self.evaluated.append(now())

    def show(self, *, accuracy: float, weights: int, version: str) -> None:
        """Print all as one line of JSON.

        Args:
            accuracy: Share of the test images that are right after the last epoch.
            weights: How many numbers are trained.
            version: What computed, with its version.
        """
        facts = {"accuracy": accuracy, "weights": weights, "version": version}
        print(json.dumps({**vars(self), **facts}))
