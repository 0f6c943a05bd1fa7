"""Exercises of lesson 3: gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.lessons.exercise import (
    Exercise,
    Outcome,
    Words,
    WrongAnswer,
    design,
    function,
    number,
    prediction,
)

if TYPE_CHECKING:
    from torch import nn

Array = NDArray[np.float64]

STILL_DETACHED = Words(
    "The outputs are right, but no gradient arrives: something takes the numbers out of the graph. "
    "Look for .data, .detach(), .item(), .numpy() or torch.no_grad().",
    "输出是对的，但梯度到不了：有什么把数值从计算图中取了出来。"
    "找找 .data、.detach()、.item()、.numpy() 或 torch.no_grad()。",
)
OTHER_OUTPUTS = Words(
    "The gradients arrive, but the outputs differ: values @ weight + bias, then ReLU.",
    "梯度到了，但输出不同：应为 values @ weight + bias，再过 ReLU。",
)
NOT_REGISTERED = Words(
    "The network doesn't know the tensors: wrap them in nn.Parameter, under the names weight and "
    "bias, or no optimizer will see them.",
    "网络不知道这些张量：用 nn.Parameter 包起来，命名为 weight 和 bias，否则优化器看不到它们。",
)


def gradients_by_hand() -> list[float]:
    """Of (xy + z)² at x = 1, y = −2, z = 3."""
    from convscope.experiments.scalar_graph import value_graph

    graph = value_graph(lambda x, y, z: (x * y + z) ** 2, x=1.0, y=-2.0, z=3.0)
    return [float(graph.gradients[name] or 0) for name in "xyz"]


def memory_of_forward_mode() -> str:
    """What eight times as many layers do to the memory of forward mode."""
    from convscope.experiments.gradient_modes import measure_mode

    few, many = (measure_mode("forward", 8, depth, tries=1).peak_bytes for depth in (8, 64))
    times = many / few
    return "a" if times > 5 else "b" if times > 1.2 else "c"


def draw_case(random: np.random.Generator) -> tuple[Array, Array, Array]:
    """An image, a kernel and the gradient of the loss with respect to the outputs."""
    height, width = random.integers(3, 7, 2)
    rows, columns = random.integers(1, 4, 2)
    image = random.normal(size=(height, width))
    upstream = random.normal(size=(height - rows + 1, width - columns + 1))
    return image, random.normal(size=(rows, columns)), upstream


def kernel_gradient(image: Array, kernel: Array, upstream: Array) -> Array:
    """The gradient with respect to the kernel, (h, w), by its definition."""
    from convscope.definitions.cross_correlation import cross_correlation_backward

    gradients = cross_correlation_backward(
        upstream[None, None], image[None, None], kernel[None, None]
    )
    found: Array = gradients.weight[0, 0]
    return found


def turned(image: Array, kernel: Array, upstream: Array) -> Array:
    """With the upstream gradient turned by 180°."""
    return kernel_gradient(image, kernel, upstream[::-1, ::-1])


def mean_instead(image: Array, kernel: Array, upstream: Array) -> Array:
    """The mean over the outputs in place of the sum."""
    return kernel_gradient(image, kernel, upstream) / upstream.size


def times_kernel(image: Array, kernel: Array, upstream: Array) -> Array:
    """With the kernel as a factor, as for the gradient of the image."""
    return kernel_gradient(image, kernel, upstream) * kernel


def examine_layer(answer: Any) -> Outcome:
    """Compare a repaired layer with the broken one, and look for its gradients."""
    import torch

    from convscope.experiments.untrained_parameters import DetachingDense

    if not callable(answer):
        return Outcome(
            False,
            Words(
                f"a class of modules is asked for; given {answer!r}",
                f"应给出一个模块类；收到的是 {answer!r}",
            ),
        )
    values = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
    layer, reference = answer(5, 3), DetachingDense(5, 3)
    parameters = dict(layer.named_parameters())
    if {name: tuple(each.shape) for name, each in parameters.items()} != {
        "weight": (5, 3),
        "bias": (3,),
    }:
        return Outcome(
            False,
            Words(
                f"its parameters are {', '.join(parameters) or 'none'}",
                f"它的参数是：{', '.join(parameters) or '无'}",
            ),
            NOT_REGISTERED,
        )
    reference.load_state_dict(layer.state_dict())
    outputs = layer(values)
    difference = float((outputs - reference(values)).detach().abs().max())
    gradients: tuple[Any, ...] = (None,)
    if outputs.requires_grad:
        gradients = torch.autograd.grad(outputs.sum(), list(parameters.values()), allow_unused=True)
    arrive = sum(each is not None for each in gradients)
    shown = Words(
        f"largest difference of outputs {difference:.1g}; gradients for {arrive} of 2 parameters",
        f"输出的最大差值 {difference:.1g}；2 个参数中有 {arrive} 个得到梯度",
    )
    if arrive < 2:
        return Outcome(False, shown, STILL_DETACHED)
    if difference > 1e-6:
        return Outcome(False, shown, OTHER_OUTPUTS)
    return Outcome(True, shown)


def unrepaired(inputs: int, units: int) -> nn.Module:
    """The broken layer itself."""
    from convscope.experiments.untrained_parameters import DetachingDense

    return DetachingDense(inputs, units)


def without_relu(inputs: int, units: int) -> nn.Module:
    """Learns, but leaves out the ReLU."""
    from torch import Tensor

    class Linear(type(unrepaired(1, 1))):  # type: ignore[misc]
        def forward(self, values: Tensor) -> Tensor:
            result: Tensor = values @ self.weight + self.bias
            return result

    return Linear(inputs, units)


def unregistered(inputs: int, units: int) -> nn.Module:
    """Keeps plain tensors in place of parameters."""
    import torch
    from torch import nn

    layer = nn.Module()
    layer.weight = torch.randn(inputs, units)
    layer.bias = torch.zeros(units)
    return layer


EXERCISES: list[Exercise] = [
    number(
        "3.1",
        expected=gradients_by_hand,
        tolerance=1e-6,
        mistakes=[
            WrongAnswer([-2, 1, 1], Words(
                "You have left out the slope of the square: 2·(xy + z).",
                "漏了平方的斜率：2·(xy + z)。",
            )),
            WrongAnswer([2, -4, 2], Words(
                "The slope of a product is the *other* factor.",
                "乘积的斜率是*另一个*因子。",
            )),
            WrongAnswer([-4, 2, 0], Words(
                "z is added: the slope of a sum is 1, not 0.",
                "z 是加上去的：和的斜率是 1，而不是 0。",
            )),
        ],
        hints=[
            Words("Write down the values first, from left to right.", "先从左到右写出各个值。"),
            Words(
                "xy + z = 1, so the slope of the square is 2. Go back from there.",
                "xy + z = 1，所以平方的斜率是 2。从那里往回走。",
            ),
        ],
    ),
    prediction(
        "3.2",
        options=("a", "b", "c"),
        measure=memory_of_forward_mode,
        mistakes=[
            WrongAnswer("a", Words(
                "That is the way back: it needs every layer's outputs again.",
                "那是反向模式：它还要用到每一层的输出。",
            )),
            WrongAnswer("b", Words(
                "A value and its slope are carried along, twice as much, but for any depth.",
                "一路携带的是值和斜率，的确是两倍，但与深度无关。",
            )),
        ],
        hints=[
            Words("What must still be there when the last layer is computed?",
                  "计算最后一层时，还必须留着什么？"),
            Words(
                "Forward, a layer needs only the one before it.",
                "前向时，一层只需要它的前一层。",
            ),
        ],
    ),
    function(
        "3.3",
        oracle=kernel_gradient,
        cases=draw_case,
        mistakes=[
            WrongAnswer(turned, Words(
                "Turned by 180°: that belongs to the gradient of the image. The kernel's is a "
                "plain cross-correlation.",
                "翻转 180° 属于图像的梯度。卷积核的梯度就是普通的互相关。",
            )),
            WrongAnswer(mean_instead, Words(
                "A weight is used at every place, and its gradients add up: a sum, not a mean.",
                "一个权重在每个位置都用到，各处的梯度相加：是和，不是平均。",
            )),
            WrongAnswer(times_kernel, Words(
                "The slope of weight × pixel with respect to the weight is the pixel alone.",
                "权重 × 像素对权重的斜率只是像素本身。",
            )),
        ],
        hints=[
            Words(
                "Which pixels were multiplied by kernel[0, 0], and for which outputs?",
                "kernel[0, 0] 乘过哪些像素？分别用于哪些输出？",
            ),
            Words(
                "gradient[a, b] is the sum of upstream[i, j] · image[i + a, j + b].",
                "gradient[a, b] 是 upstream[i, j] · image[i + a, j + b] 之和。",
            ),
        ],
    ),
    design(
        "3.4",
        measure=examine_layer,
        mistakes=[
            WrongAnswer(unrepaired, STILL_DETACHED),
            WrongAnswer(without_relu, OTHER_OUTPUTS),
            WrongAnswer(unregistered, NOT_REGISTERED),
        ],
        hints=[
            Words(
                "Read `DetachingDense.forward`: where does the graph end?",
                "读一读 `DetachingDense.forward`：计算图断在哪里？",
            ),
            Words(
                "Use self.weight and self.bias themselves, not their .data.",
                "直接用 self.weight 和 self.bias，不要用它们的 .data。",
            ),
        ],
    ),
]  # fmt: skip
