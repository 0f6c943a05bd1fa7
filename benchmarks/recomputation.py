"""Peak memory and time of training steps with and without recomputation, beside the forecast.

    python benchmarks/recomputation.py densenet-32px              # as training does it without
    python benchmarks/recomputation.py densenet-32px --recompute  # and with --recompute
    python benchmarks/recomputation.py densenet-32px --recompute --keep-heap

Each call is a process of its own, since memory that was taken before would hide the peak.
"""

from __future__ import annotations

import argparse
import time

import torch

import convscope as cs
from convscope.planning.memory import step_memory
from convscope.planning.recomputed_blocks import plan_recomputation
from convscope.planning.record_step import record_step
from convscope.runs.optimization import make_optimizer
from convscope.runs.recipe import Recipe
from convscope.runtime.allocator import keep_memory, returning_memory
from convscope.runtime.execution import Execution
from convscope.runtime.process import forget_peak, resident_bytes
from convscope.runtime.recomputation import recomputing
from convscope.runtime.training_step import training_step

STEPS = 5
SHAPE = (3, 32, 32)


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--precision", default="bfloat16", choices=["float32", "bfloat16"])
    parser.add_argument("--recompute", action="store_true")
    parser.add_argument("--keep-heap", action="store_true")
    given = parser.parse_args()
    execution = Execution(torch.device("cpu"), given.precision)
    network = execution.place(cs.build(given.network, 3, 10)).train()

    recipe = Recipe(epochs=1, momentum=0.9)
    blocks: tuple[str, ...] = ()
    if given.recompute:
        blocks = plan_recomputation(network, SHAPE, execution, recipe).blocks
    step = record_step(network, SHAPE, execution, recipe, blocks)
    foretold = step_memory(step, given.batch_size).live
    keeps = given.keep_heap or not blocks
    optimizer = make_optimizer(network, recipe)
    images = torch.randn(given.batch_size, *SHAPE).to(memory_format=execution.memory_format)
    labels = torch.randint(0, 10, (given.batch_size,))
    times = []
    with recomputing(network, blocks, {}), returning_memory():
        before = (resident_bytes() or 0) - 4 * sum(p.numel() for p in network.parameters())
        forget_peak()
        for _ in range(STEPS):
            start = time.perf_counter()
            training_step(network, images, labels, execution, optimizer)
            if keeps:
                keep_memory()
            times.append(time.perf_counter() - start)
        peak = (resident_bytes(peak=True) or 0) - before
    heap = "kept" if keeps else "returned"
    print(
        f"{given.network}: {len(blocks)} blocks recomputed, heap {heap}; "
        f"peak {peak / 1e6:.0f} MB, foretold in use {foretold / 1e6:.0f} MB; "
        f"step {min(times[1:]):.3f} s"
    )


if __name__ == "__main__":
    main()
