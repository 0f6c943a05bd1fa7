"""Rows reach a reader once each, whenever it comes and wherever it goes on.

Tests studio/train/stream.py.
"""

import asyncio
import json
import math
import time
from types import SimpleNamespace

from convscope.runs.metrics_file import MetricsFollower, MetricsPlace, parse_place
from convscope.studio.train import stream
from convscope.studio.train.stream import follow, send_part
from convscope.web.failures import Refused
from tests.studio.train.made import write_rows


class OneRun:
    """In the place of `TrainingList`: one run, until it is forgotten."""

    def __init__(self, folder):
        self.path = folder
        self.is_known = True
        self.is_going_on = True
        self.since = time.time()

    def folder(self, _):
        return self.path

    def find(self, run):
        if not self.is_known:
            raise Refused(404, "none")
        return SimpleNamespace(run=run, is_going_on=self.is_going_on, since=self.since)


def parsed(text):
    """An event's fields."""
    return dict(line.split(": ", 1) for line in text.strip().splitlines())


def collect(folder, deeds, place=None):
    """Events, while something is done after each event of rows; ends when nothing is left to do."""

    async def listen():
        known, found = OneRun(folder), []
        reader = SimpleNamespace(read=lambda each: {"run": each.run, "now": 0})
        start = place or MetricsPlace()
        async for text in follow(known, reader, "run", start, lambda: False):
            event = parsed(text)
            found.append(event)
            if event.get("event") == "rows":
                if not deeds:
                    known.is_known = False
                else:
                    deeds.pop(0)()
        return found

    return asyncio.run(asyncio.wait_for(listen(), 20))


def steps_of(events):
    return [
        row["step"] for event in events if event.get("event") == "rows"
        for row in json.loads(event["data"])["rows"]
    ]  # fmt: skip


def test_rows_come_once_while_the_file_grows(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(stream, "BEAT_SECONDS", (0.01, 0.01))
    file = tmp_path / "metrics.jsonl"
    write_rows(file, [1, 2])

    def grow():
        write_rows(file, [3])
        with file.open("a") as half:
            half.write('{"kind": "st')

    def finish():
        with file.open("a") as rest:
            rest.write('ep", "step": 4}\n')

    events = collect(tmp_path, [grow, finish])
    assert steps_of(events) == [1, 2, 3, 4]
    assert events[0] == {"retry": "1000"}
    assert sum(event.get("event") == "progress" for event in events) == 1  # nothing changed
    last = [event["id"] for event in events if "id" in event]
    # Whoever comes back with any of the ids gets the rest, and nothing twice.
    for at, number in enumerate(last):
        follower = MetricsFollower(file, parse_place(number))
        assert [row["step"] for row in follower.read().rows] == [[3, 4], [4], []][at]


def test_a_sign_of_life_comes_where_nothing_happens(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.05)

    async def listen():
        reader = SimpleNamespace(read=lambda each: {"run": each.run, "now": 0})
        found = follow(OneRun(tmp_path), reader, "run", MetricsPlace(), lambda: False)
        async for text in found:
            if text.startswith(":"):
                return text
        return None

    assert asyncio.run(asyncio.wait_for(listen(), 10)) == ": still here\n\n"


def test_numbers_that_are_not_finite_are_null(tmp_path):
    file = tmp_path / "metrics.jsonl"
    row = {"kind": "step", "step": 1, "loss": math.nan, "learning_rate": -math.inf, "list": [1]}
    file.write_text(json.dumps(row) + "\n")
    sent = send_part(MetricsFollower(file).read())
    assert sent["rows"] == [{"kind": "step", "step": 1, "loss": None, "learning_rate": None}]
    json.dumps(sent, allow_nan=False)


def test_a_long_training_is_looked_at_more_rarely():
    assert [stream.beat(elapsed) for elapsed in (-5, 0, 60, 120, 300, 1e6)] == [1, 1, 1, 2, 5, 5]


def test_its_end_is_told_before_the_next_beat(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(stream, "BEAT_SECONDS", (1000.0, 1000.0))

    async def listen():
        known, states = OneRun(tmp_path), []
        reader = SimpleNamespace(read=lambda each: {"going": each.is_going_on, "now": 0})
        async for text in follow(known, reader, "run", MetricsPlace(), lambda: False):
            if parsed(text).get("event") == "progress":
                states.append(json.loads(parsed(text)["data"])["going"])
                known.is_going_on = False
                known.is_known = len(states) < 2
        return states

    assert asyncio.run(asyncio.wait_for(listen(), 20)) == [True, False]
