"""What this machine can do at most, and how near each network's training comes to it.

    python benchmarks/limits.py                            # ceilings, and the networks of the book
    python benchmarks/limits.py --only lenet resnet18      # some networks
    python benchmarks/limits.py --only nin --layers        # each convolution and dense layer, too
    python benchmarks/limits.py --precision float32 --json limits.json

Ceilings are the best of several shapes: matrix products and 3x3 convolutions, the bandwidth of
copies, and what one operation and one meeting of the threads cost. For every layer the forward
pass, the gradient of the input and that of the weights are timed by themselves, as a training step
computes them; the step is then really taken, and its time divided by kind of operation. Give it an
idle machine: a busy one lowers ceilings and shares alike. Images are random; the batch is the
book's. Tables are Markdown.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

import convscope as cs
from convscope.runs.optimization import make_optimizer
from convscope.runs.recipe import named
from convscope.runtime.allocator import keep_memory
from convscope.runtime.device import processor
from convscope.runtime.execution import Execution
from convscope.runtime.training_step import training_step

SIZES = {"lenet": 28, "alexnet": 224, "vgg11": 224, "nin": 224, "googlenet": 96, "resnet18": 96}
BATCHES = {"lenet": 256, "vgg11": 16, "alexnet": 64, "nin": 64}
NETWORKS = (*SIZES, "densenet")
PASSES = ("forward", "input gradient", "weight gradient")
KINDS = {  # by the names of PyTorch's operations
    "convolutions": ("convolution", "conv"),
    "matrix products": ("mm", "addmm", "bmm", "mkldnn_linear", "linear"),
    "normalization": ("batch_norm", "layer_norm", "native_norm"),
    "activations": ("relu", "sigmoid", "tanh", "threshold", "gelu"),
    "pooling": ("pool",),
    "casts and copies": ("copy_", "_to_copy", "contiguous", "clone", "cat"),
    "optimizer": ("_fused_sgd_", "_fused_adam", "_foreach"),
}


def best_seconds(function: Callable[[], object], *, at_least: float = 0.3, most: int = 50) -> float:
    """The quickest of several calls, in seconds; what others do on the machine only adds."""
    function()
    best, begun, count = float("inf"), time.perf_counter(), 0
    while count < 3 or (time.perf_counter() - begun < at_least and count < most):
        started = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - started)
        count += 1
    return best


def measure_ceilings() -> dict[str, float]:
    """The machine's limits: GFLOP/s by precision, GB/s, microseconds."""
    found: dict[str, float] = {}
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        rates = []
        for side in (1024, 2048, 3072):
            one, other = torch.randn(side, side).to(dtype), torch.randn(side, side).to(dtype)
            rates.append(2 * side**3 / best_seconds(partial(torch.matmul, one, other)))
        found[f"matrix products, {name}"] = max(rates) / 1e9
        rates = []
        for channels, side in ((64, 56), (128, 28), (256, 28)):
            images = _channels_last(torch.randn(32, channels, side, side).to(dtype))
            kernels = _channels_last(torch.randn(channels, channels, 3, 3).to(dtype))
            seconds = best_seconds(partial(F.conv2d, images, kernels, padding=1))
            rates.append(2 * 32 * channels**2 * 9 * side**2 / seconds)
        found[f"3x3 convolutions, {name}"] = max(rates) / 1e9
    source, target = torch.zeros(64 * 2**20), torch.ones(64 * 2**20)
    found["copies, GB/s"] = (
        2 * 4 * source.numel() / best_seconds(lambda: target.copy_(source)) / 1e9
    )
    small = torch.zeros(1)
    found["one operation, us"] = 1e6 * best_seconds(lambda: _repeat(small, 1000)) / 1000
    threads = torch.get_num_threads()
    # Just above the size from which PyTorch shares elementwise work between its threads.
    shared, alone = torch.zeros(32_769 * 2), torch.zeros(32_769 * 2 // threads)
    together = best_seconds(lambda: _repeat(shared, 1000)) / 1000
    torch.set_num_threads(1)
    by_one = best_seconds(lambda: _repeat(alone, 1000)) / 1000
    torch.set_num_threads(threads)
    found["one meeting of the threads, us"] = 1e6 * max(0.0, together - by_one)
    return found


def highest(ceilings: dict[str, float], precision: str) -> float:
    """GFLOP/s that matrix products or convolutions reach, whichever are quicker."""
    return max(
        ceilings[f"matrix products, {precision}"], ceilings[f"3x3 convolutions, {precision}"]
    )


def _repeat(tensor: Tensor, times: int) -> None:
    for _ in range(times):
        tensor.add_(1)


def _channels_last(tensor: Tensor) -> Tensor:
    return torch.empty_like(tensor, memory_format=torch.channels_last).copy_(tensor)


def measure_layers(
    network: nn.Module, images: Tensor, execution: Execution
) -> list[dict[str, Any]]:
    """Every convolution and dense layer: seconds and operations of its three passes."""
    inputs: dict[str, Tensor] = {}
    hooks = [
        module.register_forward_pre_hook(
            lambda _, args, name=name: inputs.setdefault(name, args[0].detach())
        )
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    with torch.no_grad(), execution.forward_pass():
        network(images)
    for hook in hooks:
        hook.remove()
    dtype = torch.bfloat16 if execution.precision == "bfloat16" else torch.float32
    first = next(iter(inputs))
    rows = []
    for name, given in inputs.items():
        layer: Any = network.get_submodule(name)
        passes = _conv_passes if isinstance(layer, nn.Conv2d) else _dense_passes
        given, weight = given.to(dtype), layer.weight.detach().to(dtype)
        if given.ndim == 4:
            given, weight = _channels_last(given), _channels_last(weight)
        calls, flops = passes(layer, given, weight)
        if name == first:
            del calls["input gradient"]  # nobody asks for the gradient of the images
        seconds = {each: best_seconds(call, at_least=0.1, most=20) for each, call in calls.items()}
        rows.append({"layer": name, "flops": flops, "seconds": seconds})
    return rows


def _conv_passes(
    layer: Any, images: Tensor, kernels: Tensor
) -> tuple[dict[str, Callable[[], object]], int]:
    with torch.no_grad():
        outputs = F.conv2d(
            images, kernels, None, layer.stride, layer.padding, layer.dilation, layer.groups
        )
    gradient = torch.ones_like(outputs)

    def backward(mask: list[bool]) -> object:
        return torch.ops.aten.convolution_backward(
            gradient, images, kernels, None, layer.stride, layer.padding, layer.dilation,
            False, [0, 0], layer.groups, mask,
        )  # fmt: skip

    calls: dict[str, Callable[[], object]] = {
        "forward": lambda: F.conv2d(
            images, kernels, None, layer.stride, layer.padding, layer.dilation, layer.groups
        ),
        "input gradient": lambda: backward([True, False, False]),
        "weight gradient": lambda: backward([False, True, False]),
    }
    return calls, 2 * outputs.numel() * kernels[0].numel()


def _dense_passes(
    layer: Any, rows: Tensor, weight: Tensor
) -> tuple[dict[str, Callable[[], object]], int]:
    gradient = torch.ones(*rows.shape[:-1], len(weight), dtype=rows.dtype)
    calls: dict[str, Callable[[], object]] = {
        "forward": lambda: F.linear(rows, weight),
        "input gradient": lambda: gradient @ weight,
        "weight gradient": lambda: gradient.flatten(0, -2).t() @ rows.flatten(0, -2),
    }
    return calls, 2 * gradient.numel() * weight.shape[1]


def divide_step(
    step: Callable[[], object], *, count: int = 5
) -> tuple[float, dict[str, float], list[tuple[str, float]]]:
    """Median seconds of a step, each kind of operation's share, and the largest of the rest."""
    for _ in range(3):
        step()
    times = []
    for _ in range(max(count, 10)):
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        for _ in range(count):
            step()
    shares: dict[str, float] = defaultdict(float)
    rest: dict[str, float] = defaultdict(float)
    events = profiled.key_averages()
    whole = sum(event.self_cpu_time_total for event in events)
    for event in events:
        share = event.self_cpu_time_total / whole
        kind = next((k for k, parts in KINDS.items() if _is_of(event.key, parts)), "other")
        shares[kind] += share
        if kind == "other":
            rest[event.key] += share
    largest = sorted(rest.items(), key=lambda pair: -pair[1])[:4]
    return statistics.median(times), dict(shares), largest


def _is_of(key: str, parts: tuple[str, ...]) -> bool:
    name = key.removeprefix("aten::")
    return any(part == name if part in ("mm", "bmm", "cat") else part in name for part in parts)


def measure_network(name: str, precision: Any, ceilings: dict[str, float]) -> dict[str, Any]:
    """A network's layers by themselves, and its step with the time of each kind of operation."""
    size, batch = SIZES.get(name, 96), BATCHES.get(name, 64)
    execution = Execution(torch.device("cpu"), precision)
    torch.manual_seed(0)
    network = execution.place(cs.build(name, 1))
    images = execution.lay_out(torch.randn(batch, 1, size, size))
    labels = torch.arange(batch) % 10
    recipe = named("book", name, "fashion-mnist").replace(learning_rate=1e-4)
    optimizer = make_optimizer(network, recipe)
    keep_memory()
    step, shares, rest = divide_step(
        lambda: training_step(network.train(), images, labels, execution, optimizer)
    )
    layers = measure_layers(network, images, execution)
    flops = sum(layer["flops"] * len(layer["seconds"]) for layer in layers)
    least = flops / (1e9 * highest(ceilings, precision))
    return {
        "network": name, "size": size, "batch": batch, "precision": precision, "step": step,
        "images_per_second": batch / step, "gflops": flops / step / 1e9,
        "at_the_ceiling": least, "shares": shares, "rest": rest, "layers": layers,
    }  # fmt: skip


def print_network(found: dict[str, Any]) -> None:
    """One row of the table of networks."""
    spent = dict.fromkeys(PASSES, 0.0)
    for layer in found["layers"]:
        for each, seconds in layer["seconds"].items():
            spent[each] += seconds
    shares = " | ".join(f"{found['shares'].get(kind, 0):.0%}" for kind in (*KINDS, "other"))
    times = " / ".join(f"{1e3 * spent[each]:.1f}" for each in PASSES)
    print(
        f"| {found['network']} | {found['size']} | {found['batch']} | {1e3 * found['step']:.1f} | "
        f"{found['gflops']:.0f} | {found['at_the_ceiling'] / found['step']:.0%} | {times} | "
        f"{shares} |",
        flush=True,
    )


def print_layers(found: dict[str, Any], ceiling: float) -> None:
    """Each layer's passes: milliseconds, and their share of the ceiling."""
    print(f"\n| {found['network']} | GFLOP | {' | '.join(PASSES)} |\n|---|---|---|---|---|")
    for layer in found["layers"]:
        cells = [
            f"{1e3 * s:.2f} ms, {layer['flops'] / s / 1e9 / ceiling:.0%}"
            if (s := layer["seconds"].get(each)) is not None
            else ""
            for each in PASSES
        ]
        print(f"| {layer['layer']} | {layer['flops'] / 1e9:.2f} | {' | '.join(cells)} |")
    print()


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=NETWORKS, help="names of networks")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16")
    parser.add_argument("--layers", action="store_true", help="a table of each network's layers")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    ceilings = measure_ceilings()
    print(f"{processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print("| ceiling | |\n|---|---|")
    for name, value in ceilings.items():
        print(f"| {name} | {value:.3g} |")
    print(
        f"\n{given.precision}: milliseconds of a step and of its layers by themselves (forward / "
        "input gradient / weight gradient); share of the ceiling that convolutions and dense "
        "layers reach over the whole step; the step's time by kind of operation.\n"
    )
    print(
        "| network | pixels | batch | step, ms | GFLOP/s | of ceiling | layers, ms | "
        + " | ".join((*KINDS, "other"))
        + " |\n|"
        + "---|" * (8 + len(KINDS))
    )
    results = []
    for name in given.only:
        results.append(measure_network(name, given.precision, ceilings))
        print_network(results[-1])
        if given.json:
            given.json.write_text(json.dumps({"ceilings": ceilings, "networks": results}))
    if given.layers:
        for found in results:
            print_layers(found, highest(ceilings, given.precision))


if __name__ == "__main__":
    main()
