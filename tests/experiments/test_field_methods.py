"""Receptive fields in three ways: against the formula by hand, and where they must disagree.

Tests experiments/field_methods.py, experiments/convolution_stack.py, experiments/nested_fields.py.
"""

import pytest
import torch
from torch import nn

import convscope as cs
from convscope import experiments
from convscope.errors import UsageError
from tests.experiments.results import check_result


def test_a_stack_of_3x3_sees_2n_plus_1():
    torch.manual_seed(0)
    found = experiments.compare_field_methods(experiments.build_convolution_stack(5), 15)
    assert [layer.formula for layer in found.layers] == [3, 5, 7, 9, 11]
    assert [layer.gradient for layer in found.layers] == [3, 5, 7, 9, 11]
    assert found.agree
    text = check_result(found)
    assert "Three ways, one answer" in text
    assert "conv5       11     11         11    yes" in text


def test_strides_pooling_and_dilation_are_followed():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(8, 4, 3, dilation=2)
    )
    found = experiments.compare_field_methods(network, 40)
    # 3; 3 + 2; 5 + 2 · 2 · 4
    assert [layer.formula for layer in found.layers] == [3, 5, 21]
    assert found.agree


def test_at_the_border_only_what_lies_inside_is_compared():
    found = experiments.compare_field_methods(nn.Sequential(nn.Conv2d(1, 4, 9, padding=4)), 5)
    (layer,) = found.layers
    assert (layer.formula, layer.graph, layer.gradient) == (9, 9, 5)
    assert layer.clipped
    assert layer.agree
    assert "5 (border)" in str(found)


def test_what_gradients_do_not_see_is_a_disagreement():
    network = nn.Sequential(nn.Conv2d(1, 1, 5))
    with torch.no_grad():
        network[0].weight[..., 0, :] = 0  # a row of the kernel that does nothing
    found = experiments.compare_field_methods(network, 9)
    assert found.layers[0].gradient == 4
    assert not found.agree
    assert "The three ways disagree" in check_result(found)


def test_what_is_no_chain_is_refused():
    with pytest.raises(UsageError, match="'classifier' is a Sequential|is a Flatten|is a VGG"):
        experiments.compare_field_methods(cs.build("vgg11", width=0.125), 224)
    with pytest.raises(UsageError, match="no convolution and no pooling"):
        experiments.compare_field_methods(nn.Sequential(nn.ReLU()), 9)
    with pytest.raises(UsageError, match="no layer '7'. There are: 0"):
        experiments.compare_field_methods(nn.Sequential(nn.Conv2d(1, 1, 3)), 9, ["7"])


def test_stacks_keep_the_size_of_the_signal():
    torch.manual_seed(0)
    for activation in ("none", "relu"):
        stack = experiments.build_convolution_stack(8, channels=32, activation=activation)
        spread = stack(torch.randn(8, 1, 30, 30)).square().mean().sqrt()
        assert 0.3 < spread < 3, activation
    assert stack(torch.zeros(1, 1, 17, 17)).shape == (1, 32, 1, 1)
    with pytest.raises(UsageError, match="Unknown activation 'swish'"):
        experiments.build_convolution_stack(2, activation="swish")
    with pytest.raises(UsageError, match="at least 1 layer; given 0"):
        experiments.build_convolution_stack(0)


def test_nested_fields_are_those_of_the_units_in_the_middle():
    image = experiments.photograph("china", 64)
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3))
    found = experiments.find_nested_fields(network, image, {"first": "0", "last": "2"})
    # The middle of 62 × 62 is unit 31; that of 29 × 29 is unit 14, which begins at pixel 28.
    assert [(box.top, box.bottom) for box in found.boxes.values()] == [(31, 33), (28, 35)]
    assert "first: 3×3" in check_result(found)
    with pytest.raises(UsageError, match="at least one layer"):
        experiments.find_nested_fields(network, image, {})
