"""A trace as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from convscope.graph.operations.layer_words import say_layer
from convscope.inspection.trace.layers import TracedLayer, TraceNumbers
from convscope.look.language import pick
from convscope.look.numbers import quantity, size

ROOMY = 80  # columns of the terminal from which names of layers stay in one piece
WIDE = 120  # columns of the terminal from which there is room for the backward pass and memory
NOTHING = "·"


def as_text(trace: TraceNumbers, *, expand: bool = False, width: int = 120) -> str:
    """The table as plain text."""
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as captured:
        for part in as_table(trace, width, expand=expand):
            console.print(part)
    return captured.get()


def as_table(trace: TraceNumbers, width: int, *, expand: bool = False) -> Iterator[RenderableType]:
    """The table, and below it the totals and what else is to be said.

    Args:
        trace: What to show.
        width: Width of the terminal in characters. A narrow one gets the columns that matter most.
        expand: Show every layer, instead of blocks.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column(pick("layer", "层"), overflow="fold", no_wrap=width >= ROOMY)
    table.add_column("", overflow="fold")
    for heading in (pick("output", "输出"), pick("parameters", "参数"), "MACs"):
        table.add_column(heading, justify="right", no_wrap=True)
    if width >= WIDE:
        for heading in (pick("backward FLOPs", "反向 FLOPs"), pick("memory", "内存")):
            table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(pick("sees", "看到"), justify="right", no_wrap=True)
    empty = [""] * (len(table.columns) - 3)
    table.add_row(pick("image", "图像"), "", sizes(trace.image), *empty, style="dim")
    for row in trace.layers if expand else trace.blocks:
        table.add_row(*_cells(row, width))
    table.add_section()
    table.add_row(*_total(trace, width), style="bold")
    yield table
    yield Text()
    yield Text("\n".join([*summary(trace), *trace.notes]))


def summary(trace: TraceNumbers) -> list[str]:
    """The totals in words, and what could not be counted."""
    lines = [
        pick(
            f"{quantity(trace.flops)} FLOPs forward (2 a MAC; convolutions, dense layers and "
            f"matrix products), {quantity(trace.backward_flops)} backward, "
            f"{size(trace.activation_bytes)} of outputs, for one image.",
            f"一幅图像：前向 {quantity(trace.flops)} 次浮点运算（一次乘加算两次；只计卷积、全连接层"
            f"与矩阵乘法），反向 {quantity(trace.backward_flops)} 次，"
            f"输出共 {size(trace.activation_bytes)}。",
        )
    ]
    if any(_beyond(row, trace.image) for row in trace.layers):
        lines.append(
            pick(
                "What a unit sees is given as if the image went on beyond its border.",
                "“看到”的范围按图像在边界之外仍然延续来计算。",
            )
        )
    if trace.uncounted:
        missing = ", ".join(trace.uncounted)
        lines.append(
            pick(f"Not counted, for want of a rule: {missing}.", f"没有规则，所以未计：{missing}。")
        )
    return lines


def _cells(row: TracedLayer, width: int) -> list[Text]:
    cells = [
        row.name,
        say_layer(
            row.description.replace("stride ", "stride\u00a0").replace(" × ", "\u00a0×\u00a0")
        ),
        sizes(row.output_shape),
        pick("shared", "共用")
        if row.shared and not row.parameters
        else _or_nothing(f"{row.parameters:,}"),
        _or_nothing(quantity(row.macs)),
    ]
    if width >= WIDE:
        cells += [
            _or_nothing(quantity(row.backward_flops)),
            _or_nothing(size(row.activation_bytes)),
        ]
    return [Text(cell) for cell in [*cells, sight(row)]]


def _total(trace: TraceNumbers, width: int) -> list[str]:
    cells = [pick("total", "合计"), "", "", f"{trace.parameters:,}", quantity(trace.macs)]
    if width >= WIDE:
        cells += [quantity(trace.backward_flops), size(trace.activation_bytes)]
    return [*cells, ""]


def _or_nothing(text: str) -> str:
    return NOTHING if text.split()[0] == "0" else text


def sizes(shape: tuple[int, ...]) -> str:
    """A shape as people write it: 64×24×24."""
    return "×".join(str(count) for count in shape) or "1"


def sight(row: TracedLayer) -> str:
    """How much of the image a unit sees."""
    seen = row.receptive_field
    if seen is None:
        return NOTHING
    if not seen.is_known:
        return pick("unknown", "未知")
    return pick("all", "全部") if seen.whole_image else sizes(seen.size)


def _beyond(row: TracedLayer, image: tuple[int, ...]) -> bool:
    seen = row.receptive_field
    return (
        seen is not None
        and seen.is_known
        and not seen.whole_image
        and max(seen.size) > min(image[1:])
    )
