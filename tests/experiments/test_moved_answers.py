"""Moved images, and what maps and answers make of them.

Tests experiments/digits_on_canvas.py, experiments/brief_training.py, experiments/map_changes.py,
experiments/downsampling_networks.py, experiments/moved_answers.py, experiments/moved_comparison.py,
experiments/moved_answers_figure.py.
"""

import pytest
import torch
from torch import nn

import convscope as cs
from convscope import experiments
from convscope.errors import UsageError
from convscope.experiments.downsampling_networks import KINDS
from convscope.experiments.moved_comparison import MOVED, MovedComparison
from tests.experiments.results import check_result


@pytest.fixture(scope="module")
def tested():
    return experiments.canvas_digits("test")


@pytest.fixture(scope="module")
def compared():
    return experiments.compare_moved_answers(
        ["global", MOVED], seeds=[3], epochs=1, shifts=[0, 2, 4]
    )


def test_digits_stand_in_the_middle_of_black(tested):
    images, labels = tested
    assert images.shape == (359, 1, 32, 32)
    assert labels.shape == (359,)
    inside = images[:, :, 11:21, 11:21]
    assert images.count_nonzero() == inside.count_nonzero()
    assert images.max() <= 1


def test_images_move_and_black_comes_in():
    image = torch.arange(6.0).view(1, 1, 2, 3)
    assert experiments.move_images(image, 1).tolist() == [[[[0, 0, 1], [0, 3, 4]]]]
    assert experiments.move_images(image, -2).tolist() == [[[[2, 0, 0], [5, 0, 0]]]]
    assert experiments.move_images(image, 0) is image
    with pytest.raises(UsageError, match="3 pixels wide can't move by 3"):
        experiments.move_images(image, 3)


def test_images_move_at_random_within_bounds():
    image = torch.zeros(200, 1, 1, 21)
    image[..., 10] = 1
    random = torch.Generator().manual_seed(0)
    places = experiments.move_at_random(image, random).argmax(dim=3).flatten()
    assert {*places.tolist()} == {*range(2, 19)}


@pytest.mark.parametrize("kind", KINDS)
def test_networks_cost_the_same(kind):
    network = experiments.build_downsampling_network(kind)
    assert cs.trace(network, (1, 32, 32)).macs == pytest.approx(380_000, rel=0.02)
    black = torch.zeros(1, 1, 32, 32)
    assert not network[:-2](black).any()  # whatever the weights: no biases


def test_an_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="Unknown kind of downsampling network 'maximum'"):
        experiments.build_downsampling_network("maximum")
    with pytest.raises(UsageError, match="Unknown variant 'median'"):
        experiments.compare_moved_answers(["median"])
    with pytest.raises(UsageError, match="at least one variant"):
        experiments.compare_moved_answers([])


def test_training_learns_and_is_the_same_every_time():
    images, labels = experiments.canvas_digits("train")
    networks = []
    for _ in range(2):
        torch.manual_seed(0)
        networks.append(experiments.build_downsampling_network("stride"))
        experiments.train_briefly(networks[-1], images[:256], labels[:256], epochs=6)
    one, other = (network(images[:256]) for network in networks)
    assert torch.equal(one, other)
    assert (one.argmax(1) == labels[:256]).float().mean() > 0.6
    assert not networks[0].training


def test_changes_of_maps_are_those_of_the_formula(tested):
    images = tested[0][:20]
    layers = {"image": nn.Identity(), "nothing": nn.AdaptiveAvgPool2d(1), "max": nn.MaxPool2d(2)}
    changes = experiments.measure_map_changes(layers, images, [0, 1, 3])
    moved = torch.cat([experiments.move_images(images, by) for by in (1, -1)])
    expected = (moved - images.repeat(2, 1, 1, 1)).norm() / moved.norm()
    assert changes.at("image", 1) == pytest.approx(expected.item(), rel=1e-5)
    assert changes.at("nothing", 3) < 1e-5
    assert changes.at("max", 0) == 0 < changes.at("max", 1) < changes.at("image", 1)
    assert "The larger the window" in check_result(changes)
    with pytest.raises(UsageError, match="at least one layer"):
        experiments.measure_map_changes({}, images)


class Column(nn.Module):
    """Sure of the class that is the brightest column, divided by 4."""

    def forward(self, images):
        column = images.sum(dim=(1, 2)).argmax(dim=1)
        return 10 * nn.functional.one_hot(column // 4, 8).float()


def test_answers_are_counted_at_each_shift():
    images = torch.zeros(2, 1, 1, 32)
    images[0, ..., 9] = images[1, ..., 14] = 1
    answers = experiments.measure_moved_answers(Column(), images, torch.tensor([2, 3]), [0, 1, 4])
    # Column 9 leaves class 2 to the left by 2; 14 leaves class 3 to the right by 2.
    assert answers.accuracy == (1, 1, 0)
    assert answers.kept == (1, 1, 0)
    assert answers.change[:2] == (0, 0)
    assert answers.change[2] == pytest.approx(2**0.5)
    assert answers.probability[0] > 0.99 > 0.01 > answers.probability[2]
    assert "keeps 0 % of its answers" in check_result(answers)


def test_global_pooling_is_exact_at_multiples_of_its_strides(compared):
    change = compared.mean("global", "change")
    assert change[0] == 0
    assert change[2] < 1e-6 < 0.01 < change[1]


def test_a_comparison_is_read_back_from_its_rows(compared):
    rows = [
        {"variant": variant, "seed": 3, "shift": shift, "accuracy": a.accuracy[place],
         "kept": a.kept[place], "probability": a.probability[place], "change": a.change[place]}
        for variant, (a,) in compared.answers.items() for place, shift in enumerate(a.shifts)
    ]  # fmt: skip
    assert experiments.read_moved_comparison(rows, 1) == compared


def test_differences_are_paired_by_seed(compared):
    (one,), (other,) = compared.answers.values()
    both = MovedComparison({"a": [one, other], "b": [other, one]}, (0, 1), 1)
    difference = both.difference("a", "b", "kept", 2)
    assert difference.mean == pytest.approx(0)
    assert difference.pairs == 2
    text = check_result(compared)
    assert "Right answers by pixels moved: 1 seed, 1 epochs" in text
    assert "global max pooling" in text
