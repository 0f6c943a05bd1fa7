"""Deliberately wrong libraries for lesson 17."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import torch

from convscope.experiments.devices import _step
from convscope.lessons.stored_results import stored
from convscope.planning.memory_timeline import KINDS, memory_timeline
from convscope.planning.recomputed_blocks import Recomputation
from convscope.runtime.recomputation import recomputing
from tests.lessons.wrong import Wrong


def change_timeline(change):
    """Timelines whose bytes by kind are changed: `change(bytes by kind, batch size)`."""

    def follow(step, batch_size):
        found = memory_timeline(step, batch_size)
        parts = dict(zip(KINDS, found.bytes.astype(float), strict=True))
        change(parts, batch_size)
        rows = np.stack([parts[kind] for kind in KINDS]).astype(np.int64)
        return dataclasses.replace(found, bytes=rows)

    return follow


def keep_nothing(parts, batch_size):
    parts["activations"] *= 0


def grow_with_batch(parts, batch_size):
    """Everything is proportional to the batch."""
    for kind in KINDS:
        parts[kind] = np.full_like(parts[kind], batch_size * 1e6 if kind == "activations" else 0)


def halve_all(step, batch_size):
    found = memory_timeline(step, batch_size)
    is_short = any("bfloat16" in str(each.key) for each in step.operations)
    return dataclasses.replace(found, bytes=found.bytes // 2) if is_short else found


def change_rows(**changes):
    """Stored rows of which some values are others: functions of the row."""

    def read(name):
        kept = stored(name)
        if name != "networks":
            return kept
        rows = [{**row, **{key: f(row) for key, f in changes.items()}} for row in kept.rows]
        return dataclasses.replace(kept, rows=tuple(rows))

    return read


def recompute_nothing(network, shape, execution, recipe):
    return Recomputation((), 0.0, 0.0)


def recompute_with_noise(network, blocks, plan):
    with torch.no_grad():
        next(network.parameters()).mul_(1.01)
    return recomputing(network, blocks, plan)


def take_a_second(network, images, labels):
    return 1.0, [torch.ones(1)]


def step_in_half(network, images, labels):
    if images.dtype == torch.float64:
        return _step(network, images, labels)
    return round(_step(network, images, labels), 1)


WRONG = [
    Wrong(
        "activations aren't counted",
        {"convscope.experiments.step_bytes.memory_timeline": change_timeline(keep_nothing)},
        turns=["17.activations"],
    ),
    Wrong(
        "all memory is proportional to the batch, and that of all networks the same",
        {"convscope.experiments.step_bytes.memory_timeline": change_timeline(grow_with_batch)},
        turns=["17.densenet", "17.one_image", "17.proportional"],
    ),
    Wrong(
        "bfloat16 halves all",
        {"convscope.experiments.step_bytes.memory_timeline": halve_all},
        turns=["17.bfloat16"],
    ),
    Wrong(
        "nothing is recomputed",
        {
            "convscope.experiments.step_bytes.plan_recomputation": recompute_nothing,
            "convscope.experiments.recomputed_gradients.plan_recomputation": recompute_nothing,
        },
        turns=["17.recomputed", "17.same_gradients"],
    ),
    Wrong(
        "recomputing takes no time",
        {"convscope.experiments.recomputed_gradients._gradients": take_a_second},
        turns=["17.slower"],
    ),
    Wrong(
        "weights change before a block is computed again",
        {"convscope.experiments.recomputed_gradients.recomputing": recompute_with_noise},
        turns=["17.same_gradients"],
    ),
    Wrong(
        "a step is forecast in microseconds that should be seconds",
        {"convscope.planning.plan.Plan.step": property(lambda _: SimpleNamespace(value=1e4))},
        turns=["17.clock"],
    ),
    Wrong(
        "trainings took ten times as long as they did",
        {"convscope.lessons.stored": change_rows(
            processor_seconds=lambda row: 10 * row["processor_seconds"],
        )},
        turns=["17.time_range", "17.minute"],
    ),
    Wrong(
        "memory came as it was forecast",
        {"convscope.lessons.stored": change_rows(peak_bytes=lambda row: row["forecast_bytes"])},
        turns=["17.memory_range"],
    ),
    Wrong(
        "devices give one digit of a loss",
        {"convscope.experiments.devices._step": step_in_half},
        turns=["17.devices"],
    ),
    Wrong(
        "a second thread takes no time",
        {"convscope.experiments.devices.DeviceResults.speedup": property(lambda _: 2.0)},
        turns=["17.threads"],
    ),
    Wrong(
        "accuracy grows with the operations",
        {"convscope.lessons.stored": change_rows(accuracy=lambda row: row["macs"] / 2e8)},
        turns=["17.table", "17.minute"],
    ),
]  # fmt: skip
