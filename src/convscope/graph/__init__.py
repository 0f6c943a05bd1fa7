"""The dataflow graph of any network, and what each of its operations is.

    graph = capture(network, images)            # all operations of one call, with their tensors
    graph = capture(network, (1, 28, 28))       # the same, computing nothing

    capture, restore             run a network and leave everything as it was
    recorder, calls, custom_functions    write down what PyTorch's functions did, which module
                                 called, and what functions with their own backward pass did
    graph, naming, nesting       what is written down: `Graph`, `Node`, `ModuleCall`
    operations/                  what each kind of operation is: one file a family, and one rule for
                                 all others
    reach, count, arithmetic     what an operation looks at, what it costs, how it computes: by the
                                 rule of its kind, or else the general one
    product_counter              PyTorch's own counter, for operations without a rule
    batch, detached              which axis counts the images; where gradients are stopped
    region                       a part of a tensor
    folding                      reading a graph at the level of its blocks

What it promises: any module that maps one tensor of images to one tensor, with its control flow,
reused modules and in-place operations; nothing of the network is changed. What it doesn't do:
follow what isn't computed by functions of PyTorch, or print anything.

Public names: `capture.capture`, `graph.Graph`, `graph.Node`, `graph.ModuleCall`.
"""
