"""What lesson 15 measures of batch normalization: formula, averages, modes, batch sizes, reasons.

Tests experiments/batch_norm_formula.py, experiments/moving_averages.py,
experiments/variance_factors.py, experiments/prediction_modes.py, experiments/forward_passes.py,
experiments/normalized_networks.py, experiments/normalization_race.py,
experiments/covariate_shift.py, experiments/lagging_averages.py, experiments/batch_sizes.py,
experiments/plain_sgd.py.
"""

import numpy as np
import pytest
import torch
from torch import nn

from convscope import experiments
from convscope.errors import UsageError
from convscope.experiments.normalization_race import NormalizationRace
from convscope.experiments.normalized_networks import ShiftingNoise
from tests.experiments.results import check_result


@pytest.fixture(scope="module")
def trained():
    network = experiments.build_normalized_dense(seed=0)
    experiments.train_by_sgd(network, *experiments.digits_of("train"), rate=0.3, epochs=4)
    return network


def test_the_formula_is_the_frameworks():
    found = experiments.compare_batch_norm()
    assert found.largest < 1e-9
    assert {"training", "prediction", "gradient"} < found.differences.keys()
    assert found.means()[1] == pytest.approx(np.zeros(4), abs=1e-9)
    assert found.deviations()[1] == pytest.approx(np.ones(4), abs=1e-3)
    assert found.deviations()[0].max() > 1.5
    assert "mean 0 and deviation 1" in check_result(found)
    with pytest.raises(UsageError, match="one channel with two numbers"):
        experiments.compare_batch_norm(1, 4, 1)


def test_a_moving_average_goes_nine_tenths_in_ln_10_over_ln_10_9():
    found = experiments.follow_moving_averages((0.1, 0.9), batch_size=4096)
    assert found.batches_to(0.9, 0.1) == pytest.approx(np.log(0.1) / np.log(0.9), abs=1)
    assert found.batches_to(0.9, 0.9) in (1, 2)
    assert found.batches_to(1.5, 0.1) is None
    assert found.framework[0.1][9] == pytest.approx(3 * (1 - 0.9**10), abs=0.02)
    assert found.difference(0.1, keep=0.9) < 1e-12
    assert found.difference(0.9, keep=0.9) > 1
    noisy = experiments.follow_moving_averages((0.1, 0.9), batches=400)
    assert noisy.wobble(0.9) / noisy.wobble(0.1) == pytest.approx(
        ((0.9 / 1.1) / (0.1 / 1.9)) ** 0.5, rel=0.3
    )
    assert "two meanings" in check_result(found)
    with pytest.raises(UsageError, match="momenta are between 0 and 1"):
        experiments.follow_moving_averages((1.0,))


def test_the_batch_has_the_plain_variance_and_the_average_the_unbiased_one():
    found = experiments.measure_variance_factors((2, 5, 100))
    assert found.normalizing == pytest.approx([1, 1, 1], abs=1e-9)
    assert found.keeping == pytest.approx([2, 5 / 4, 100 / 99], abs=1e-9)
    assert "Two variances" in check_result(found)
    with pytest.raises(UsageError, match="at least 2"):
        experiments.measure_variance_factors((1, 2))


def test_training_mode_depends_on_the_batch_and_prediction_mode_does_not(trained):
    images, labels = experiments.digits_of("test", 200)
    before = {name: each.clone() for name, each in trained.state_dict().items()}
    found = experiments.compare_modes(trained, images, labels, (2, 32))
    assert found.prediction == experiments.measure_accuracy(trained, images, labels)
    assert found.batch_effect < 1e-4
    assert found.at(2)[0] < found.prediction - 0.2
    assert found.at(32)[1] < found.at(32)[0] - 0.2
    assert 0 < found.at(32)[2] < found.at(2)[2] <= 1
    assert all(torch.equal(each, before[name]) for name, each in trained.state_dict().items())
    assert "depends on the batch" in check_result(found)
    with pytest.raises(UsageError, match="from 2 to the number of images, 200; given"):
        experiments.compare_modes(trained, images, labels, (1,))


