"""Sizes, borders, strides and dilations come out as by hand, by definition and by PyTorch.

Tests experiments/output_sizes.py, experiments/shrinkage.py, experiments/pixel_visits.py,
experiments/uneven_padding.py, experiments/half_pixel_drift.py, experiments/border_reach.py,
experiments/padding_modes.py, experiments/dilation.py.
"""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure

from convscope import experiments
from convscope.errors import UsageError
from convscope.experiments.uneven_padding import correlate_same
from convscope.look.language import use_language
from tests.conftest import slow


def test_sizes_are_those_of_the_textbooks():
    sizes = experiments.compare_output_sizes()
    outputs = [(8, 8), (8, 8), (4, 4), (2, 2), (8, 8)]
    assert [row.formula for row in sizes.rows] == outputs
    assert [row.measured for row in sizes.rows] == outputs
    assert [row.misread for row in sizes.rows] == [(7, 7), (6, 7), (4, 4), (2, 2), (6, 6)]
    assert "5 × 3         2, 1      4, 2" in str(sizes)


def test_where_the_misread_formula_has_no_window_there_is_a_dash():
    case = experiments.SlidingCase((2, 2), (3, 3), padding=(1, 1))
    (row,) = experiments.compare_output_sizes([case]).rows
    assert row.formula == row.measured == (2, 2)
    assert row.misread == (1, 1)
    case = experiments.SlidingCase((1, 1), (3, 3), padding=(1, 1))
    sizes = experiments.compare_output_sizes([case])
    assert sizes.rows[0].misread is None
    assert str(sizes).endswith("–")


def test_all_settings_are_checked():
    check = experiments.check_output_sizes(5)
    fitting = sum(
        d * (k - 1) + 1 <= n + 2 * p
        for n in range(1, 6) for k in range(1, 5) for p in range(4) for _ in range(3)
        for d in (1, 2)
    )  # fmt: skip
    assert check.settings == check.agree == fitting
    assert check.misread_agree == 0 < check.padded


@pytest.mark.parametrize(("size", "layers"), [(32, 7), (224, 55), (4, 0)])
def test_images_shrink_by_four(size, layers):
    shrinkage = experiments.follow_shrinking(size, 5, until=4)
    assert shrinkage.layers == layers
    assert shrinkage.sizes == tuple(range(size, 3, -4))


def test_padding_keeps_or_enlarges():
    assert experiments.follow_shrinking(8, 3, padding=1, layers=3).sizes == (8, 8, 8, 8)
    assert experiments.follow_shrinking(8, 3, padding=2, layers=2).sizes == (8, 10, 12)


def test_what_never_ends_or_does_not_fit_is_refused():
    with pytest.raises(UsageError, match=r"3×3 with padding 1 don't shrink"):
        experiments.follow_shrinking(8, 3, padding=1)
    with pytest.raises(UsageError, match=r"After 3 layers 2×2 pixels are left, too few"):
        experiments.follow_shrinking(8, 3)


def test_windows_that_see_a_pixel_by_hand():
    visits = experiments.count_visits(
        5,
        {
            "bare": {"kernel": 3},
            "padded": {"kernel": 3, "padding": 1},
            "apart": {"kernel": 1, "stride": 2},
        },
    )
    assert visits.counts["bare"][0].tolist() == [1, 2, 3, 2, 1]
    assert (visits.corner("bare"), visits.centre("bare")) == (1, 9)
    assert (visits.corner("padded"), visits.centre("padded")) == (4, 9)
    assert visits.unseen("bare") == 0
    assert visits.unseen("apart") == 1 - 9 / 25


