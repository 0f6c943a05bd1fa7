"""A network's parameters: read by path, in figures of statistics, as histograms.

- `read.py`: one parameter, or all below a path, nested as the modules are.
- `statistics.py`: shape, mean, spread, norm, share of zeros, norm of the gradient of each.
- `dead_units.py`: units behind a ReLU that no image makes active.
- `describe.py`: all of it as one result that prints, draws itself and becomes data.
- `table.py`, `figure.py`: how it is shown.

Tied parameters stand once, with all their paths, and their gradient is the sum over their uses.
The network is left as found: its own gradients are read and never written.

Public: `describe_parameters`, `ParameterDescription`, `read_parameters`.
"""