def test_without_batch_normalization_modes_agree():
    images, labels = experiments.digits_of("test", 64)
    network = experiments.build_normalized_dense("plain", seed=1)
    found = experiments.compare_modes(network, images, labels, (2, 16))
    assert found.shuffled == found.sorted == (found.prediction, found.prediction)
    assert found.changed == (0, 0)


def test_forward_passes_move_averages_only(trained):
    images, labels = experiments.digits_of("test", 200)
    found = experiments.follow_forward_passes(trained, 1 - images[:50], images, labels, passes=30)
    assert found.weight_change == 0
    assert found.mean_change > 0.1
    assert found.accuracies[0] == experiments.measure_accuracy(trained, images, labels)
    assert found.accuracies[-1] < found.accuracies[0]
    assert len(found.accuracies) == 31
    assert "No weight was touched" in check_result(found)
    plain = experiments.build_normalized_dense("plain")
    with pytest.raises(UsageError, match="no batch normalization"):
        experiments.follow_forward_passes(plain, images, images, labels)
    with pytest.raises(UsageError, match="passes must be at least 1"):
        experiments.follow_forward_passes(trained, images, images, labels, passes=0)


def test_networks_are_what_they_say():
    kinds = {kind: experiments.build_normalized_dense(kind, layers=2) for kind in (
        "plain", "kaiming", "batch norm", "noisy batch norm"
    )}  # fmt: skip
    assert [len(each) for each in kinds.values()] == [5, 5, 7, 9]
    assert len(experiments.batch_norm_layers(kinds["noisy batch norm"])) == 2
    assert not torch.equal(kinds["plain"][0].weight, kinds["kaiming"][0].weight)
    assert torch.equal(kinds["plain"][0].weight, kinds["batch norm"][0].weight)
    assert experiments.build_normalized_convolutions()(torch.zeros(2, 64)).shape == (2, 10)
    with pytest.raises(UsageError, match="Unknown kind 'none'"):
        experiments.build_normalized_dense("none")
    with pytest.raises(UsageError, match="Unknown activation 'tanh'"):
        experiments.build_normalized_dense(activation="tanh")


def test_noise_is_there_in_training_only():
    noise, x = ShiftingNoise(), torch.randn(400, 3)
    assert torch.equal(noise.eval()(x), x)
    moved = noise.train()(x)
    slope, middle = moved.std(0) / x.std(0), (moved - x * moved.std(0) / x.std(0)).mean(0)
    assert ((slope > 0.74) & (slope < 1.26)).all()
    assert (middle.abs() < 1.01).all()


def test_a_race_counts_each_kind_at_its_best_rate():
    race = NormalizationRace(
        (0.1, 1.0),
        {"plain": ((2.0, 1.0), (0.4, 0.6)), "batch norm": ((0.1, 0.2), (0.3, float("inf")))},
        6,
    )
    assert race.best("plain") == (1.0, (0.4, 0.6))
    assert race.best("batch norm") == (0.1, (0.1, 0.2))
    assert race.at("plain", 0.1) == (2.0, 1.0)
    assert race.learning_rates("plain") == ()
    assert race.learning_rates("batch norm") == (0.1,)
    assert "more rates work" in check_result(race)


def test_batch_normalization_is_faster_at_one_rate():
    race = experiments.race_normalization(
        ("plain", "batch norm"), rates=(0.1,), epochs=2, seeds=(0, 1), layers=2
    )
    assert max(race.at("batch norm", 0.1)) < min(race.at("plain", 0.1))
    with pytest.raises(UsageError, match="at least one kind"):
        experiments.race_normalization(())


