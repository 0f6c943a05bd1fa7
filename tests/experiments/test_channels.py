"""Channels, 1×1 convolutions, groups, costs and times of layers.

Tests experiments/partial_maps.py, experiments/one_by_one.py, experiments/channel_mixing.py,
experiments/layer_cost.py, experiments/layer_times.py, experiments/channel_groups.py.
"""

import json

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from convscope import experiments
from convscope.errors import UsageError
from convscope.experiments import layer_times
from convscope.experiments.layer_times import LayerTime, LayerTimes
from convscope.look.language import use_language
from tests.conftest import slow

X = np.stack([np.arange(9).reshape(3, 3), np.arange(1, 10).reshape(3, 3)])
K = np.stack([np.arange(4).reshape(2, 2), np.arange(1, 5).reshape(2, 2)])
Setting = experiments.ConvolutionSetting


def test_the_worked_arrays():
    maps = experiments.split_by_channel(X, np.stack([K, K + 1, K + 2]))
    assert maps.partial[0].tolist() == [[[19, 25], [37, 43]], [[37, 47], [67, 77]]]
    assert maps.added.tolist() == [
        [[56, 72], [104, 120]],
        [[76, 100], [148, 172]],
        [[96, 128], [192, 224]],
    ]
    assert maps.difference == 0
    assert maps.kernels == 6
    assert "[[19, 25], [37, 43]] + [[37, 47], [67, 77]] = [[56, 72], [104, 120]]" in str(maps)


def test_each_output_has_one_bias():
    maps = experiments.split_by_channel(X, np.stack([K, K]), [10, 20])
    assert (maps.added[1] - maps.added[0] == 10).all()
    assert maps.difference == 0
    assert "+ 20 = [[76" in str(maps)


def test_channels_must_fit():
    with pytest.raises(
        UsageError, match=r"with as many channels; got \(2, 3, 3\) and \(1, 3, 2, 2\)"
    ):
        experiments.split_by_channel(X, np.zeros((1, 3, 2, 2)))


@pytest.mark.parametrize("channels", [(1, 1), (1, 4), (3, 4), (16, 2)])
def test_one_by_one_is_a_dense_layer_at_every_pixel(channels):
    found = experiments.compare_one_by_one(*channels, size=6)
    assert found.definition < 1e-6
    assert found.linear < 1e-6
    assert found.neighbours == 0
    assert found.output_shape == (channels[1], 6, 6)
    assert found.parameters == channels[0] * channels[1] + channels[1]
    assert found.flat_parameters == 36 * channels[0] * 36 * channels[1] + 36 * channels[1]
    assert (found.unexplained < 1e-6) == (channels[0] == 1)


def test_a_larger_kernel_would_be_noticed(monkeypatch):
    class Three(nn.Conv2d):
        def __init__(self, in_channels, out_channels, _):
            super().__init__(in_channels, out_channels, 3, padding=1)

    monkeypatch.setattr("convscope.experiments.one_by_one.nn.Conv2d", Three)
    found = experiments.compare_one_by_one()
    assert found.neighbours == 8
    assert found.definition > 0.01


def test_the_generator_is_left_as_found():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    experiments.compare_one_by_one()
    assert torch.equal(before, torch.get_rng_state())


def test_grey_is_a_mixture():
    mixed = experiments.mix_channels(experiments.photograph(side=48))
    assert mixed.difference_from_grey <= 1
    red, green, _ = mixed.image.astype(float)
    np.testing.assert_allclose(mixed.maps["R − G"], red - green)


def test_costs_by_hand():
    layers = [
        Setting(2, 3, 2, size=3),
        Setting(100, 100, 5, size=64, padding=2),
        Setting(96, 256, 5, size=26, padding=2),
        Setting(8, 8, 3, size=10, padding=1, stride=2, groups=8, bias=False),
    ]
    costs = experiments.count_layer_costs(layers)
    assert costs.agree
    assert [row.parameters for row in costs.rows] == [27, 250_100, 614_656, 72]
    assert [row.macs for row in costs.rows] == [96, 1_024_000_000, 415_334_400, 1_800]
    assert [row.output for row in costs.rows] == [2, 64, 26, 5]
    assert costs.rows[0].on_padding == 0


