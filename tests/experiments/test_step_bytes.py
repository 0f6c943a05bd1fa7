"""Memory of a training step: by hand, by batch, and with recomputation.

Tests experiments/step_bytes.py, experiments/batch_memory.py.
"""

import numpy as np
import pytest

from convscope.errors import UsageError
from convscope.experiments.batch_memory import compare_batch_memory
from convscope.experiments.step_bytes import KINDS, draw_steps, measure_step_bytes
from convscope.look.language import use_language
from convscope.planning.plan import plan
from tests.drawn import texts
from tests.experiments.results import check_result, is_chinese


def test_what_lasts_is_parameters_gradients_and_two_averages():
    step = measure_step_bytes("mlp", 1)
    averages = step.parts["optimizer"]
    assert step.parts["parameters"] == 4 * step.parameters
    assert averages - 8 * step.parameters < 100  # besides, a count of steps for each tensor
    assert 16 * step.parameters <= step.lasting < 16.1 * step.parameters


def test_parts_add_up_to_the_peak_of_the_timeline():
    step = measure_step_bytes("lenet", 32)
    assert sum(step.parts.values()) == step.peak == step.timeline.bytes.sum(axis=0).max()
    assert step.parts["images"] == 32 * 32 * 32 * 4
    assert step.share("activations") == step.parts["activations"] / step.peak


@pytest.mark.slow
def test_activations_are_proportional_to_the_batch():
    few, many = (measure_step_bytes("densenet", batch) for batch in (64, 128))
    row = KINDS.index("activations")
    ratio = many.timeline.bytes[row].max() / few.timeline.bytes[row].max()
    assert ratio == pytest.approx(2, rel=0.02)
    assert many.peak < 2 * few.peak


@pytest.mark.slow
def test_it_is_the_memory_of_a_plan():
    planned = plan(
        "densenet", recipe="fast", image_shape=(1, 32, 32), precision="float32", batch_size=128
    )
    step = measure_step_bytes("densenet", 128)
    assert step.peak == pytest.approx(planned.forecast().step_memory.live, rel=0.02)


@pytest.mark.slow
def test_recomputation_keeps_less_and_works_more():
    kept = measure_step_bytes("densenet", 128)
    again = measure_step_bytes("densenet", 128, recompute=True)
    assert kept.repeated == 0 < again.repeated < 1
    assert again.peak < 0.8 * kept.peak
    figure = draw_steps([kept, again])
    assert "computed again" in texts(figure)
    with use_language("zh"):
        assert is_chinese(texts(draw_steps([kept, again])))


@pytest.mark.slow
def test_batches_side_by_side():
    found = compare_batch_memory("densenet", (1, 2, 128))
    assert found.growth(1, 2) == found.at(2).peak / found.at(1).peak
    short = found.at(128, "bfloat16")
    assert 0.5 < short.peak / found.at(128).peak < 0.9
    assert short.parts["parameters"] == found.at(128).parts["parameters"]
    english = check_result(found)
    assert "bfloat16" in english


def test_a_step_can_do_what_every_result_can():
    english = check_result(measure_step_bytes("lenet", 8))
    assert "activations kept for backward" in english
    assert np.isfinite(measure_step_bytes("lenet", 8).peak)


def test_an_unknown_network_is_named():
    with pytest.raises(UsageError, match="lenett"):
        measure_step_bytes("lenett", 8)
