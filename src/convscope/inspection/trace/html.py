"""A trace as HTML for a notebook: a table whose blocks open with a click."""

from __future__ import annotations

from convscope.graph.operations.layer_words import say_layer
from convscope.inspection.trace.layers import TracedLayer, TraceNumbers
from convscope.inspection.trace.table import sight, sizes, summary
from convscope.look.html import escape
from convscope.look.language import Words
from convscope.look.numbers import quantity, size

HEADINGS = (
    Words("layer", "层"),
    "",
    Words("output", "输出"),
    Words("parameters", "参数"),
    "MACs",
    Words("backward FLOPs", "反向 FLOPs"),
    Words("size", "大小"),
    Words("sees", "看到"),
)
IMAGE, TOTAL = Words("image", "图像"), Words("total", "合计")
STYLE = """
.convscope-trace{font:13px/1.5 system-ui,sans-serif;max-width:72em;overflow-x:auto}
.convscope-trace .row{display:grid;gap:0 .7em;min-width:56em;grid-template-columns:
minmax(8.9em,2fr) minmax(9em,3fr) minmax(6.2em,1fr) minmax(6.9em,1fr)
repeat(2,minmax(4.9em,1fr)) minmax(5.4em,1fr) minmax(4.9em,1fr)}
.convscope-trace .row>*{text-align:right;font-variant-numeric:tabular-nums}
.convscope-trace .row>:nth-child(-n+2){text-align:left;overflow-wrap:anywhere}
.convscope-trace .row:not(.strong)>:nth-child(n+3),.convscope-trace .row>:nth-child(4)
{white-space:nowrap;overflow-wrap:normal}
.convscope-trace .strong{font-weight:600}
.convscope-trace details>summary{cursor:pointer;list-style:none}
.convscope-trace details>summary .name::before{content:"▸ "}
.convscope-trace details[open]>summary .name::before{content:"▾ "}
.convscope-trace details>.row,.convscope-trace details>details{background:#8881}
"""


def as_html(trace: TraceNumbers) -> str:
    """The table; blocks are `details` elements, so no script is needed."""
    totals = (
        *(str(TOTAL), "", "", f"{trace.parameters:,}", quantity(trace.macs)),
        *(quantity(trace.backward_flops), size(trace.activation_bytes), ""),
    )
    lines = [
        f"<style>{STYLE}</style>",
        '<div class="convscope-trace">',
        _cells(tuple(map(str, HEADINGS)), "row strong"),
        _cells((str(IMAGE), "", sizes(trace.image), *[""] * 5)),
        *(_row(row) for row in trace.blocks),
        _cells(totals, "row strong"),
        *(f"<p>{escape(line)}</p>" for line in [*summary(trace), *trace.notes]),
        "</div>",
    ]
    return "\n".join(lines)


def _row(row: TracedLayer) -> str:
    cells = _cells(
        (
            row.name,
            say_layer(row.description),
            sizes(row.output_shape),
            f"{row.parameters:,}",
            quantity(row.macs),
            quantity(row.backward_flops),
            size(row.activation_bytes),
            sight(row),
        )
    )
    if not row.parts:
        return cells
    parts = "\n".join(_row(part) for part in row.parts)
    return f"<details><summary>{cells}</summary>\n{parts}\n</details>"


def _cells(texts: tuple[str, ...], style: str = "row") -> str:
    name, *others = (escape(text) for text in texts)
    spans = "".join(f"<span>{text}</span>" for text in others)
    return f'<div class="{style}"><span class="name">{name}</span>{spans}</div>'