def test_visits_are_the_gradient_of_pytorch():
    x = torch.zeros(1, 1, 9, 9, requires_grad=True)
    weight = torch.ones(1, 1, 3, 3)
    F.conv2d(x, weight, stride=2, padding=1, dilation=2).sum().backward()
    setting = {"kernel": 3, "stride": 2, "padding": 1, "dilation": 2}
    counted = experiments.count_visits(9, {"x": setting}).counts["x"]
    np.testing.assert_array_equal(counted, x.grad[0, 0].numpy())


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "zeros"),
    [
        (7, 2, 1, (0, 1)),
        (7, 4, 1, (1, 2)),
        (8, 3, 1, (1, 1)),
        (224, 3, 2, (0, 1)),
        (7, 3, 2, (1, 1)),
        (6, 1, 2, (0, 0)),
    ],
)
def test_same_padding_keeps_the_size(size, kernel, stride, zeros):
    assert experiments.same_padding(size, kernel, stride) == zeros
    assert experiments.same_padding(size, kernel, stride, "before") == zeros[::-1]
    padded = F.pad(torch.zeros(1, 1, size), zeros)
    outputs = F.conv1d(padded, torch.zeros(1, 1, kernel), stride=stride).shape[-1]
    assert outputs == -(-size // stride)


def test_sides_move_or_change_the_outputs():
    sides = experiments.compare_same_padding()
    assert [(row.kernel, row.stride, row.shift, row.pytorch) for row in sides.rows] == [
        (2, 1, 1, "behind"),
        (4, 1, 1, "behind"),
        (2, 2, None, None),
        (4, 2, None, None),
    ]
    odd = experiments.compare_same_padding((3,), (1, 2), size=8)
    assert [row.shift for row in odd.rows] == [0, None]
    assert odd.rows[1].behind == (0, 1)


def test_even_kernels_are_correlated_without_a_warning(recwarn):
    correlate_same(torch.zeros(1, 1, 5), torch.zeros(1, 1, 2))
    assert not recwarn.list


def test_how_often_padding_divides_evenly():
    share = experiments.count_even_paddings()
    assert (share.odd_stride_1, share.even_stride_1) == (1, 0)
    assert 0.5 < share.odd_strided < 0.8


def test_even_kernels_drift():
    drift = experiments.measure_drift((2, 3), layers=4)
    np.testing.assert_allclose(drift.positions[2], [0, -0.5, -1, -1.5, -2], atol=1e-12)
    np.testing.assert_allclose(drift.positions[3], 0, atol=1e-12)
    assert drift.per_layer(2) == pytest.approx(0.5)


@pytest.mark.parametrize("size", [8, 9])
def test_padding_reaches_in_by_one_pixel_a_layer(size):
    reach = experiments.measure_border_reach(size, layers=3)
    untouched = [max(0, size - 2 * layer) ** 2 / size**2 for layer in (1, 2, 3)]
    assert reach.shares == pytest.approx([1 - share for share in untouched])


def test_what_padding_reaches_is_what_it_changes():
    x, weight = torch.rand(1, 1, 8, 8), torch.rand(1, 1, 3, 3)
    zeros = others = x
    for reached in experiments.measure_border_reach(8, layers=3).maps:
        zeros = F.conv2d(F.pad(zeros, (1, 1, 1, 1)), weight)
        others = F.conv2d(F.pad(others, (1, 1, 1, 1), value=3.0), weight)
        np.testing.assert_array_equal((zeros != others)[0, 0].numpy(), reached)


def test_modes_differ_at_the_border_only():
    image = experiments.photograph(side=32)
    modes = experiments.compare_padding_modes(image, 2)
    assert set(modes.inside.values()) == {0}
    assert modes.at_border["zeros"] == 0
    assert all(modes.at_border[mode] > 1 for mode in ("reflect", "replicate", "circular"))
    theirs = F.pad(torch.from_numpy(image[None].astype(float)), (2, 2, 2, 2), mode="reflect")
    np.testing.assert_array_equal(modes.padded["reflect"], theirs[0].numpy())
    with pytest.raises(UsageError, match=r"padded by 16 must be at least 33×33"):
        experiments.compare_padding_modes(image, 16)


def test_dilation_is_a_kernel_with_zeros():
    assert experiments.spread_kernel([[1, 2], [3, 4]], 2).tolist() == [
        [1, 0, 2],
        [0, 0, 0],
        [3, 0, 4],
    ]
    check = experiments.check_dilation(3, 4)
    assert check.span == 9
    assert check.difference < 1e-12
    assert "9 weights spread over 9×9" in str(check)


def test_equal_dilations_leave_holes():
    plain, equal, growing = experiments.compare_dilations().stacks
    assert (plain.span, equal.span, growing.span) == (7, 13, 15)
    assert (plain.seen, equal.seen, growing.seen) == (1, 49 / 169, 1)
    assert plain.paths.sum() == equal.paths.sum() == 9**3
    assert plain.weights == equal.weights == 27


def test_holes_are_those_of_pytorch():
    x = torch.zeros(1, 1, 13, 13, requires_grad=True)
    weight, y = torch.ones(1, 1, 3, 3), x
    for _ in range(3):
        y = F.conv2d(y, weight, dilation=2)
    y.sum().backward()
    (stack,) = experiments.compare_dilations([(2, 2, 2)]).stacks
    np.testing.assert_array_equal(stack.paths, x.grad[0, 0].numpy())


def results():
    return [
        experiments.follow_shrinking(32, 5, layers=2),
        experiments.count_visits(5, {"a": {"kernel": 3}, "b": {"kernel": 1, "stride": 2}}),
        experiments.compare_same_padding(),
        experiments.measure_drift(layers=2),
        experiments.measure_border_reach(8, layers=2),
        experiments.compare_padding_modes(experiments.photograph(side=24), 2),
        experiments.compare_dilations(),
    ]


@pytest.mark.parametrize("language", [*slow("en"), "zh"])
def test_results_show_and_draw_themselves(language, tmp_path):
    with use_language(language):
        for result in [*results(), experiments.compare_output_sizes()]:
            assert str(result).strip()
            json.dumps(result.as_dict())
            is_chinese = any("\u4e00" <= letter <= "\u9fff" for letter in str(result))
            assert is_chinese == (language == "zh"), str(result)
        for number, result in enumerate(results()):
            file = tmp_path / f"{number}.png"
            assert isinstance(result.figure(file), Figure)
            assert file.stat().st_size > 5_000