def test_noise_shifts_more_than_no_normalization_and_normalization_less():
    found = experiments.measure_covariate_shift(rates=(0.1,), epochs=2, seeds=(0,))
    assert found.shift("batch norm") < found.shift("plain") < found.shift("noisy batch norm")
    assert found.loss("noisy batch norm") < found.loss("plain")
    assert found.rates == dict.fromkeys(("plain", "batch norm", "noisy batch norm"), 0.1)
    assert "the shift isn't what matters" in check_result(found)
    with pytest.raises(UsageError, match="at least one rate"):
        experiments.measure_covariate_shift(rates=())


def test_averages_taken_anew_are_those_of_the_images(trained):
    images = experiments.digits_of("train")[0]
    renewed = experiments.restate_averages(trained, images)
    first = experiments.batch_norm_layers(renewed)[0]
    with torch.no_grad():
        inputs = trained[0](images)
    assert torch.allclose(first.running_mean, inputs.mean(0), atol=1e-5)
    assert torch.allclose(first.running_var, inputs.var(0), atol=1e-5)
    assert not torch.allclose(trained[1].running_mean, inputs.mean(0), atol=1e-5)


def test_accuracy_is_followed_both_ways():
    found = experiments.follow_lag(epochs=7, every=5, seeds=(0,))
    assert found.steps == (66, 71, 76)
    assert len(found.moving[0]) == len(found.restated[0]) == 3
    jumps = np.abs(np.diff(found.moving[0]))
    assert found.jumps("moving") == pytest.approx((jumps.mean(),))
    assert found.worst("restated") == -min(np.diff(found.restated[0]))
    assert "averages taken anew" in check_result(found)
    with pytest.raises(UsageError, match="at least two evaluations from step 66"):
        experiments.follow_lag(epochs=1)


def row(kind, size, rate, seed, validation, accuracy):
    names = ("kind", "size", "rate", "seed", "validation", "accuracy")
    return dict(zip(names, (kind, size, rate, seed, validation, accuracy), strict=True))


def test_batch_sizes_count_at_the_rate_of_the_best_validation():
    rows = [
        row(kind, 2, rate, seed, rate if kind == "plain" else 1 - rate, 0.8 + seed / 100)
        for kind in ("plain", "batch norm") for rate in (0.1, 0.3) for seed in range(5)
    ]  # fmt: skip
    found = experiments.read_batch_sizes(rows)
    assert found.rates == {"plain": {2: 0.3}, "batch norm": {2: 0.1}}
    assert found.mean("plain", 2) == pytest.approx(0.82)
    assert found.difference(2).mean == pytest.approx(0)
    assert "Batches of two" in check_result(found)
    with pytest.raises(UsageError, match="at least one row"):
        experiments.read_batch_sizes([])


def test_a_training_at_a_batch_size_is_repeatable():
    one, other = (experiments.train_at_batch_size("batch norm", 128, 0.3, 3) for _ in range(2))
    assert one == other
    assert one["accuracy"] > 0.8
    with pytest.raises(UsageError, match="size must be at least 2"):
        experiments.train_at_batch_size("plain", 1, 0.1, 0)


def test_plain_sgd_is_the_formula():
    torch.manual_seed(0)
    images, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    network = nn.Linear(3, 3)
    by_hand = [each.detach().clone().requires_grad_() for each in network.parameters()]
    loss = nn.functional.cross_entropy(images @ by_hand[0].T + by_hand[1], labels)
    gradients = torch.autograd.grad(loss, by_hand)
    steps = []
    state = torch.get_rng_state()
    experiments.train_by_sgd(
        network, images, labels,
        rate=0.5, epochs=1, batch_size=6, weight_decay=0.1, watch=steps.append,
    )  # fmt: skip
    assert steps == [1]
    assert not network.training
    assert torch.equal(state, torch.get_rng_state())
    for ours, old, gradient in zip(network.parameters(), by_hand, gradients, strict=True):
        assert torch.allclose(ours, old - 0.5 * (gradient + 0.1 * old), atol=1e-6)


def test_a_loss_that_is_no_number_is_infinite():
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.weight.fill_(float("nan"))
    assert experiments.measure_loss(network, torch.ones(1, 2), torch.tensor([0])) == float("inf")
