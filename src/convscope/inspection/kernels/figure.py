"""Hand-made kernels on an image: one with its numbers, or many side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from convscope.inspection.kernels.apply import Filtered
from convscope.inspection.kernels.kernel import Kernel
from convscope.look.canvas import drawable, drawing, footnote, headline, shorten
from convscope.look.language import Words, pick
from convscope.look.palette import FAINT
from convscope.look.panels import (
    add_bar,
    draw_image,
    draw_numbers,
    draw_values,
    size,
    value_range,
)

COLUMNS = 5
MOST_NUMBERS = 9  # rows or columns of a kernel; the numbers of a larger one could not be read
READING = Words(
    "Where the weights add up to 0, the grey image is used; white is 0, red is above and blue "
    "below. The kernel isn't turned (cross-correlation).",
    "权重之和为 0 时，用的是灰度图像；白色为 0，红色为正，蓝色为负。核不旋转（互相关）。",
)
CHINESE = {
    "mean": "模糊：25 个像素的均值",
    "gaussian": "模糊，越近的像素权重越大",
    "sharpen": "突出与周围的差别",
    "emboss": "浮雕：光从左上方照来",
    "laplace": "各个方向的边缘",
    "horizontal-edges": "下减上",
    "vertical-edges": "右减左",
    "sobel-horizontal": "下减上，更平滑",
    "sobel-vertical": "右减左，更平滑",
}  # the effects of the gallery's kernels


def kernel_figure(
    image: NDArray[np.uint8], result: Filtered, name: str, path: str | Path | None = None
) -> Figure:
    """Draw an image, a kernel with its numbers, and what it gives, from left to right.

    Args:
        image: uint8 (C, H, W), what the kernel was slid over.
        result: What it gave.
        name: Name of the image.
        path: The PNG to write; None only gives the figure.
    """
    kernel = result.kernel
    panel = float(np.clip(4.6 * image.shape[1] / image.shape[2], 2.0, 6.0))  # inches high
    with drawing(path, 13.0, panel + 1.6) as figure:
        effect = pick(": ", "：") + _effect(kernel) if kernel.effect else ""
        headline(figure, f"{_title(kernel)}{effect}")
        output = pick("output ", "输出 ")
        footnote(figure, f"{output}{',   '.join(map(_sides, result.formula))}\n{READING}")
        before, middle, after = figure.subplots(1, 3, width_ratios=[5, 3, 5])
        draw_image(before, image)
        before.set_title(f"{shorten(_name(name), 24)}, {size(image)}", parse_math=False)
        _draw_kernel(middle, kernel, fontsize=12)
        middle.set_title(pick("kernel", "卷积核") + _scale(kernel))
        drawn = _draw_result(after, result)
        after.set_title(f"{pick('result', '结果')}, {size(result.values)}")
        after.set_xlabel(_range(result), fontsize=11, color=FAINT)
        if drawn is not None:
            add_bar(figure, drawn, after)
    return figure


def gallery_figure(
    image: NDArray[np.uint8],
    results: Sequence[Filtered],
    name: str,
    path: str | Path | None = None,
) -> Figure:
    """Draw an image and what each of many kernels makes of it, with the kernels' numbers.

    Args:
        image: uint8 (C, H, W).
        results: What the kernels gave.
        name: Name of the image.
        path: The PNG to write; None only gives the figure.
    """
    rows = -(-(1 + len(results)) // COLUMNS)
    panel = float(np.clip(3.0 * image.shape[1] / image.shape[2], 1.5, 4.5))  # inches high
    with drawing(path, 3.1 * COLUMNS, rows * (panel + 1.9) + 1.1) as figure:
        drawn = drawable(name, instead="an image")
        headline(
            figure,
            pick(
                f"{len(results)} kernels on {drawn}",
                f"{len(results)} 个卷积核对一幅图像的作用",
            ),
        )
        sizes = dict.fromkeys(
            f"{_extent(r.kernel)}: {', '.join(map(_sides, r.formula))}" for r in results
        )
        output = pick("Output size", "输出大小")
        footnote(figure, "\n".join([f"{output}   {';   '.join(sizes)}", str(READING)]))
        grid = figure.subplots(2 * rows, COLUMNS, height_ratios=[panel, 1.3] * rows)
        maps, kernels = grid[0::2].flatten(), grid[1::2].flatten()
        draw_image(maps[0], image)
        maps[0].set_title(f"{pick('the image', '图像')}, {size(image)}", fontsize=12)
        kernels[0].set_axis_off()
        for place in range(1, len(maps)):
            if place > len(results):
                maps[place].set_axis_off()
                kernels[place].set_axis_off()
                continue
            result = results[place - 1]
            _draw_result(maps[place], result)
            maps[place].set_title(f"{result.kernel.name}, {size(result.values)}", fontsize=12)
            _draw_kernel(kernels[place], result.kernel, fontsize=9)
            note = f"{_effect(result.kernel)}{_scale(result.kernel)}"
            kernels[place].set_xlabel(note, fontsize=11, color=FAINT)
    return figure


def _draw_kernel(axes: Axes, kernel: Kernel, fontsize: float) -> None:
    rows = np.array(kernel.rows)
    if max(rows.shape) > MOST_NUMBERS:
        draw_values(axes, rows, *value_range(rows, share=1.0))
    else:
        draw_numbers(axes, rows, fontsize)


def _draw_result(axes: Axes, result: Filtered) -> Any:
    """Draw what a kernel gave; where colours stand for numbers, return what a colour bar needs."""
    values, kernel = result.values, result.kernel
    if kernel.is_difference:
        far = max(map(abs, value_range(values)))
        return draw_values(axes, values[0], -far, far)
    low, high = (0.0, 255.0) if kernel.keeps_brightness else (values.min(), values.max())
    shown = (values - low) * (255 / max(high - low, 1e-12))
    draw_image(axes, shown.clip(0, 255).round().astype(np.uint8))
    return None


def _range(result: Filtered) -> str:
    values, kernel = result.values, result.kernel
    low, high = f"{values.min():.0f}", f"{values.max():.0f}"
    text = pick(f"values {low} to {high}", f"数值 {low} 到 {high}").replace("-", "−")
    if kernel.is_difference:
        return text
    if kernel.keeps_brightness:
        return text + pick(", drawn cut to 0 to 255", "，画时截到 0 到 255")
    return text + pick(", drawn black to white", "，画成由黑到白")


def _effect(kernel: Kernel) -> str:
    return pick(kernel.effect, CHINESE.get(kernel.name, kernel.effect))


def _sides(formula: str) -> str:
    """A formula such as "height ⌊…⌋ = 198", its side named in the current language."""
    side, _, rest = formula.partition(" ")
    return f"{pick(side, {'height': '高', 'width': '宽'}[side])} {rest}"


def _name(name: str) -> str:
    return pick("image", "图像") if name == "image" else drawable(name, instead="image")


def _extent(kernel: Kernel) -> str:
    return " × ".join(map(str, kernel.weights.shape))


def _title(kernel: Kernel) -> str:
    return (
        kernel.name if kernel.name[:1].isalpha() else pick("A kernel made by hand", "手工设计的核")
    )


def _scale(kernel: Kernel) -> str:
    return f" (× 1/{kernel.divisor})" if kernel.divisor > 1 else ""
