import io

import torch
from rich.console import Console
from torch import nn

from convscope.inspection.parameters.statistics import measure_parameters
from convscope.inspection.parameters.table import parameter_table


def test_table_has_a_line_for_each_parameter_and_the_total():
    network = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2))
    network[1].weight = network[0].weight
    network[1].bias.requires_grad_(requires_grad=False)
    with torch.no_grad():
        network[0].weight[:] = torch.tensor([[3.0, 0.0], [0.0, -4.0]])
        network[1].bias[:] = 1.5
    network[0].weight.grad = torch.full((2, 2), 2.0)
    console = Console(width=120, file=io.StringIO())
    console.print(parameter_table(measure_parameters(network)))
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert lines == [
        ["parameter", "shape", "count", "mean", "std", "norm", "zeros", "gradient", "norm"],
        ["0.weight", "=", "1.weight", "2×2", "4", "-0.25", "2.49", "5", "50.0", "%", "4"],
        ["1.bias", "(frozen)", "2", "2", "1.5", "0", "2.12", "0.0", "%", "–"],
        ["all", "6"],
    ]
