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
    "ConvolutionSetting": "convscope.experiments.layer_cost",
    "DetachingDense": "convscope.experiments.untrained_parameters",
    "GradientModes": "convscope.experiments.gradient_modes",
    "LENET_VARIANTS": "convscope.experiments.lenet_variants",
    "ParameterPaths": "convscope.experiments.untrained_parameters",
    "RateMap": "convscope.experiments.rate_map",
    "SeedComparison": "convscope.experiments.seed_comparison",
    "SlidingCase": "convscope.experiments.output_sizes",
    "StartSignals": "convscope.experiments.start_signals",
    "StepErrors": "convscope.experiments.gradient_check",
    "TrainingCurves": "convscope.experiments.training_curves",
    "ValueGraph": "convscope.experiments.scalar_graph",
    "automatic_gradient": "convscope.experiments.gradient_check",
    "build_channel_network": "convscope.experiments.channel_network",
    "build_convolution_stack": "convscope.experiments.convolution_stack",
    "build_dense_network": "convscope.experiments.dense_network",
    "build_depth_network": "convscope.experiments.depth_network",
    "build_downsampling_network": "convscope.experiments.downsampling_networks",
    "build_path_network": "convscope.experiments.path_networks",
    "build_plain_stack": "convscope.experiments.plain_stack",
    "build_separable_network": "convscope.experiments.separable_networks",
    "canvas_digits": "convscope.experiments.digits_on_canvas",
    "check_dilation": "convscope.experiments.dilation",
    "check_output_sizes": "convscope.experiments.output_sizes",
    "compare_block_gradients": "convscope.experiments.block_gradients",
    "compare_constant_starts": "convscope.experiments.constant_start",
    "compare_depths": "convscope.experiments.depth_trainings",
    "compare_dilations": "convscope.experiments.dilation",
    "compare_field_activations": "convscope.experiments.field_activations",
    "compare_field_methods": "convscope.experiments.field_methods",
    "compare_flip": "convscope.experiments.flip",
    "compare_footprints": "convscope.experiments.network_footprints",
    "compare_gradient_modes": "convscope.experiments.gradient_modes",
    "compare_groups": "convscope.experiments.channel_groups",
    "compare_kernel_stacks": "convscope.experiments.kernel_stacks",
    "compare_loops": "convscope.experiments.sgd_course",
    "compare_moved_answers": "convscope.experiments.moved_comparison",
    "compare_one_by_one": "convscope.experiments.one_by_one",
    "compare_output_sizes": "convscope.experiments.output_sizes",
    "compare_padding_modes": "convscope.experiments.padding_modes",
    "compare_same_padding": "convscope.experiments.uneven_padding",
    "compare_seed_rows": "convscope.experiments.seed_comparison",
    "compare_short_trainings": "convscope.experiments.short_training",
    "compare_slopes": "convscope.experiments.activation_slopes",
    "compare_start_signals": "convscope.experiments.start_signals",
    "convolution_matrix": "convscope.experiments.dense_matrix",
    "convolve_meals": "convscope.experiments.eating",
    "count_even_paddings": "convscope.experiments.uneven_padding",
    "count_examples_needed": "convscope.experiments.examples_needed",
    "count_layer_costs": "convscope.experiments.layer_cost",
    "count_visits": "convscope.experiments.pixel_visits",
    "count_weights": "convscope.experiments.weight_counts",
    "digits_batch": "convscope.experiments.untrained_parameters",
    "digits_network": "convscope.experiments.sgd_course",
    "digits_of": "convscope.experiments.sgd_course",
    "draw_rate_maps": "convscope.experiments.rate_map_figure",
    "draw_separable_points": "convscope.experiments.perceptron",
    "edge_image": "convscope.experiments.drawn_images",
    "find_mixed_channels": "convscope.experiments.layer_probes",
    "find_nested_fields": "convscope.experiments.nested_fields",
    "find_untrained": "convscope.experiments.untrained_parameters",
    "finite_differences": "convscope.experiments.gradient_check",
    "follow_batches": "convscope.experiments.minibatches",
    "follow_dense_channels": "convscope.experiments.dense_growth",
    "follow_inception": "convscope.experiments.inception_paths",
    "follow_perceptron": "convscope.experiments.perceptron",
    "follow_shrinking": "convscope.experiments.shrinkage",
    "follow_signal": "convscope.experiments.activation_depth",
    "insert_blocks": "convscope.experiments.nested_networks",
    "learn_inverses": "convscope.experiments.inverses",
    "learn_kernel": "convscope.experiments.learned_kernel",
    "learn_position": "convscope.experiments.position",
    "learn_xor": "convscope.experiments.xor",
    "lenet_recipe": "convscope.experiments.lenet_variants",
    "lenet_variant": "convscope.experiments.lenet_variants",
    "list_shortcuts": "convscope.experiments.projections",
    "load_photograph": "convscope.experiments.photographs",
    "map_rates": "convscope.experiments.rate_map",
    "measure_backward": "convscope.experiments.backward_time",
    "measure_batch_noise": "convscope.experiments.batch_noise",
    "measure_border_reach": "convscope.experiments.border_reach",
    "measure_class_purity": "convscope.experiments.class_purity",
    "measure_curves": "convscope.experiments.training_curves",
    "measure_dense_costs": "convscope.experiments.dense_growth",
    "measure_difference": "convscope.experiments.paired_difference",
    "measure_directions": "convscope.experiments.directions",
    "measure_drift": "convscope.experiments.half_pixel_drift",
    "measure_effective_growth": "convscope.experiments.effective_growth",
    "measure_footprint": "convscope.experiments.step_footprint",
    "measure_linearity": "convscope.experiments.layer_probes",
    "measure_map_changes": "convscope.experiments.map_changes",
    "measure_mode": "convscope.experiments.gradient_modes",
    "measure_motion": "convscope.experiments.motion",
    "measure_moved_answers": "convscope.experiments.moved_answers",
    "measure_shift_curves": "convscope.experiments.shift_curves",
    "measure_shift_response": "convscope.experiments.equivariance",
    "measure_step_errors": "convscope.experiments.gradient_check",
    "measure_trained_field": "convscope.experiments.trained_field",
    "merge_affine_layers": "convscope.experiments.affine",
    "mirrored_figure": "convscope.experiments.mirrored_training",
    "mix_channels": "convscope.experiments.channel_mixing",
    "mlp_of_size": "convscope.experiments.lenet_variants",
    "move_at_random": "convscope.experiments.digits_on_canvas",
    "move_images": "convscope.experiments.digits_on_canvas",
    "noise_images": "convscope.experiments.drawn_images",
    "normalize_images": "convscope.experiments.channel_network",
    "photograph": "convscope.experiments.photographs",
    "pool_matrix": "convscope.experiments.pooled_matrix",
    "race_activations": "convscope.experiments.activation_race",
    "race_optimizers": "convscope.experiments.optimizer_race",
    "rate_map_figure": "convscope.experiments.rate_map_figure",
    "rate_map_of_rows": "convscope.experiments.rate_map",
    "read_depths": "convscope.experiments.depth_trainings",
    "read_moved_comparison": "convscope.experiments.moved_comparison",
    "read_purities": "convscope.experiments.class_purity",
    "read_trainings": "convscope.experiments.short_training",
    "same_images": "convscope.experiments.image_folder",
    "same_padding": "convscope.experiments.uneven_padding",
    "search_architectures": "convscope.experiments.architecture_search",
    "seconds_to_accuracy": "convscope.experiments.seed_comparison",
    "slide_kernel": "convscope.experiments.sliding",
    "softmax_twice_floor": "convscope.experiments.sgd_course",
    "split_by_channel": "convscope.experiments.partial_maps",
    "spread_kernel": "convscope.experiments.dilation",
    "striped_images": "convscope.experiments.drawn_images",
    "time_layers": "convscope.experiments.layer_times",
    "time_networks": "convscope.experiments.network_times",
    "time_separable": "convscope.experiments.separable_times",
    "train_briefly": "convscope.experiments.brief_training",
    "train_mirrored": "convscope.experiments.mirrored_training",
    "value_graph": "convscope.experiments.scalar_graph",
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