def test_products_with_padding_by_hand():
    """3×3 on 3×3 with padding 1: 49 of 81 products meet a pixel."""
    (row,) = experiments.count_layer_costs([Setting(1, 1, 3, size=3, padding=1)]).rows
    assert row.on_padding == pytest.approx(1 - 49 / 81)


def test_counts_that_differ_are_noticed():
    costs = experiments.count_layer_costs([Setting(2, 3, 2, size=3)])
    row = costs.rows[0]
    for wrong in ({"parameters": 26}, {"traced_macs": 97}, {"counted_flops": 96}):
        assert not row._replace(**wrong).agrees


def test_groups_are_zeros_elsewhere():
    groups = experiments.compare_groups(8, (1, 2, 4, 8))
    assert [row.weights for row in groups.rows] == [576, 288, 144, 72]
    assert [int(row.joined.sum()) for row in groups.rows] == [64, 32, 16, 8]
    assert all(row.difference < 1e-10 for row in groups.rows)
    assert groups.saved == pytest.approx(1 / 8 + 1 / 9)
    with pytest.raises(UsageError, match="groups must divide"):
        experiments.compare_groups(8, (3,))


def test_times_are_of_all_images(monkeypatch):
    given = []

    def measure(layer, images):
        given.append((type(layer), tuple(images.shape)))
        return 1e-3

    monkeypatch.setattr(layer_times, "measure_seconds", measure)
    layers = {"a": (nn.Conv2d(2, 3, 3), (2, 6, 6)), "b": (nn.Linear(10, 20), (10,))}
    times = experiments.time_layers(layers, images=4)
    assert given == [(nn.Conv2d, (4, 2, 6, 6)), (nn.Linear, (4, 10))]
    assert times.layers["a"].macs == 2 * 3 * 9 * 16
    assert times.layers["a"].gflops == pytest.approx(2 * 4 * 864 / 1e-3 / 1e9)
    assert times.ratio == pytest.approx(864 / 200)


def test_layers_of_equal_work_are_equal_within_five_percent():
    work = [layer_times.trace_macs(*each) for each in layer_times.EQUAL_WORK.values()]
    assert max(work) / min(work) < 1.05


def test_a_layer_without_numbers_is_timed():
    layer = nn.Conv2d(1, 1, 3, device="meta")
    assert layer_times.measure_seconds(layer, torch.zeros(1, 1, 5, 5)) > 0
    assert layer.weight.is_meta
    before = torch.get_num_threads()
    experiments.time_layers({"a": (layer, (1, 5, 5))})
    assert torch.get_num_threads() == before


def results():
    photograph = experiments.photograph(side=24)
    return [
        experiments.split_by_channel(X, np.stack([K, K + 1]), [1, 2]),
        experiments.mix_channels(photograph),
        experiments.compare_groups(),
        LayerTimes({"a": LayerTime(10**6, 1, 1e-3), "b": LayerTime(10**6, 1, 1e-2)}),
    ]


@pytest.mark.parametrize("language", [*slow("en"), "zh"])
def test_results_show_and_draw_themselves(language, tmp_path):
    with use_language(language):
        texts = [
            experiments.compare_one_by_one(),
            experiments.count_layer_costs([Setting(2, 2, 3, size=5, groups=2)]),
        ]
        for result in [*results(), *texts]:
            json.dumps(result.as_dict())
            is_chinese = any("\u4e00" <= letter <= "\u9fff" for letter in str(result))
            assert is_chinese == (language == "zh"), str(result)
        for number, result in enumerate(results()):
            file = tmp_path / f"{number}.png"
            assert isinstance(result.figure(file), Figure)
            assert file.stat().st_size > 5_000
