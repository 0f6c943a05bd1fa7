"""Preprocessing as an ONNX graph: what `data.decode` does to the pixels of a decoded image.

The graph takes the largest centred square (or the whole image, if the model's images were padded or
stretched), turns colour to grey if the network is for grey, and resizes as Pillow does, to the last
bit. Pillow's bilinear resizing (`Resample.c`) is two passes,
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
    size = Constant <value_ints = [{size}]> ()
    height = Shape <start = 1, end = 2> (images)
    width = Shape <start = 2, end = 3> (images)
    {fit}
}}
"""

CROP = """
    two = Constant <value_ints = [2]> ()
    axes_of_size = Constant <value_ints = [1, 2]> ()
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
    is_size = Equal (side, size)
    keep = Squeeze (is_size)
    pixels = If (keep) <
        then_branch = as_it_is () => (float[N, C, S, S] kept) {{ kept = Cast <to = 1> (planes) }},
        else_branch = resize () => (float[N, C, S, S] resized) {{ {resize} }}
    >
"""

WHOLE = """
    square = Transpose <perm = [0, 3, 1, 2]> (images)
    {colour}
    {resize}
"""

EXTENTS = """
    two = Constant <value_ints = [2]> ()
    one_pixel = Constant <value_ints = [1]> ()
    longest = Max (height, width)
    twice_longest = Mul (longest, two)
    twice_size = Mul (size, two)
    width_in_parts = Mul (width, twice_size)
    width_to_nearest = Add (width_in_parts, longest)
    width_or_none = Div (width_to_nearest, twice_longest)
    new_width = Max (width_or_none, one_pixel)
    height_in_parts = Mul (height, twice_size)
    height_to_nearest = Add (height_in_parts, longest)
    height_or_none = Div (height_to_nearest, twice_longest)
    new_height = Max (height_or_none, one_pixel)
"""  # as `decode.fit_extents` has it

BESIDE = """
    missing_width = Sub (size, new_width)
    missing_height = Sub (size, new_height)
    pad_left = Div (missing_width, two)
    pad_top = Div (missing_height, two)
    pad_right = Sub (missing_width, pad_left)
    pad_bottom = Sub (missing_height, pad_top)
    no_pads = Constant <value_ints = [0, 0]> ()
    pads = Concat <axis = 0> (no_pads, pad_top, pad_left, no_pads, pad_bottom, pad_right)
    pixels = Pad (resized, pads)
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

CONSTANTS = """
    zero = Constant <value = double {0.0}> ()
    half = Constant <value = double {0.5}> ()
    one = Constant <value = double {1.0}> ()
    unit = Constant <value = double {4194304.0}> ()
    split = Constant <value = double {256.0}> ()
    last_axis = Constant <value_ints = [-1]> ()
    split_level = Constant <value = int32 {256}> ()
    level_in_units = Constant <value = int32 {4194304}> ()
    half_in_units = Constant <value = int32 {2097152}> ()
"""

WEIGHTS = """
    {w}inputs_as_vector = Cast <to = 11> ({inputs})
    {w}inputs = Squeeze ({w}inputs_as_vector)
    {w}outputs_as_vector = Cast <to = 11> ({outputs})
    {w}outputs = Squeeze ({w}outputs_as_vector)
    {w}scale = Div ({w}inputs, {w}outputs)
    {w}half_width = Max ({w}scale, one)

    {w}input_numbers = Range (zero, {w}inputs, one)
    {w}input_places = Add ({w}input_numbers, half)
    {w}output_numbers = Range (zero, {w}outputs, one)
    {w}output_places = Add ({w}output_numbers, half)
    {w}scaled_places = Mul ({w}output_places, {w}scale)
    {w}centres = Unsqueeze ({w}scaled_places, last_axis)
    {w}offsets = Sub ({w}input_places, {w}centres)
    {w}distances = Abs ({w}offsets)
    {w}relative = Div ({w}distances, {w}half_width)
    {w}slope = Sub (one, {w}relative)
    {w}triangle = Max ({w}slope, zero)
    {w}area = ReduceSum <keepdims = 1> ({w}triangle, last_axis)
    {w}shares = Div ({w}triangle, {w}area)

    {w}in_units = Mul ({w}shares, unit)
    {w}almost = Add ({w}in_units, half)
    {w}weights = Floor ({w}almost)
    {w}in_splits = Div ({w}weights, split)
    {w}almost_high = Add ({w}in_splits, half)
    {w}high_part = Floor ({w}almost_high)
    {w}high_weights = Mul ({w}high_part, split)
    {w}low_part = Sub ({w}weights, {w}high_weights)
    {w}high_across = Cast <to = 1> ({w}high_part)
    {w}low_across = Cast <to = 1> ({w}low_part)
    {w}high = Transpose ({w}high_across)
    {w}low = Transpose ({w}low_across)
