"""Figures of what gradients cost, how exact they are and where they are missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import BLUE, DIM, FAINT, VERMILION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convscope.experiments.backward_time import BackwardCosts
    from convscope.experiments.gradient_check import StepErrors
    from convscope.experiments.gradient_modes import GradientModes
    from convscope.experiments.start_signals import StartSignals
    from convscope.experiments.untrained_parameters import ParameterPaths

COLOURS = {"reverse": BLUE, "forward": VERMILION}
MARKS = {"reverse": "o", "forward": "s"}


def step_errors_figure(errors: StepErrors, path: str | Path | None = None) -> Figure:
    """Draw the error of finite differences over their step, both axes logarithmic.

    Args:
        errors: What was measured.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 8.0, 4.6) as figure:
        headline(
            figure,
            pick(
                "The smallest step is not the best: rounding takes over",
                "步长并非越小越好：舍入误差会占上风",
            ),
        )
        axes = figure.subplots()
        axes.loglog(errors.steps, errors.errors, color=BLUE, marker="o")
        axes.plot(
            [errors.best_step], [errors.smallest_error], color=VERMILION, marker="o", markersize=10
        )
        axes.annotate(
            pick("best", "最好"), (errors.best_step, errors.smallest_error), (0, -20),
            textcoords="offset points", ha="center", color=VERMILION,
        )  # fmt: skip
        axes.set_ylim(errors.smallest_error / 30, None)
        axes.set_xlabel(pick("step h", "步长 h"))
        axes.set_ylabel(pick("relative error", "相对误差"))
        footnote(
            figure,
            pick(
                "right of it the curvature, left of it the rounding of float64",
                "右侧是曲率造成的误差，左侧是 float64 的舍入误差",
            ),
        )
    return figure


