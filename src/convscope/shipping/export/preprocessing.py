"""Preprocessing as an ONNX graph: what `data.decode` does to the pixels of a decoded image.

The graph takes the largest centred square, turns colour to grey if the network is for grey, and
resizes as Pillow does, to the last bit. Pillow's bilinear resizing (`Resample.c`) is two passes,
across and then down. Each output pixel is a weighted mean of input pixels, under a triangle whose
half width is one input or one output pixel, whichever is larger. Weights are rounded to multiples
of 2^-22, and the result of each pass to a grey level.

The operator `Resize` of ONNX Runtime differs from that by one or two grey levels in up to 7 % of
the pixels (docs/benchmarks.md), and other runtimes have their own. So the passes are written as
products with a matrix of weights, which the graph computes from the size of the images. A weight
of 22 bits times a pixel of 8 does not fit into the 24 bits of a float32: each weight is split into
a high and a low part, whose products with pixels are exact, and the sums are put together as
integers.
"""

from __future__ import annotations

import onnx
import onnx.parser

from convscope.runs.model_file import ModelCard

IR_VERSION = 10

GRAPH = """
<ir_version: {ir_version}, opset_import: ["" : {opset}]>
preprocessing (uint8[N, H, W, 3] images) => (float[N, {channels}, {size}, {size}] pixels) {{
    two = Constant <value_ints = [2]> ()
    axes_of_size = Constant <value_ints = [1, 2]> ()
    height = Shape <start = 1, end = 2> (images)
    width = Shape <start = 2, end = 3> (images)
    side = Min (height, width)
    spare_height = Sub (height, side)
    spare_width = Sub (width, side)
    top = Div (spare_height, two)
    left = Div (spare_width, two)
    bottom = Add (top, side)
    right = Add (left, side)
    starts = Concat <axis = 0> (top, left)
    ends = Concat <axis = 0> (bottom, right)
    cropped = Slice (images, starts, ends, axes_of_size)
    square = Transpose <perm = [0, 3, 1, 2]> (cropped)
    {colour}
    size = Constant <value_ints = [{size}]> ()
    is_size = Equal (side, size)
    keep = Squeeze (is_size)
    pixels = If (keep) <
        then_branch = as_it_is () => (float[N, C, S, S] kept) {{ kept = Cast <to = 1> (planes) }},
        else_branch = resize () => (float[N, C, S, S] resized) {{ {resize} }}
    >
}}
"""

TO_GREY = """
    luma = Constant <value = int32[1, 3, 1, 1] {19595, 38470, 7471}> ()
    half_a_level = Constant <value = int32[1] {32768}> ()
    level = Constant <value = int32[1] {65536}> ()
    axis_of_channels = Constant <value_ints = [1]> ()
    colours = Cast <to = 6> (square)
    weighed = Mul (colours, luma)
    brightness = ReduceSum <keepdims = 1> (weighed, axis_of_channels)
    to_nearest = Add (brightness, half_a_level)
    planes = Div (to_nearest, level)
"""  # ITU-R 601 in units of 2^-16, as Pillow has it (Convert.c)

WEIGHTS = """
    zero = Constant <value = double {0.0}> ()
    half = Constant <value = double {0.5}> ()
    one = Constant <value = double {1.0}> ()
    unit = Constant <value = double {4194304.0}> ()
    split = Constant <value = double {256.0}> ()
    last_axis = Constant <value_ints = [-1]> ()

    inputs_as_vector = Cast <to = 11> (side)
    inputs = Squeeze (inputs_as_vector)
    outputs_as_vector = Cast <to = 11> (size)
    outputs = Squeeze (outputs_as_vector)
    scale = Div (inputs, outputs)
    half_width = Max (scale, one)

    input_numbers = Range (zero, inputs, one)
    input_places = Add (input_numbers, half)
    output_numbers = Range (zero, outputs, one)
    output_places = Add (output_numbers, half)
    scaled_places = Mul (output_places, scale)
    centres = Unsqueeze (scaled_places, last_axis)
    offsets = Sub (input_places, centres)
    distances = Abs (offsets)
    relative = Div (distances, half_width)
    slope = Sub (one, relative)
    triangle = Max (slope, zero)
    area = ReduceSum <keepdims = 1> (triangle, last_axis)
    shares = Div (triangle, area)

    in_units = Mul (shares, unit)
    almost = Add (in_units, half)
    weights = Floor (almost)
    in_splits = Div (weights, split)
    almost_high = Add (in_splits, half)
    high_part = Floor (almost_high)
    high_weights = Mul (high_part, split)
    low_part = Sub (weights, high_weights)
    high_across = Cast <to = 1> (high_part)
    low_across = Cast <to = 1> (low_part)
    high = Transpose (high_across)
    low = Transpose (low_across)

    split_level = Constant <value = int32 {256}> ()
    level_in_units = Constant <value = int32 {4194304}> ()
    half_in_units = Constant <value = int32 {2097152}> ()
"""

ONE_WAY = """
    {name}_lines = Flatten <axis = 3> ({before})
    {name}_high_sum = MatMul ({name}_lines, high)
    {name}_low_sum = MatMul ({name}_lines, low)
    {name}_high = Cast <to = 6> ({name}_high_sum)
    {name}_low = Cast <to = 6> ({name}_low_sum)
    {name}_high_units = Mul ({name}_high, split_level)
    {name}_units = Add ({name}_high_units, {name}_low)
    {name}_to_nearest = Add ({name}_units, half_in_units)
    {name}_levels = Div ({name}_to_nearest, level_in_units)
    {name}_pixels = Cast <to = 1> ({name}_levels)
    {name}_outer = Shape <start = 0, end = 3> ({before})
    {name}_shape = Concat <axis = 0> ({name}_outer, size)
    {name}_planes = Reshape <allowzero = 1> ({name}_pixels, {name}_shape)
    {after} = Transpose <perm = [0, 1, 3, 2]> ({name}_planes)
"""  # turned, so that the second time goes down, and the image stands upright again after it;
# as lines, because ONNX Runtime doesn't multiply no images at all by a matrix, but no lines

RESIZE = (
    WEIGHTS
    + "rows = Cast <to = 1> (planes)"
    + ONE_WAY.format(name="across", before="rows", after="columns")
    + ONE_WAY.format(name="down", before="columns", after="resized")
)


def preprocessing(card: ModelCard, opset: int) -> onnx.ModelProto:
    """From raw images to the pixels that the network's part of the file takes.

    Args:
        card: Says how many channels and pixels the network takes.
        opset: Version of the ONNX operators.

    Returns:
        A model with input `images`, uint8 (N, height, width, 3), and output `pixels`, float32
        (N, channels, size, size), whole numbers from 0 to 255.
    """
    model = onnx.parser.parse_model(
        GRAPH.format(
            ir_version=IR_VERSION,
            opset=opset,
            channels=card.channels,
            size=card.size,
            colour=TO_GREY if card.channels == 1 else "planes = Identity (square)",
            resize=RESIZE,
        )
    )
    for node in model.graph.node:
        node.name = f"preprocessing/{node.output[0]}"
    return model
