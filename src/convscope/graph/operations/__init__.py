"""What each kind of operation is: one file a family, and one rule for all others.

A file holds all that is known of its operations: PyTorch's names for them and their arguments, what
a number looks at, how it was computed (forward), how a gradient flows into what it was computed
from (backward), what it costs, and the words for it. Each operation is an `OperationKind` that
its file registers; every file of this folder is loaded, so adding an operation takes one file.

    families     convolution, dense, pooling, normalization, activation, unary, elementwise, moving,
                 reduction, softmax; pointwise is what functions of one number have in common
    for all      an operation without a rule is run again (rerun), and its local derivatives say how
                 it computed and how gradients flow through it (general), and what it looks at
                 (dependence)
    vocabulary   table (`OperationKind`, `register`, `find`, `describe`), understand (from a call of
                 PyTorch to a kind), call (one operation as the rules ask about it), forms (the
                 five shapes of a calculation), numbers, words, windows (the geometry of windows)

What it promises: a calculation's result is computed from the numbers that it shows, in double
precision, and can be compared with what the network computed. What it doesn't do: choose which
number to explain, follow it through layers, or print it; that is `inspection.unit`.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
