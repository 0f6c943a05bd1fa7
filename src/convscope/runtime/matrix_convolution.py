"""Two-dimensional convolution as one matrix product.

Unfolding every window of the input into a row and multiplying once (Chellapilla et al. 2006, "High
performance convolutional neural networks for document processing") computes the same sums as
sliding the kernel. `convolution_plan.py` decides where to do so.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

Direction: TypeAlias = Literal["forward", "input gradient", "weight gradient"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)

Pair = tuple[int, int]


class ConvolutionLayer(NamedTuple):
    """What decides which way is faster.

    Attributes:
        images: (channels, height, width) of the input.
        kernels: (output channels, channels, height, width).
        stride: Vertical and horizontal.
        padding: On each side, vertical and horizontal.
        dtype: Type in which it is computed.
    """

    images: tuple[int, ...]
    kernels: tuple[int, ...]
    stride: Pair
    padding: Pair
    dtype: torch.dtype

    def __str__(self) -> str:
        images, kernels = ("×".join(map(str, shape)) for shape in (self.images, self.kernels))
        return f"{images} * {kernels} stride {self.stride} padding {self.padding} {self.dtype}"

    @property
    def output_size(self) -> Pair:
        """Height and width of the output."""
        sides = zip(self.images[1:], self.kernels[2:], self.stride, self.padding, strict=True)
        height, width = ((n + 2 * p - k) // s + 1 for n, k, s, p in sides)
        return height, width


def unfold(images: Tensor, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
    """Every window as a row.

    Args:
        images: (N, C, H, W), best with channels last.
        kernel: Height and width of the window.
        stride: Between windows.
        padding: Zeros on each side.

    Returns:
        (N · output height · output width, kernel height · kernel width · C).
    """
    rows = F.pad(images.permute(0, 2, 3, 1), (0, 0, padding[1], padding[1], padding[0], padding[0]))
    count, height, width, channels = rows.shape
    out_height = (height - kernel[0]) // stride[0] + 1
    out_width = (width - kernel[1]) // stride[1] + 1
    n, h, w, c = rows.stride()
    windows = rows.as_strided(
        (count, out_height, out_width, *kernel, channels),
        (n, h * stride[0], w * stride[1], h, w, c),
    )
    return windows.reshape(count * out_height * out_width, -1)


def multiply_windows(images: Tensor, kernels: Tensor, stride: Pair, padding: Pair) -> Tensor:
    """The convolution (N, O, output height, output width), channels last, by one product.

    Args:
        images: (N, C, H, W).
        kernels: (O, C, kernel height, kernel width).
        stride: Vertical and horizontal.
        padding: Vertical and horizontal.
    """
    size = (kernels.shape[2], kernels.shape[3])
    layer = ConvolutionLayer(
        tuple(images.shape[1:]), tuple(kernels.shape), stride, padding, kernels.dtype
    )
    matrix = kernels.permute(2, 3, 1, 0).reshape(-1, kernels.shape[0])
    outputs = unfold(images, size, stride, padding) @ matrix
    return outputs.view(len(images), *layer.output_size, -1).permute(0, 3, 1, 2)


def input_gradient(gradient: Tensor, kernels: Tensor, padding: Pair) -> Tensor:
    """The gradient in the images, for stride 1: a convolution with the kernels turned by 180°.

    Args:
        gradient: In the output, (N, O, output height, output width).
        kernels: (O, C, kernel height, kernel width).
        padding: Zeros on each side in the forward convolution.
    """
    turned = kernels.flip(2, 3).transpose(0, 1)
    whole = (kernels.shape[2] - 1 - padding[0], kernels.shape[3] - 1 - padding[1])
    return multiply_windows(gradient, turned, (1, 1), whole)


def weight_gradient(
    gradient: Tensor, images: Tensor, kernel: Pair, stride: Pair, padding: Pair
) -> Tensor:
    """The gradient in the kernels, (O, C, kernel height, kernel width).

    Args:
        gradient: In the output, (N, O, output height, output width).
        images: (N, C, H, W).
        kernel: Height and width.
        stride: Vertical and horizontal.
        padding: Vertical and horizontal.
    """
    outputs = gradient.permute(0, 2, 3, 1).reshape(-1, gradient.shape[1])  # (N · pixels, O)
    products = outputs.t() @ unfold(images, kernel, stride, padding)
    return products.view(len(products), *kernel, -1).permute(0, 3, 1, 2)


class MatrixConvolution(torch.autograd.Function):
    """`conv2d` that takes the matrix way in the directions it is told to."""

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        kernels: Tensor,
        bias: Tensor | None,
        layer: ConvolutionLayer,
        directions: list[Direction],
    ) -> Tensor:
        """Compute (N, O, output height, output width)."""
        ctx.save_for_backward(images, kernels)
        ctx.layer, ctx.directions, ctx.has_bias = layer, directions, bias is not None
        if "forward" not in directions:
            return F.conv2d(images, kernels, bias, layer.stride, layer.padding)
        output = multiply_windows(images, kernels, layer.stride, layer.padding)
        return output if bias is None else output + bias.view(-1, 1, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradients in images, kernels and bias."""
        images, kernels = ctx.saved_tensors
        layer, directions = ctx.layer, ctx.directions
        wanted = ctx.needs_input_grad
        by_matrix = [name in directions for name in DIRECTIONS[1:]]
        direct = [wanted[0] and not by_matrix[0], wanted[1] and not by_matrix[1], False]
        images_gradient, kernels_gradient, _ = direct_gradients(
            gradient, images, kernels, layer, direct
        )
        if wanted[0] and by_matrix[0]:
            images_gradient = input_gradient(gradient, kernels, layer.padding)
        if wanted[1] and by_matrix[1]:
            size = (kernels.shape[2], kernels.shape[3])
            kernels_gradient = weight_gradient(gradient, images, size, layer.stride, layer.padding)
        bias_gradient = gradient.sum((0, 2, 3)) if ctx.has_bias and wanted[2] else None
        return images_gradient, kernels_gradient, bias_gradient, None, None


def direct_gradients(
    gradient: Tensor, images: Tensor, kernels: Tensor, layer: ConvolutionLayer, wanted: list[bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The gradients in images, kernels and bias by PyTorch's own kernels.

    Args:
        gradient: In the output.
        images: (N, C, H, W).
        kernels: (O, C, kernel height, kernel width).
        layer: Stride and padding.
        wanted: Which of the three; the others are None.
    """
    if not any(wanted):
        return None, None, None
    gradients: tuple[Tensor | None, Tensor | None, Tensor | None]
    gradients = torch.ops.aten.convolution_backward(
        gradient,
        images,
        kernels,
        None,
        layer.stride,
        layer.padding,
        (1, 1),
        False,
        (0, 0),
        1,
        wanted,
    )
    return gradients
