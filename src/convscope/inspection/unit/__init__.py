"""Where one number of a network comes from: its arithmetic, forwards and backwards.

    unit            `unit(network, image, "conv1:2,10,12", backward=True)` gives a `UnitExplanation`
    asked           the layer, number, weight and class that a person asked for
    steps           the number's own arithmetic, what led to it and what follows
    loss, backward  the loss, and the gradient in a number or a weight as a sum
    steepest        which weight and which input to show: those with the largest gradients
    explanation     all that was found out, as data
    text, tables, text_blocks                     ... as text
    figure, figure_backward, figure_panels, figure_where    ... as figures

How an operation computes and how gradients flow through it is known in `graph.operations`; here is
the story that is told of one number. What it promises: every result is computed from the numbers
that are shown, in double precision, and compared with what the network and PyTorch computed; the
network is left as found. What it doesn't do: explain whole layers (`inspection.trace`), or say what
an answer rests on (`inspection.explain`).

Public names: `unit`, `UnitExplanation`.
"""
