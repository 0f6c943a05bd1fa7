"""What a training step calls inside: no reference kernels of oneDNN; bfloat16 that only rounds.

Reference kernels (`ref:`) are written to be read, and hundreds of times slower; a new version of a
library may fall back to one without a word.
"""

import functools
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from convscope.networks.catalog import entry, list_networks
from convscope.runtime.choose_execution import choose_execution
from convscope.runtime.execution import Execution
from tests.runtime.onednn_kernels import batch_for

CPU = torch.device("cpu")
SMALL = tuple(name for name in list_networks() if entry(name).image[1] <= 32)
FEW = ("lenet", "resnet18-32px", "mobilenet-v2-32px")

needs_bfloat16 = pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(),
    reason="oneDNN has no bfloat16 kernels for this processor, so float32 is chosen here",
)


@functools.cache
def kernels_called(precision, names):
    """Network → oneDNN's kernels in a step of it, as ("convolution", "jit:avx512_core")."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("onednn_kernels.py"), precision, *names],
        env={
            **os.environ,
            "ONEDNN_VERBOSE": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    called = {}
    for line in done.stdout.splitlines():
        if line.startswith("network "):
            kernels = called.setdefault(line.removeprefix("network "), set())
        elif ",exec,cpu," in line:
            kernels.add(tuple(line.split(",exec,cpu,")[1].split(",")[:2]))
    return called


@pytest.mark.parametrize(
    ("precision", "names"),
    [
        pytest.param("bfloat16", FEW, marks=needs_bfloat16, id="bfloat16-few"),
        pytest.param(
            "bfloat16", SMALL, marks=[needs_bfloat16, pytest.mark.slow], id="bfloat16-all"
        ),
        pytest.param("float32", SMALL, marks=pytest.mark.slow, id="float32-all"),
    ],
)
def test_no_network_falls_back_to_a_reference_kernel(precision, names, monkeypatch, tmp_path):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path))
    called = kernels_called(precision, names)
    assert tuple(called) == names
    found = {
        name: kernels
        for name, all_kernels in called.items()
        if (kernels := sorted(each for each in all_kernels if each[1].startswith("ref")))
    }
    if precision == "bfloat16":  # as long as it isn't chosen, it may be slow
        found = {
            name: kernels
            for name, kernels in found.items()
            if choose_execution(*batch_for(name), CPU, threads=1).precision == "bfloat16"
        }
    assert not found


@needs_bfloat16
def test_convolutions_are_onednns():
    """PyTorch's own in bfloat16 are slow; the guard above wouldn't see them."""
    called = kernels_called("bfloat16", FEW)
    assert all(any(kind == "convolution" for kind, _ in called[name]) for name in FEW)


def draw(random):
    """Shapes of a convolution: images, kernels, and how it goes over them."""
    groups = random.choice([1, 1, 1, 2, 4])
    kernel = random.choice([1, 2, 3, 3, 5]), random.choice([1, 2, 3, 3, 5])
    padding = tuple(random.randint(0, k // 2) for k in kernel)
    dilation = random.choice([1, 1, 1, 2, 3])
    # From one position on, also where the image is a single pixel.
    least = [max(1, dilation * (k - 1) + 1 - 2 * p) for k, p in zip(kernel, padding, strict=True)]
    size = [n + random.choice([0, 0, 1, 2, 5]) for n in least]
    inputs, outputs = (groups * random.choice([1, 2, 3, 8, 16]) for _ in range(2))
    if random.random() < 0.15:  # depthwise
        groups = outputs = inputs
    return (
        (random.choice([1, 2, 5]), inputs, *size),
        (outputs, inputs // groups, *kernel),
        {
            "stride": random.choice([1, 1, 2, 3, 4]),
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
        },
    )


def is_misread(shape, kernel_shape, given):
    """Whether oneDNN 3.12 takes what lay in memory for pixels (docs/dead-taps.md)."""
    return kernel_shape[1] == 1 and 1 in shape[2:] and given["stride"] > 1


def convolve(images, kernels, flowing, given, execution=None):
    """The output, and the gradients in the images and the kernels."""
    inputs = [images.clone().requires_grad_(), kernels.clone().requires_grad_()]
    if execution is None:
        output = F.conv2d(*inputs, **given)
    else:
        with execution.forward_pass():
            output = F.conv2d(*inputs, **given)
    gradients = torch.autograd.grad(output, inputs, flowing.to(output.dtype))
    return [each.detach().double() for each in (output, *gradients)]


@needs_bfloat16
@pytest.mark.parametrize(
    ("threads", "cases"),
    [
        (1, 25),
        (2, 8),
        pytest.param(1, 800, marks=pytest.mark.slow),
        pytest.param(2, 200, marks=pytest.mark.slow),
    ],
)
def test_bfloat16_is_exact_up_to_rounding(threads, cases):
    """Against double precision on the same rounded numbers, in every entry.

    An entry may be wrong by a rounding, as a share of the sum of its terms without their signs.
    """
    drawn, before = random.Random(threads), torch.get_num_threads()
    execution = Execution(CPU, "bfloat16")
    torch.set_num_threads(threads)
    torch.manual_seed(threads)
    try:
        for number in range(cases):
            shape, kernel_shape, given = draw(drawn)
            while is_misread(shape, kernel_shape, given):
                shape, kernel_shape, given = draw(drawn)
            images = torch.randn(shape).bfloat16().float().to(memory_format=torch.channels_last)
            kernels = torch.randn(kernel_shape).bfloat16().float()
            kernels = kernels.to(memory_format=torch.channels_last)
            flowing = torch.randn(F.conv2d(images, kernels, **given).shape).bfloat16().double()
            exact = convolve(images.double(), kernels.double(), flowing, given)
            terms = convolve(images.double().abs(), kernels.double().abs(), flowing.abs(), given)
            short = convolve(images, kernels, flowing, given, execution)
            what = f"{number}: {shape} * {kernel_shape} {given}"
            for name, got, wanted, sums in zip(
                ("output", "images", "kernels"), short, exact, terms, strict=True
            ):
                error = (got - wanted).abs()
                assert (error <= 2**-7 * sums + 1e-12).all(), f"{name} of {what}"
    finally:
        torch.set_num_threads(before)
