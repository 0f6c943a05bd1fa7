"""Which convolutions are computed as matrix products, decided by measuring each layer once.

oneDNN's direct convolutions are excellent on large feature maps and poor on tiny ones: for 512
channels on 3×3 maps, common in the last stages of a network, its weight gradient ran at a tenth of
the speed of the layers before, and a matrix product several times faster. Which way is faster
depends on the layer, the direction and the machine; only clear winners are replaced.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pydantic
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from convscope.folders import cache_folder, keep_text
from convscope.runtime.device import processor
from convscope.runtime.matrix_convolution import (
    ConvolutionLayer,
    Direction,
    MatrixConvolution,
    Pair,
    direct_gradients,
    input_gradient,
    multiply_windows,
    weight_gradient,
)

LARGEST_MAP = 64  # output pixels; on larger maps direct convolution has always won
CLEARLY_FASTER = 1.25  # so that noise doesn't decide, and a run started again decides the same

Plan = dict[str, list[Direction]]
"""For each layer that profits (`str(ConvolutionLayer)`), the directions in which matrices win."""

_MEASUREMENTS = pydantic.TypeAdapter(dict[str, Plan])


class _Intercept(TorchFunctionMode):
    """Hands every two-dimensional convolution that matrices could do to a function."""

    def __init__(
        self, convolve: Callable[[Tensor, Tensor, Tensor | None, ConvolutionLayer], Tensor]
    ) -> None:
        super().__init__()
        self._convolve = convolve

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if function is not F.conv2d:
            return function(*args, **(kwargs or {}))
        return self._conv2d(*args, **(kwargs or {}))

    def _conv2d(
        self,
        input: Tensor,  # noqa: A002 - the names are those of F.conv2d
        weight: Tensor,
        bias: Tensor | None = None,
        stride: int | Pair = 1,
        padding: int | Pair | str = 0,
        dilation: int | Pair = 1,
        groups: int = 1,
    ) -> Tensor:
        plain = groups == 1 and _pair(dilation) == (1, 1) and input.ndim == 4
        if not plain or isinstance(padding, str) or input.device.type not in ("cpu", "meta"):
            return F.conv2d(input, weight, bias, stride, padding, dilation, groups)
        dtype = input.dtype
        if torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
        layer = ConvolutionLayer(
            tuple(input.shape[1:]), tuple(weight.shape), _pair(stride), _pair(padding), dtype
        )
        return self._convolve(input, weight, bias, layer)


def use_plan(plan: Plan) -> TorchFunctionMode:
    """The context in which the layers of a plan are computed as it says."""

    def convolve(
        images: Tensor, kernels: Tensor, bias: Tensor | None, layer: ConvolutionLayer
    ) -> Tensor:
        directions = plan.get(str(layer))
        if directions is None:
            return F.conv2d(images, kernels, bias, layer.stride, layer.padding)
        dtype = layer.dtype
        bias = bias if bias is None else bias.to(dtype)
        output: Tensor = MatrixConvolution.apply(  # type: ignore[no-untyped-call]
            images.to(dtype), kernels.to(dtype), bias, layer, directions
        )
        return output

    return _Intercept(convolve)


def make_plan(layers: Iterable[ConvolutionLayer], batch_size: int, seconds: float = 5.0) -> Plan:
    """Which layers to compute how, by measuring each both ways, in each direction, once.

    What was measured is kept in the cache folder, so that this machine decides the same the next
    time, and a run with the same seed gives the same weights.

    Args:
        layers: As `record_layers` found them.
        batch_size: Images at a time.
        seconds: When this time is up, the layers not measured yet stay direct.
    """
    file = cache_folder() / "convolutions.json"
    machine = f"{processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    kept = _read(file)
    measured = kept.setdefault(machine, {})
    before = len(measured)
    deadline = time.perf_counter() + seconds
    plan: Plan = {}
    for layer in sorted(layers, key=str):
        key = f"{batch_size}×{layer}"
        if _may_profit(layer) and key not in measured and time.perf_counter() < deadline:
            measured[key] = _directions_in_which_matrices_win(layer, batch_size)
        if measured.get(key):
            plan[str(layer)] = measured[key]
    if len(measured) > before:
        keep_text(file, json.dumps(kept, ensure_ascii=False, indent=1))
    return plan


def _read(file: Path) -> dict[str, Plan]:
    """What was measured on each machine; nothing if the file is missing or isn't ours."""
    try:
        return _MEASUREMENTS.validate_json(file.read_bytes())
    except (OSError, ValueError):
        return {}


def record_layers(layers: set[ConvolutionLayer]) -> TorchFunctionMode:
    """The context in which every convolution is computed as usual and put into `layers`."""

    def convolve(
        images: Tensor, kernels: Tensor, bias: Tensor | None, layer: ConvolutionLayer
    ) -> Tensor:
        layers.add(layer)
        return F.conv2d(images, kernels, bias, layer.stride, layer.padding)

    return _Intercept(convolve)


def _directions_in_which_matrices_win(layer: ConvolutionLayer, batch_size: int) -> list[Direction]:
    images, kernels = (
        torch.randn(shape).to(layer.dtype, memory_format=torch.channels_last)
        for shape in ((batch_size, *layer.images), layer.kernels)
    )
    gradient = F.conv2d(images, kernels, None, layer.stride, layer.padding)
    stride, padding, size = layer.stride, layer.padding, (layer.kernels[2], layer.kernels[3])
    ways: dict[Direction, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "forward": (
            lambda: F.conv2d(images, kernels, None, stride, padding),
            lambda: multiply_windows(images, kernels, stride, padding),
        ),
        "input gradient": (
            lambda: direct_gradients(gradient, images, kernels, layer, [True, False, False]),
            lambda: input_gradient(gradient, kernels, padding),
        ),
        "weight gradient": (
            lambda: direct_gradients(gradient, images, kernels, layer, [False, True, False]),
            lambda: weight_gradient(gradient, images, size, stride, padding),
        ),
    }
    if stride != (1, 1) or padding[0] >= size[0] or padding[1] >= size[1]:
        del ways["input gradient"]  # the matrix way is written for stride 1
    return [
        direction
        for direction, (direct, matrix) in ways.items()
        if _seconds(direct) > CLEARLY_FASTER * _seconds(matrix)
    ]


def _may_profit(layer: ConvolutionLayer) -> bool:
    """Whether it is worth measuring: larger kernels on small maps."""
    height, width = layer.output_size
    return layer.kernels[2] * layer.kernels[3] > 1 and height * width <= LARGEST_MAP


def _seconds(compute: Callable[[], Any], repetitions: int = 3) -> float:
    """The shortest time, after a first call that doesn't count."""
    compute()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        compute()
        times.append(time.perf_counter() - start)
    return min(times)


def _pair(value: int | Sequence[int]) -> Pair:
    """`F.conv2d` takes one number for both directions, bare or in a sequence."""
    return (value, value) if isinstance(value, int) else (value[0], value[-1])
