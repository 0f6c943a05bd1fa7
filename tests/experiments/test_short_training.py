"""Short trainings are fair and repeatable, and differences come with what they can show.

Tests experiments/short_training.py, experiments/variant_names.py,
experiments/plain_stack.py, experiments/paired_difference.py.
"""

import json
from functools import partial

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from convscope import experiments
from convscope.errors import UsageError
from convscope.experiments.paired_difference import PairedDifference, student_95
from convscope.experiments.short_training import ShortTrainings
from convscope.look.language import use_language


class Constant(nn.Module):
    """Always says 3, and learns nothing."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(torch.eye(10)[3])

    def forward(self, images):
        return 100 * self.logits.expand(len(images), 10).detach() + 0 * self.logits


@pytest.fixture(scope="module")
def trained():
    builders = {"constant": Constant, "small": partial(experiments.build_plain_stack, channels=8)}
    return experiments.compare_short_trainings(builders, seeds=2, epochs=4)


def test_a_network_learns_and_a_constant_does_not(trained):
    assert trained.accuracies["constant"] == pytest.approx([91 / 899, 91 / 899], abs=0.003)
    assert min(trained.accuracies["small"]) > 0.5
    assert trained.seeds == (0, 1)
    assert trained.seconds["small"] > 0


def test_it_is_repeatable_and_leaves_the_machine_as_found(trained):
    torch.manual_seed(7)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    again = experiments.compare_short_trainings(
        {"small": partial(experiments.build_plain_stack, channels=8)}, seeds=(1,), epochs=4
    )
    assert again.accuracies["small"] == [trained.accuracies["small"][1]]
    assert torch.equal(state, torch.get_rng_state())
    assert torch.get_num_threads() == threads


def test_nothing_to_train_is_refused():
    with pytest.raises(UsageError, match="at least one variant and one seed; got 0 and 3"):
        experiments.compare_short_trainings({})
    with pytest.raises(UsageError, match="got 1 and 0"):
        experiments.compare_short_trainings({"a": Constant}, seeds=0)


def test_differences_are_in_percentage_points():
    trained = ShortTrainings({"a": [0.9] * 5, "b": [0.88, 0.89, 0.9, 0.91, 0.92]}, {}, range(5), 12)
    difference = trained.difference("a", "b")
    assert difference.mean == pytest.approx(0)
    half = 2.776 * np.std([-2, -1, 0, 1, 2], ddof=1) / 5**0.5
    assert difference.high == pytest.approx(half, abs=0.02)
    assert difference.low == pytest.approx(-half, abs=0.02)


@pytest.mark.parametrize(
    ("freedom", "table"), [(4, 2.776), (5, 2.571), (9, 2.262), (19, 2.093), (60, 2.000)]
)
def test_students_table(freedom, table):
    assert student_95(freedom) == pytest.approx(table, abs=0.01)


def test_few_pairs_decide_nothing():
    difference = experiments.measure_difference([1, 1, 1, 1], [0, 0, 0, 0])
    assert (difference.mean, difference.pairs) == (1, 4)
    assert difference.is_above(-100) is None
    assert difference.is_within(100) is None
    with pytest.raises(UsageError, match="as many first values as second ones"):
        experiments.measure_difference([1], [1, 2])
    with pytest.raises(UsageError, match="at least one"):
        experiments.measure_difference([], [])


def test_what_an_interval_decides():
    difference = PairedDifference(0.5, 0.2, 0.8, 20)
    assert [difference.is_above(limit) for limit in (0.1, 0.5, 0.9)] == [True, None, False]
    assert [difference.is_below(limit) for limit in (0.1, 0.5, 0.9)] == [False, None, True]
    assert [difference.is_within(margin) for margin in (1, 0.5, 0.1)] == [True, None, False]
    below = PairedDifference(-0.5, -0.8, -0.2, 20)
    assert [below.is_within(margin) for margin in (1, 0.5, 0.1)] == [True, None, False]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("kernel", [2, 3, 4, 5])
def test_stacks_of_sixty_channels_over_the_kernel_cost_the_same(kernel):
    from convscope import trace

    stack = experiments.build_plain_stack(kernel=kernel, channels=60 // kernel)
    assert stack(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    three = experiments.build_plain_stack(kernel=3, channels=20)
    assert trace(stack, (1, 8, 8)).macs == pytest.approx(trace(three, (1, 8, 8)).macs, rel=0.02)


def test_deep_stacks_keep_the_signal():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        stack = experiments.build_plain_stack(layers=20)
        maps = stack[:-3](torch.randn(8, 1, 8, 8))
    assert 0.01 < float(maps.detach().std()) < 10
    assert experiments.build_plain_stack(padding="valid")[:-3](torch.zeros(1, 1, 8, 8)).shape == (
        1, 16, 2, 2,
    )  # fmt: skip


ROWS = [
    {"experiment": name, "variant": variant, "seed": seed, "accuracy": 0.9 + seed / 100}
    for name in ("one", "two") for variant in ("a", "b") for seed in range(3)
]  # fmt: skip


def test_stored_trainings_are_read():
    read = experiments.read_trainings(ROWS, "two")
    assert read.accuracies == {"a": [0.9, 0.91, 0.92], "b": [0.9, 0.91, 0.92]}
    assert read.seeds == (0, 1, 2)
    with pytest.raises(UsageError, match="Unknown experiment 'three'"):
        experiments.read_trainings(ROWS, "three")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_shows_and_draws_itself(language, tmp_path):
    read = experiments.read_trainings(ROWS, "one")
    with use_language(language):
        assert ("平均" if language == "zh" else "mean") in str(read)
        assert "91.00 %" in str(read)
        json.dumps(read.as_dict())
        assert isinstance(read.figure(tmp_path / "a.png"), Figure)
    assert (tmp_path / "a.png").stat().st_size > 5_000


def test_variants_have_names_in_both_languages_and_a_reader_s_own_stay():
    trained = ShortTrainings({"four paths": [0.9], "mine": [0.8]}, {}, (0,), 4)
    assert "four paths" in str(trained)
    with use_language("zh"):
        assert "四条路径" in str(trained)
        assert "four paths" not in str(trained)
        assert "mine" in str(trained)
        labels = [text.get_text() for text in trained.figure().axes[0].get_yticklabels()]
        assert labels[1] == "mine"
    assert "four paths" in trained.accuracies
