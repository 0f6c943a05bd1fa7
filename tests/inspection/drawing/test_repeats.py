"""Which blocks are drawn once, and which as one step.

Tests inspection/drawing/blocks.py, inspection/drawing/shortening.py, inspection/drawing/steps.py.
"""

import torch
from torch import nn

from convscope.graph.capture import capture
from convscope.inspection.drawing.blocks import block_calls, blocks_of
from convscope.inspection.drawing.repeats import fold
from convscope.inspection.drawing.shortening import shorten_blocks
from convscope.inspection.drawing.steps import steps_of


class Residual(nn.Module):
    def __init__(self, channels, size=3):
        super().__init__()
        self.one = nn.Conv2d(channels, channels, size, padding="same")
        self.two = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.two(self.one(x).relu())


class Remembers(nn.Module):
    """What the blocks make is used again behind them."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Residual(4) for _ in range(3)])

    def forward(self, x):
        made = []
        for block in self.blocks:
            x = block(x)
            made.append(x)
        return torch.cat(made, 1)


class Dense(nn.Module):
    """Every layer takes the outputs of all before, as a list."""

    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(4 + 2 * i, 2, 3, padding=1) for i in range(layers)])

    def forward(self, x):
        made = [x]
        for layer in self.layers:
            made.append(layer(torch.cat(made, 1)))
        return torch.cat(made, 1)


def read(network, channels=4):
    graph = capture(network, (channels, 8, 8))
    steps = steps_of(graph, block_calls(graph))
    return steps, blocks_of(graph, steps)


def counts(blocks):
    return [(block.name, block.count) for block in blocks]


def test_blocks_made_alike_become_one():
    steps, blocks = fold(*read(nn.Sequential(*[Residual(4) for _ in range(5)])))
    assert counts(blocks) == [("0 – 4", 5)]
    assert [step.part for step in steps] == ["input", "convolution", "convolution", "sum"]
    assert len(steps[1].shapes) == 5
    assert steps[3].inputs == [steps[2], steps[0]] or steps[3].inputs == [steps[0], steps[2]]


def test_blocks_that_differ_stay_apart():
    network = nn.Sequential(Residual(4), Residual(4, size=1), Residual(4, size=1), Residual(4))
    assert counts(fold(*read(network))[1]) == [("0", 1), ("1 – 2", 2), ("3", 1)]


def test_blocks_on_maps_of_other_sizes_stay_apart():
    network = nn.Sequential(Residual(4), nn.MaxPool2d(2), Residual(4), Residual(4))
    assert counts(fold(*read(network))[1]) == [("0", 1), ("2 – 3", 2)]


def test_what_follows_takes_the_one_that_is_drawn():
    steps, _ = fold(*read(nn.Sequential(Residual(4), Residual(4), nn.Conv2d(4, 8, 1))))
    assert [step.part for step in steps[-2:]] == ["sum", "convolution"]
    assert steps[-1].inputs == [steps[-2]]


def test_blocks_whose_output_is_used_elsewhere_stay_apart():
    assert [count for _, count in counts(fold(*read(Remembers()))[1])] == [1, 1, 1]


def test_a_block_of_too_many_columns_becomes_one_step():
    for layers, drawn in ((3, 8), (30, 3)):
        network = nn.Sequential(nn.Conv2d(4, 4, 1), Dense(layers))
        steps, _ = shorten_blocks(*fold(*read(network)))
        assert len(steps) == drawn
        assert steps[-1].shape == (4 + 2 * layers, 8, 8)
    assert steps[-1].label == ["Dense", "61 layers"]
    assert steps[-1].inputs == [steps[1]]
