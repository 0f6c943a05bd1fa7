"""What layers are called in the language of the reader.

Descriptions of layers are made in English and kept so: they are data. Where a person reads them,
in a table or a figure, `say_layer` says them in the current language.
"""

from __future__ import annotations

import re

from convscope.look.language import current_language

CHINESE = {
    # kinds of layers, and parts of a network
    "input": "输入",
    "convolution": "卷积",
    "transposed convolution": "转置卷积",
    "depthwise convolution": "逐通道卷积",
    "grouped convolution": "分组卷积",
    "pooling": "汇聚",
    "max pooling": "最大汇聚",
    "average pooling": "平均汇聚",
    "global max pooling": "全局最大汇聚",
    "global average pooling": "全局平均汇聚",
    "adaptive max pooling": "自适应最大汇聚",
    "adaptive average pooling": "自适应平均汇聚",
    "dense": "全连接",
    "matrix product": "矩阵乘积",
    "batch norm": "批量规范化",
    "instance norm": "实例规范化",
    "layer norm": "层规范化",
    "group norm": "组规范化",
    "local response norm": "局部响应规范化",
    "dropout": "暂退法",
    "flatten": "展平",
    "reshape": "改变形状",
    "permutation": "交换轴",
    "slice": "切片",
    "split": "拆分",
    "repetition": "重复",
    "reordering": "重排",
    "stack": "堆叠",
    "padding": "填充",
    "concatenation": "拼接",
    "assignment": "赋值",
    "overwritten": "改写",
    "resizing": "缩放",
    "sum": "求和",
    "difference": "求差",
    "product": "求积",
    "quotient": "求商",
    "power": "求幂",
    "larger of two": "取两者中较大的",
    "smaller of two": "取两者中较小的",
    "clamp": "截断",
    "comparison": "比较",
    "choice": "按条件选取",
    "mean": "求均值",
    "total": "求总和",
    "maximum": "求最大值",
    "minimum": "求最小值",
    "square": "平方",
    "square root": "平方根",
    "reciprocal square root": "平方根的倒数",
    "reciprocal": "倒数",
    "exponential": "指数",
    "logarithm": "对数",
    "absolute value": "绝对值",
    "negation": "取负",
    "other": "其他",
    # what stands beside a kind
    "stride": "步幅",
    "dilation": "膨胀",
    "to": "到",
    "of": "含",
    "layers": "层",
}
"""English words and their Chinese; names such as ReLU and softmax are the same in both."""

_LONGEST_FIRST = sorted(CHINESE, key=len, reverse=True)
# No point, digit or letter joins them to something else: "layer1.dense" is a name.
_WORDS = re.compile(rf"(?<![\w.])(?:{'|'.join(_LONGEST_FIRST)})(?![\w.])")
_BETWEEN_CHINESE = re.compile(r"(?<=[一-龥]) (?=[一-龥])")


def say_layer(description: str) -> str:
    """A description of a layer or of several, as `describe` makes it, in the current language.

    "convolution 3×3, stride 2" is "卷积 3×3，步幅 2". What isn't known, such as the class of a
    block, stays as it is.
    """
    if current_language() == "en":
        return description
    said = _WORDS.sub(lambda found: CHINESE[found[0]], description)
    return _BETWEEN_CHINESE.sub("", said.replace(", ", "，").replace(": ", "："))
