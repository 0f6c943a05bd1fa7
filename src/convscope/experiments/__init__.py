"""What the lessons measure: small experiments, each a function that anyone can call and check.

Every function asks one question of the library itself (what does padding do to the size, how does
an answer change as the image moves, what does a gradient cost) and returns a result that prints,
shows itself in a notebook, draws itself (`figure(path=None)`) and becomes data (`as_dict()`).
Texts of results and figures are in the current language (`look.language`).

Small by intention: seconds on two cores, data that is built in or drawn from a seed. What takes
longer is measured by `benchmarks/lesson_results.py` and read by `lessons.stored`.

Public as `convscope.experiments`, each loaded when it is first used; the names are in `__all__`.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME: dict[str, str] = {
    "ConvolutionSetting": "convscope.experiments.layer_cost",
    "SlidingCase": "convscope.experiments.output_sizes",
    "build_plain_stack": "convscope.experiments.plain_stack",
    "check_dilation": "convscope.experiments.dilation",
    "check_output_sizes": "convscope.experiments.output_sizes",
    "compare_dilations": "convscope.experiments.dilation",
    "compare_groups": "convscope.experiments.channel_groups",
    "compare_one_by_one": "convscope.experiments.one_by_one",
    "compare_output_sizes": "convscope.experiments.output_sizes",
    "compare_padding_modes": "convscope.experiments.padding_modes",
    "compare_same_padding": "convscope.experiments.uneven_padding",
    "compare_short_trainings": "convscope.experiments.short_training",
    "count_even_paddings": "convscope.experiments.uneven_padding",
    "count_layer_costs": "convscope.experiments.layer_cost",
    "count_visits": "convscope.experiments.pixel_visits",
    "follow_shrinking": "convscope.experiments.shrinkage",
    "load_photograph": "convscope.experiments.photograph",
    "measure_border_reach": "convscope.experiments.border_reach",
    "measure_difference": "convscope.experiments.paired_difference",
    "measure_drift": "convscope.experiments.half_pixel_drift",
    "mix_channels": "convscope.experiments.channel_mixing",
    "read_trainings": "convscope.experiments.short_training",
    "same_padding": "convscope.experiments.uneven_padding",
    "split_by_channel": "convscope.experiments.partial_maps",
    "spread_kernel": "convscope.experiments.dilation",
    "time_layers": "convscope.experiments.layer_times",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'convscope.experiments' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
