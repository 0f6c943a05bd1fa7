"""A run's metrics, sent while they are written: as server-sent events, or in parts.

An event's id is the place in metrics.jsonl after its rows, so that whoever comes back with it gets
each row once. What a slow reader hasn't taken isn't queued: the next event has all that came since.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from convscope.runs.metrics_file import MetricsFollower, MetricsPart, MetricsPlace
from convscope.studio.train.progress import ProgressReader
from convscope.studio.train.trainings import TrainingList
from convscope.web.failures import Refused

LOOK_SECONDS = 0.5
"""Between two looks whether the process is still there."""
BEAT_SECONDS = 1.0, 5.0
"""Least and most between two looks at its files. What they give is sent together, for each drawing
of the page takes processor time that the training could use."""
GROWTH = 60.0
"""Seconds that a training must have gone on for each second between two looks."""
HEARTBEAT_SECONDS = 15.0
"""Between two signs of life."""


def send_part(part: MetricsPart) -> dict[str, Any]:
    """What was read, as JSON holds it: numbers that aren't finite are null."""
    return {
        "place": str(part.place),
        "rows": [
            {name: sendable(value) for name, value in row.items() if _is_plain(value)}
            for row in part.rows
        ],
        "anew": part.is_anew,
        "damaged": part.damaged,
        "whole": part.is_whole,
    }


def sendable(value: object) -> object:
    """A value, or None for a number that isn't finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def beat(elapsed: float) -> float:
    """Seconds between two looks at a training, more the longer it has gone on."""
    least, most = BEAT_SECONDS
    return min(most, max(least, elapsed / GROWTH))


async def follow(
    trainings: TrainingList,
    reader: ProgressReader,
    run: str,
    place: MetricsPlace,
    is_ending: Callable[[], bool],
) -> AsyncIterator[str]:
    """Events of a run for as long as somebody listens: "rows", and "progress" where it changed.

    That the process has ended is told at once, everything else at each beat.

    Args:
        trainings: Knows the run.
        reader: Says how it is going.
        run: Its name.
        place: Where to begin.
        is_ending: Whether the server is about to end.
    """
    follower = MetricsFollower(trainings.folder(run) / "metrics.jsonl", place)
    looked_at, sent_at, told, was_going = -math.inf, time.monotonic(), None, None
    yield "retry: 1000\n\n"
    while not is_ending():
        try:
            training = trainings.find(run)
        except Refused:
            return  # taken off the list
        now, is_whole = time.monotonic(), True
        is_going = training.is_going_on
        if is_going != was_going or now - looked_at >= beat(time.time() - training.since):
            part = await asyncio.to_thread(follower.read)
            is_whole = part.is_whole
            if part.rows or part.is_anew or part.damaged:
                yield _event("rows", send_part(part), str(part.place))
                sent_at = now
            if is_whole:
                looked_at, was_going = now, is_going
                progress = await asyncio.to_thread(reader.read, training)
                facts = {name: value for name, value in progress.items() if name != "now"}
                if facts != told:
                    told = facts
                    yield _event("progress", progress)
                    sent_at = now
        if now - sent_at >= HEARTBEAT_SECONDS:
            yield ": still here\n\n"
            sent_at = now
        await asyncio.sleep(LOOK_SECONDS if is_whole else 0.1)


def _event(name: str, data: dict[str, Any], number: str = "") -> str:
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return f"event: {name}\n{f'id: {number}' + chr(10) if number else ''}data: {text}\n\n"
