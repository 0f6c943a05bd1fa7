"""What several processes gain on one machine, and what they would on many.

    python benchmarks/scaling.py --network lenet --batch-size 256 --size 28 --channels 1
    python benchmarks/scaling.py --network resnet18-32px --batch-size 64

Two processes of one thread and one process of two threads take the same training steps in turn, so
that both meet the same machine. Printed are the median step, the processor time of a step (of all
threads and processes together) and how these compare; then an estimate for more machines, from the
measured processor time of an image and the bytes of the gradients:

    seconds = compute / machines + transfer, no part of the transfer hidden behind computing
    transfer = 2 (n - 1) / n * bytes / bandwidth + 2 (n - 1) * latency

which is the ring all-reduce of Patarasuk and Yuan 2009, "Bandwidth optimal all-reduce algorithms
for clusters of workstations"; synchronized batch normalization adds two for each layer.
"""

import argparse
import json
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import torch
from torch import nn

import convscope as cs
from convscope.runtime.execution import Execution
from convscope.runtime.joining import join_processes
from convscope.runtime.shared_normalization import is_batch_norm
from convscope.runtime.training_step import take_step, training_loss

MACHINES = (1, 2, 10, 30, 100, 300, 1000)
NETWORKS = {"1 Gbit/s, 100 µs": (125e6, 100e-6), "10 Gbit/s, 50 µs": (1.25e9, 50e-6)}
NETWORKS["100 Gbit/s, 10 µs"] = (12.5e9, 10e-6)


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def take_steps(rank, count, threads, port, options, file):
    """Steps of one process; what they took is written into a file."""
    os.environ.update(
        RANK=str(rank), WORLD_SIZE=str(count), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port)
    )
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    device = torch.device("cpu")
    execution = Execution(device, "float32", threads)
    network = execution.place(cs.build(options.network, in_channels=options.channels).train())
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4)
    images = torch.randn(options.batch_size, options.channels, options.size, options.size)
    labels = torch.randint(10, (options.batch_size,))
    walls, busy = [], []
    with join_processes(device) as processes, ExitStack() as normalizing:
        if not processes.are_alone:
            normalizing.enter_context(processes.normalizing(network))
        rows = processes.part.rows(options.batch_size)
        own, targets = execution.lay_out(images[rows]), labels[rows]
        spread = processes.spread(network, device)
        for step in range(options.steps + 1):
            begun, used = time.perf_counter(), time.process_time()
            loss, logits = training_loss(spread, own, targets, execution)
            right = (logits.argmax(1) == targets).sum()
            whole = processes.total(loss, right, len(own), asked=False)
            take_step(processes.share(loss, logits, len(own), whole.images), network, optimizer)
            if step:  # the first is slower
                walls.append(time.perf_counter() - begun)
                busy.append(time.process_time() - used)
    file.write_text(json.dumps({"wall": statistics.median(walls), "busy": sum(busy) / len(busy)}))


def measure(count, threads, options):
    """(median wall, processor time of all processes) of a step, in seconds."""
    port, context = free_port(), multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / str(rank) for rank in range(count)]
        started = [
            context.Process(target=take_steps, args=(rank, count, threads, port, options, file))
            for rank, file in enumerate(files)
        ]
        for each in started:
            each.start()
        for each in started:
            each.join()
        found = [json.loads(file.read_text()) for file in files]
    return max(each["wall"] for each in found), sum(each["busy"] for each in found)


def ring(machines, payload, bandwidth, latency):
    """Seconds of an all-reduce of so many bytes."""
    return 2 * (machines - 1) / machines * payload / bandwidth + 2 * (machines - 1) * latency


def transfer(network, machines, bandwidth, latency, *, synchronized):
    """Seconds that the processes of a step exchange numbers."""
    gradients = 4 * sum(p.numel() for p in network.parameters())
    layers = [m for m in network.modules() if is_batch_norm(m)] if synchronized else []
    both_ways = [8 * (2 * layer.num_features + 1) for layer in layers]
    sizes = [gradients, 32, *both_ways, *both_ways]
    return sum(ring(machines, size, bandwidth, latency) for size in sizes)


def estimate(network: nn.Module, compute: float, batch_size: int) -> None:
    """Print what many machines of this kind would gain."""
    print(f"\nA step of {batch_size} images for each machine, in all n times as many;")
    print("share of the step that is transfer, gradients alone / with synchronized statistics:")
    print(f"{'machines':>8}  " + "  ".join(f"{name:>19}" for name in NETWORKS))
    for machines in MACHINES[1:]:
        row = []
        for speed in NETWORKS.values():
            seconds = [transfer(network, machines, *speed, synchronized=s) for s in (False, True)]
            row.append(" / ".join(f"{each / (each + compute):.1%}" for each in seconds))
        print(f"{machines:>8}  " + "  ".join(f"{each:>19}" for each in row))
    print(f"\nThe same {batch_size} images divided among all; how many times as fast as one:")
    for machines in MACHINES[1:]:
        row = []
        for speed in NETWORKS.values():
            seconds = [transfer(network, machines, *speed, synchronized=s) for s in (False, True)]
            gains = [compute / (compute / min(machines, batch_size) + each) for each in seconds]
            row.append(" / ".join(f"{each:.2f}×" for each in gains))
        print(f"{machines:>8}  " + "  ".join(f"{each:>19}" for each in row))


def main() -> None:
    """Measure, print, and estimate."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="lenet")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    network = cs.build(options.network, in_channels=options.channels)
    parameters = sum(p.numel() for p in network.parameters())
    print(f"{options.network}: {parameters:,} parameters, batches of {options.batch_size}")
    together, threads = [], []
    for _ in range(options.rounds):
        together.append(measure(2, 1, options))
        threads.append(measure(1, 2, options))
    for name, found in (("2 processes × 1 thread", together), ("1 process × 2 threads", threads)):
        wall, busy = (statistics.median(values) for values in zip(*found, strict=True))
        print(f"{name}: {1000 * wall:.1f} ms a step, {1000 * busy:.1f} ms of processor time")
    ratios = [
        [a / b for a, b in zip(*each, strict=True)] for each in zip(together, threads, strict=True)
    ]
    for name, values in zip(("step", "processor time"), zip(*ratios, strict=True), strict=True):
        shown = ", ".join(f"{each:.2f}" for each in values)
        print(f"2 × 1 against 1 × 2, {name}: {statistics.median(values):.2f} times ({shown})")
    busy = statistics.median(each[1] for each in threads)
    estimate(network, busy, options.batch_size)


if __name__ == "__main__":
    main()