def gradient_modes_figure(modes: GradientModes, path: str | Path | None = None) -> Figure:
    """Draw operations over the number of inputs, and memory over the depth, for both modes.

    Args:
        modes: What was measured.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 10.5, 4.8) as figure:
        headline(
            figure,
            pick(
                "Reverse mode pays for depth in memory, forward mode for inputs in work",
                "反向模式为深度付出内存，前向模式为输入数付出计算",
            ),
        )
        work, memory = figure.subplots(1, 2)
        names = {"reverse": pick("reverse", "反向"), "forward": pick("forward", "前向")}
        for mode, colour in COLOURS.items():
            look = {"color": colour, "marker": MARKS[mode], "label": names[mode]}
            costs = [cost for cost in modes.over_inputs if cost.mode == mode]
            work.plot([c.inputs for c in costs], [c.operations for c in costs], **look)
            costs = [cost for cost in modes.over_depth if cost.mode == mode]
            memory.plot([c.depth for c in costs], [c.peak_bytes for c in costs], **look)
        work.set_title(pick("Operations for one gradient", "求一次梯度的运算次数"))
        work.set_xlabel(pick("inputs", "输入数"))
        memory.set_title(pick("Peak memory in bytes", "内存峰值（字节）"))
        memory.set_xlabel(pick("layers", "层数"))
        for axes in (work, memory):
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        work.legend(loc="upper left")
        footnote(
            figure,
            pick(
                f"layers y = tanh(Wy); left {modes.over_inputs[0].depth} of them, "
                f"right {modes.over_depth[0].inputs} inputs",
                f"各层为 y = tanh(Wy)；左图 {modes.over_inputs[0].depth} 层，"
                f"右图 {modes.over_depth[0].inputs} 个输入",
            ),
        )
    return figure


def backward_costs_figure(costs: BackwardCosts, path: str | Path | None = None) -> Figure:
    """Draw the time of the backward pass as so many times that of the forward pass.

    Args:
        costs: What was measured.
        path: The PNG to write; None only gives the figure.
    """
    low, high = f"{min(costs.ratios):.1f}", f"{max(costs.ratios):.1f}"
    with drawing(path, 8.0, 1.6 + 0.7 * len(costs.costs)) as figure:
        headline(
            figure,
            pick(
                f"All gradients for {low} to {high} forward passes",
                f"求出全部梯度的时间：{low} 到 {high} 次前向计算",
            ),
        )
        axes = figure.subplots()
        places = [*range(len(costs.costs))]
        axes.set_axisbelow(True)
        axes.barh(places, costs.ratios, color=BLUE, height=0.55)
        for place, cost in zip(places, costs.costs, strict=True):
            text = pick(f"{cost.parameters:,} gradients", f"{cost.parameters:,} 个梯度")
            axes.text(max(1.0, cost.ratio) + 0.06, place, text, va="center", color=DIM)
        axes.axvline(1.0, color=FAINT, linewidth=1.2, linestyle="--")
        axes.set_yticks(places, [cost.network for cost in costs.costs])
        axes.set_xlim(0, max(costs.ratios) * 1.5)
        axes.invert_yaxis()
        axes.set_xlabel(pick("time backward ÷ time forward", "反向时间 ÷ 前向时间"))
    return figure


def parameter_paths_figure(paths: ParameterPaths, path: str | Path | None = None) -> Figure:
    """Draw the gradient norm of each parameter, those that the loss can't reach in red.

    Args:
        paths: What was found.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 8.0, 1.8 + 0.42 * len(paths.paths)) as figure:
        headline(
            figure,
            pick(
                f"{len(paths.detached)} parameters can't learn, "
                f"{len(paths.at_zero)} only wait for other images",
                f"{len(paths.detached)} 个参数学不了，{len(paths.at_zero)} 个只是在等别的图像",
            ),
        )
        axes = figure.subplots()
        places = [*range(len(paths.paths))]
        axes.set_axisbelow(True)
        axes.barh(places, [each.gradient_norm for each in paths.paths], color=BLUE, height=0.6)
        for place, each in zip(places, paths.paths, strict=True):
            if not each.is_reached:
                text = pick("detached: no gradient", "已断开：没有梯度")
                axes.text(0, place, f"  {text}", va="center", color=VERMILION, weight="bold")
            elif each.gradient_norm == 0:
                text = pick("gradient 0 on these images", "在这些图像上梯度为 0")
                axes.text(0, place, f"  {text}", va="center", color=DIM)
        axes.set_yticks(places, [each.name for each in paths.paths])
        axes.invert_yaxis()
        axes.set_xlabel(pick("norm of the gradient", "梯度的范数"))
    return figure


def start_signals_figure(found: StartSignals, path: str | Path | None = None) -> Figure:
    """Draw the gradient of the first layer under each initialization.

    Args:
        found: What was measured.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 8.0, 1.8 + 0.5 * len(found.signals)) as figure:
        headline(
            figure,
            pick(
                "How wide the first weights are decides what the first layer hears",
                "初始权重有多宽，决定第一层能收到多少梯度",
            ),
        )
        axes = figure.subplots()
        places = [*range(len(found.signals))]
        gradients = [signal.gradient for signal in found.signals]
        axes.set_axisbelow(True)
        axes.hlines(places, min(gradients) / 10, gradients, color=BLUE, linewidth=2)
        axes.plot(gradients, places, "o", color=BLUE, markersize=9)
        for place, gradient in zip(places, gradients, strict=True):
            axes.text(gradient * 2, place, number(gradient, 1), va="center", color=DIM)
        axes.set_xscale("log")
        axes.set_xlim(min(gradients) / 10, max(gradients) * 30)
        axes.set_yticks(places, [signal.initialization for signal in found.signals])
        axes.invert_yaxis()
        axes.set_ylim(len(places) - 0.4, -0.6)
        axes.set_xlabel(
            pick("norm of the first layer's gradient, before training", "训练前第一层梯度的范数")
        )
    return figure
