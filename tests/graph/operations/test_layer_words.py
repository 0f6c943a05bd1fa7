"""Layers in the language of the reader: every kind has its word, and names stay names."""

import re

import pytest

from convscope.graph.operations import understand  # noqa: F401 - fills the table of kinds
from convscope.graph.operations.layer_words import CHINESE, say_layer
from convscope.graph.operations.table import KINDS
from convscope.look.language import use_language

SAME_IN_BOTH = re.compile(
    "((hard|leaky|log) )?(.*LU6?|Mish|softplus|sigmoid|tanh|swish|softmax)"
)  # names of functions


def test_every_kind_has_a_chinese_word_or_a_name_that_is_the_same():
    without = {kind for kind in KINDS if kind not in CHINESE and not SAME_IN_BOTH.fullmatch(kind)}
    assert not without
    assert len({*CHINESE.values()}) == len(CHINESE), "two words can't be told apart"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("convolution 3×3, stride 2", "卷积 3×3，步幅 2"),
        ("depthwise convolution 3×3, dilation 2", "逐通道卷积 3×3，膨胀 2"),
        ("2 × (convolution 3×3 + batch norm + ReLU)", "2 × (卷积 3×3 + 批量规范化 + ReLU)"),
        ("adaptive average pooling to 7×7", "自适应平均汇聚到 7×7"),
        ("reciprocal square root", "平方根的倒数"),
        ("Stage of 3 × BasicBlock", "Stage 含 3 × BasicBlock"),
        ("12 layers", "12 层"),
        ("other: cumsum", "其他：cumsum"),
        ("layer1.dense", "layer1.dense"),
        ("my_dense", "my_dense"),
    ],
)
def test_a_description_in_both_languages(english, chinese):
    assert say_layer(english) == english
    with use_language("zh"):
        assert say_layer(english) == chinese
