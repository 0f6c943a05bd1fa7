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
    "BackwardCosts": "convscope.experiments.backward_time",
    "BrokenNetwork": "convscope.experiments.untrained_parameters",
    "DetachingDense": "convscope.experiments.untrained_parameters",
    "GradientModes": "convscope.experiments.gradient_modes",
    "LENET_VARIANTS": "convscope.experiments.lenet_variants",
    "ParameterPaths": "convscope.experiments.untrained_parameters",
    "RateMap": "convscope.experiments.rate_map",
    "SeedComparison": "convscope.experiments.seed_comparison",
    "StepErrors": "convscope.experiments.finite_differences",
    "TrainingCurves": "convscope.experiments.training_curves",
    "ValueGraph": "convscope.experiments.value_graph",
    "automatic_gradient": "convscope.experiments.finite_differences",
    "compare_gradient_modes": "convscope.experiments.gradient_modes",
    "compare_seed_rows": "convscope.experiments.seed_comparison",
    "digits_batch": "convscope.experiments.untrained_parameters",
    "find_untrained": "convscope.experiments.untrained_parameters",
    "finite_differences": "convscope.experiments.finite_differences",
    "lenet_recipe": "convscope.experiments.lenet_variants",
    "lenet_variant": "convscope.experiments.lenet_variants",
    "map_rates": "convscope.experiments.rate_map",
    "measure_backward": "convscope.experiments.backward_time",
    "measure_curves": "convscope.experiments.training_curves",
    "measure_mode": "convscope.experiments.gradient_modes",
    "measure_step_errors": "convscope.experiments.finite_differences",
    "mlp_of_size": "convscope.experiments.lenet_variants",
    "rate_map_figure": "convscope.experiments.rate_map_figure",
    "rate_map_of_rows": "convscope.experiments.rate_map",
    "same_images": "convscope.experiments.image_folder",
    "seconds_to_accuracy": "convscope.experiments.seed_comparison",
    "value_graph": "convscope.experiments.value_graph",
    "weight_difference": "convscope.experiments.training_curves",
    "write_image_folder": "convscope.experiments.image_folder",
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
