"""What gets through a network before its first step."""

import pytest
from torch import nn

from convscope.errors import UsageError
from convscope.experiments.lenet_variants import LENET_VARIANTS
from convscope.experiments.start_signals import compare_start_signals
from convscope.look.language import use_language


@pytest.fixture(scope="module")
def found():
    return compare_start_signals(LENET_VARIANTS["sigmoid, average"], seeds=2)


def test_wider_weights_let_more_through(found):
    gradients = [signal.gradient for signal in found.signals]
    spreads = [signal.spread for signal in found.signals]
    assert gradients == sorted(gradients)
    assert spreads == sorted(spreads)
    assert found.gradient("kaiming") > 5 * found.gradient("xavier")


def test_constant_weights_of_one_layer_tell_images_apart_in_all_logits_alike():
    found = compare_start_signals(
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), ["constant"], size=8, seeds=1
    )
    assert found.signals[0].spread > 0


def test_the_same_every_time(found):
    again = compare_start_signals(LENET_VARIANTS["sigmoid, average"], seeds=2)
    assert again == found


def test_an_unknown_rule_is_refused():
    with pytest.raises(UsageError, match="zeros"):
        compare_start_signals(LENET_VARIANTS["mlp"], ["zeros"])


def test_text_dict_and_figure(found, tmp_path):
    with use_language("en"):
        assert "The first layer's gradient: from" in str(found)
        figure = found.figure(tmp_path / "signals.png")
    assert len(found.as_dict()["signals"]) == 4
    assert len(figure.axes[0].texts) == 4
    assert (tmp_path / "signals.png").stat().st_size > 10_000
