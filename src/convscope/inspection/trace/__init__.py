"""A network layer by layer: what each layer puts out, costs and sees.

`trace(network)` follows a network with tensors that have shapes and no numbers, so nothing is
computed and no weights are made. What comes back prints as a table, shows as one in a notebook,
draws itself (`.figure()`: where parameters, MACs and memory are) and becomes data (`.as_dict()`).

- `layers.py`: the numbers, `TracedLayer` for a layer or block and `TraceNumbers` for all.
- `trace.py`: how they are found, and `Trace`, the result.
- `table.py`, `html.py`, `figure.py`: how they are shown.

Counted are convolutions, dense layers and matrix products, as PyTorch counts FLOPs; what else a
network does is listed, and what has no rule is named as not counted. Times are not told here:
that is `planning/`.

Public: `trace`, `Trace`, `trace_graph`, `TracedLayer`.
"""
