"""What the network costs, and what had been expected."""

from __future__ import annotations

from convscope.evaluation.cost import Cost
from convscope.evaluation.page.tables import facts
from convscope.evaluation.page.words import duration, escaped, number, quantity, size


def cost(found: Cost) -> str:
    """Parameters, operations, speed and room."""
    rows = [
        ("Parameters", f"{found.parameters:,}"),
        ("Multiply–adds per picture", quantity(found.multiply_adds)),
        ("Model file", size(found.model_bytes)),
        ("Pictures per second, judging", number(found.pictures_per_second, 3)),
        ("One picture by itself", duration(found.single_seconds)),
    ]
    if found.training_seconds is not None and found.training_pictures_per_second is not None:
        rows += [
            ("Training", duration(found.training_seconds)),
            ("Pictures per second, training", number(found.training_pictures_per_second, 3)),
        ]
    return (
        "<p>A multiply–add is one product added to a sum; counted are those of convolutions, dense "
        f"layers and matrix products. Judging was timed in float32 on {escaped(found.device)}; "
        "other work on the machine slows it.</p>\n" + facts(rows)
    )