"""

ONE_WAY = """
    {name}_lines = Flatten <axis = 3> ({before})
    {name}_high_sum = MatMul ({name}_lines, {w}high)
    {name}_low_sum = MatMul ({name}_lines, {w}low)
    {name}_high = Cast <to = 6> ({name}_high_sum)
    {name}_low = Cast <to = 6> ({name}_low_sum)
    {name}_high_units = Mul ({name}_high, split_level)
    {name}_units = Add ({name}_high_units, {name}_low)
    {name}_to_nearest = Add ({name}_units, half_in_units)
    {name}_levels = Div ({name}_to_nearest, level_in_units)
    {name}_pixels = Cast <to = 1> ({name}_levels)
    {name}_outer = Shape <start = 0, end = 3> ({before})
    {name}_shape = Concat <axis = 0> ({name}_outer, {outputs})
    {name}_planes = Reshape <allowzero = 1> ({name}_pixels, {name}_shape)
    {after} = Transpose <perm = [0, 1, 3, 2]> ({name}_planes)
"""  # turned, so that the second time goes down, and the image stands upright again after it;
# as lines, because ONNX Runtime doesn't multiply no images at all by a matrix, but no lines


def _resizing(
    after: str, *, down: tuple[str, str], across: tuple[str, str], one_side: bool = False
) -> str:
    """The two passes.

    Args:
        after: What to call the result.
        down: Names of the height before and after.
        across: Names of the width before and after.
        one_side: Both are the same, so one matrix of weights serves both.
    """
    parts = [CONSTANTS, WEIGHTS.format(w="", inputs=across[0], outputs=across[1])]
    if not one_side:
        parts.append(WEIGHTS.format(w="tall_", inputs=down[0], outputs=down[1]))
    weights = "" if one_side else "tall_"
    parts.append("rows = Cast <to = 1> (planes)")
    parts.append(
        ONE_WAY.format(name="across", before="rows", after="columns", w="", outputs=across[1])
    )
    parts.append(
        ONE_WAY.format(name="down", before="columns", after=after, w=weights, outputs=down[1])
    )
    return "".join(parts)


def _fit(card: ModelCard) -> str:
    """From images to pixels, as the model's images became square."""
    colour = TO_GREY if card.channels == 1 else "planes = Identity (square)"
    if card.fit == "crop":
        side = ("side", "size")
        resize = _resizing("resized", down=side, across=side, one_side=True)
        return CROP.format(colour=colour, resize=resize)
    if card.fit == "stretch":
        resize = _resizing("pixels", down=("height", "size"), across=("width", "size"))
    else:
        down, across = ("height", "new_height"), ("width", "new_width")
        resize = EXTENTS + _resizing("resized", down=down, across=across) + BESIDE
    return WHOLE.format(colour=colour, resize=resize)


def preprocessing(card: ModelCard, opset: int) -> onnx.ModelProto:
    """From raw images to the pixels that the network's part of the file takes.

    Args:
        card: Says how many channels and pixels the network takes, and how images become square.
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
            fit=_fit(card),
        )
    )
    for node in model.graph.node:
        node.name = f"preprocessing/{node.output[0]}"
    return model
