"""A trace as HTML holds the numbers of the trace, and names can do no harm."""

import re

from torch import nn

from convscope.inspection.trace.trace import trace
from convscope.look.html import escape
from convscope.look.language import use_language


def test_every_layer_with_its_parameters_is_there():
    found = trace("resnet18")
    page = found._repr_html_()
    for layer in found.blocks:
        assert escape(layer.name) in page
    assert re.search(rf">{found.parameters:,}<", page)
    blocks = sum(1 for layer in found.blocks if layer.parts)
    assert page.count("<details>") == page.count("</details>") >= blocks > 0


def test_names_of_modules_are_escaped():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.add_module("<script>x", nn.Conv2d(1, 2, 3))

        def forward(self, x):
            return self.get_submodule("<script>x")(x).flatten(1)

    page = trace(Own(), (1, 6, 6))._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;x" in page


def test_headings_and_totals_are_in_the_chosen_language():
    found = trace("lenet")
    with use_language("zh"):
        page = found._repr_html_()
    assert "参数" in page
    assert "合计" in page
    assert "total" in found._repr_html_()
