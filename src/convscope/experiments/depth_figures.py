"""Figures of deep networks with and without shortcuts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from convscope.experiments.depth_network import kind_name
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.palette import BLUE, FAINT, GREEN, MARKERS, SERIES, VERMILION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convscope.experiments.block_gradients import BlockGradients
    from convscope.experiments.depth_trainings import DepthTrainings
    from convscope.experiments.nested_networks import NestedNetworks

COLOURS = {"plain": VERMILION, "residual": BLUE, "projected": GREEN}
EXACT = 1e-4  # below, a point lies on the line as far as one can see


def depth_trainings_figure(trainings: DepthTrainings, path: str | Path | None = None) -> Figure:
    """The training loss over the epochs: a panel for each kind, a line for each depth.

    Args:
        trainings: What is drawn.
        path: The PNG to write; None only gives the figure.
    """
    kinds, depths = trainings.kinds, trainings.depths
    deepest = max(depths)
    with drawing(path, 4.8 * len(kinds) + 0.4, 4.3) as figure:
        ends = {("plain", deepest), ("plain", min(depths)), ("residual", deepest)}
        if ends <= {*trainings.networks} and trainings.loss("plain", deepest) > max(
            trainings.loss(*end) for end in ends - {("plain", deepest)}
        ):
            title = pick(
                f"{deepest} layers: without shortcuts the training loss stays high",
                f"{deepest} 层：没有捷径，训练损失降不下来",
            )
        else:
            title = pick("Training loss by depth", "不同深度的训练损失")
        headline(figure, title)
        grid = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
        for axes, kind in zip(grid, kinds, strict=True):
            for place, layers in enumerate(depths):
                if (kind, layers) not in trainings.networks:
                    continue
                losses = np.array([run.losses for run in trainings.of(kind, layers)])
                epochs = np.arange(1, losses.shape[1] + 1)
                colour = SERIES[place]
                if len(losses) > 1:
                    axes.fill_between(
                        epochs, losses.min(0), losses.max(0), color=colour, alpha=0.13, lw=0
                    )
                axes.plot(
                    epochs, np.median(losses, axis=0), color=colour, linewidth=2,
                    marker=MARKERS[place], markersize=5, markevery=max(1, len(epochs) // 10),
                    label=pick(f"{layers} layers", f"{layers} 层"),
                )  # fmt: skip
            axes.set_title(kind_name(kind))
            axes.set_xlabel(pick("epoch", "轮"))
        grid[0].set_ylabel(pick("training loss", "训练损失"))
        medians = [
            np.median([run.losses for run in trainings.of(*each)], axis=0).max()
            for each in trainings.networks
        ]
        grid[0].set_ylim(0, 1.1 * max(medians))
        grid[-1].legend()
        if len(trainings.seeds) > 1:
            footnote(
                figure,
                pick(
                    f"Line: median of {len(trainings.seeds)} seeds; band: lowest to highest.",
                    f"线：{len(trainings.seeds)} 个种子的中位数；带：最低到最高。",
                ),
            )
    return figure


def nested_networks_figure(nested: NestedNetworks, path: str | Path | None = None) -> Figure:
    """The deeper network's logits over the shallow one's.

    Args:
        nested: What is drawn.
        path: The PNG to write; None only gives the figure.
    """
    count = len(nested.insertions)
    with drawing(path, 2.75 * count, 3.7) as figure:
        headline(
            figure,
            pick(
                f"{nested.layers} more layers, the same answers: at zero, or at identity kernels",
                f"多了 {nested.layers} 层，答案不变：支路为零，或卷积核恒等",
            ),
        )
        for axes, each in zip(figure.subplots(1, count), nested.insertions, strict=True):
            same = each.difference < EXACT
            low, high = float(each.before.min()), float(each.before.max())
            axes.plot([low, high], [low, high], color=FAINT, linewidth=1)
            axes.plot(
                each.before.ravel(), each.after.ravel(), ".", markersize=2.5, alpha=0.5,
                color=GREEN if same else VERMILION,
            )  # fmt: skip
            axes.set_title(each.title.replace(", ", ",\n").replace("，", "，\n"), fontsize=10)
            axes.set_xlabel(pick("logit before", "插入前的输出"))
        figure.axes[0].set_ylabel(pick("logit after", "插入后的输出"))
    return figure


def block_gradients_figure(gradients: BlockGradients, path: str | Path | None = None) -> Figure:
    """The gradient behind each block over that behind the last one.

    Args:
        gradients: What is drawn.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 9.6, 4.3) as figure:
        headline(
            figure,
            pick(
                "Without batch norm the plain network's gradient vanishes; with it, it grows",
                "没有批量规范化，无捷径网络的梯度消失；有了它，反而增大",
            ),
        )
        panels = (
            (gradients.without_norm, pick("without batch norm", "无批量规范化")),
            (gradients.with_norm, pick("with batch norm", "有批量规范化")),
        )
        for axes, (found, title) in zip(figure.subplots(1, 2), panels, strict=True):
            for kind, values in found.items():
                axes.semilogy(
                    range(len(values)), values, color=COLOURS[kind], linewidth=2,
                    marker=MARKERS[kind == "residual"], markersize=4, label=kind_name(kind),
                )  # fmt: skip
            axes.set_title(title)
            axes.set_xticks(range(0, gradients.layers // 2, 5))
            axes.set_xlabel(pick("block (0: first convolution)", "块（0：第一个卷积）"))
        figure.axes[0].set_ylabel(
            pick("gradient, over that of the last block", "梯度（与最后一块之比）")
        )
        figure.axes[0].legend()
        footnote(
            figure,
            pick(
                f"{gradients.layers} layers, PyTorch's own first weights, before training.",
                f"{gradients.layers} 层，PyTorch 默认初始化，训练之前。",
            ),
        )
    return figure
