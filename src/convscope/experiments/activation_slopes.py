"""Activation functions and their slopes: where a gradient passes through, and where it dies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.definitions import activations
from convscope.definitions.arrays import FloatArray
from convscope.errors import unknown_name
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KNOWN = {
    "sigmoid": (activations.sigmoid, activations.sigmoid_derivative),
    "tanh": (activations.tanh, activations.tanh_derivative),
    "relu": (activations.relu, activations.relu_derivative),
}
NAMES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU"}


@dataclass(frozen=True)
class ActivationSlopes(Printed):
    """Values and slopes of activation functions at the same inputs. It prints and draws itself.

    Attributes:
        inputs: Where, (points,), rising.
        values: By function, (points,).
        slopes: By function, (points,).
    """

    inputs: FloatArray
    values: Mapping[str, FloatArray]
    slopes: Mapping[str, FloatArray]

    def slope_at(self, name: str, x: float) -> float:
        """The slope at the input that is nearest to x."""
        return float(self.slopes[name][abs(self.inputs - x).argmin()])

    def mean(self, name: str) -> float:
        """The mean value over all inputs."""
        return round(float(self.values[name].mean()), 12)  # that of tanh is 0 but for rounding

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        places = [-6.0, -3.0, 0.0, 3.0, 6.0]
        headings = (pick("slope at", "斜率，在"), *(number(x) for x in places),
                    pick("largest", "最大"), pick("mean value", "平均值"))  # fmt: skip
        yield TextTable(
            pick("Slopes of activation functions", "激活函数的斜率"),
            headings,
            [
                (
                    NAMES[name],
                    *(number(self.slope_at(name, x), 2) for x in places),
                    number(float(self.slopes[name].max()), 3),
                    number(self.mean(name), 2),
                )
                for name in self.values
            ],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the functions, and their slopes beside.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 9.0, 3.8) as figure:
            headline(
                figure,
                pick(
                    "Far from 0 the slope of sigmoid and tanh vanishes; that of ReLU stays 1",
                    "远离 0 时，sigmoid 与 tanh 的斜率消失；ReLU 的斜率仍为 1",
                ),
            )
            left, right = figure.subplots(1, 2)
            for colour, name in zip(SERIES, self.values, strict=False):
                left.plot(self.inputs, self.values[name], color=colour, label=NAMES[name])
                right.plot(self.inputs, self.slopes[name], color=colour, label=NAMES[name])
            left.set(xlabel="x", ylim=(-1.2, 2.2))
            left.set_title(pick("value", "函数值"))
            right.set(xlabel="x", ylim=(-0.08, 1.12))
            right.set_title(pick("slope", "斜率"))
            left.legend(loc="upper left")
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "inputs": self.inputs.tolist(),
            "values": {name: values.tolist() for name, values in self.values.items()},
            "slopes": {name: slopes.tolist() for name, slopes in self.slopes.items()},
        }


def compare_slopes(
    names: Sequence[str] = ("sigmoid", "tanh", "relu"), *, reach: float = 8.0, points: int = 321
) -> ActivationSlopes:
    """Values and slopes of activation functions from −reach to reach.

    Args:
        names: Of "sigmoid", "tanh" and "relu".
        reach: The largest input.
        points: How many inputs; an odd number has 0 among them.

    Raises:
        UsageError: There is no such function.
    """
    for name in names:
        if name not in KNOWN:
            raise unknown_name("activation function", name, KNOWN)
    inputs = np.linspace(-reach, reach, points)
    return ActivationSlopes(
        inputs,
        {name: KNOWN[name][0](inputs) for name in names},
        {name: KNOWN[name][1](inputs) for name in names},
    )
