"""What ways to start a network are called in texts and figures."""

from __future__ import annotations

from convscope.look.language import Words

NAMES = {
    "book": Words("the book's start", "书中的起点"),
    "lower rate": Words("a fifth of the rate", "学习率的五分之一"),
    "higher rate": Words("five times the rate", "学习率的五倍"),
    "higher rate, warm-up": Words("five times, warm-up", "五倍，预热"),
    "higher rate, clipping": Words("five times, clipping", "五倍，梯度裁剪"),
    "no last ReLU": Words("no last ReLU", "去掉最后的 ReLU"),
    "Kaiming": Words("Kaiming", "Kaiming 初始化"),
    "batch normalization": Words("batch normalization", "批量规范化"),
    "PReLU": Words("PReLU", "PReLU"),
    "book, patience": Words("the book's start, patience", "书中的起点，多等"),
    "no last ReLU, patience": Words("no last ReLU, patience", "去掉最后的 ReLU，多等"),
}
"""What ways to start are called in texts, where they have a name of their own."""


def name_of(start: str) -> str:
    """What a way to start is called in the current language."""
    return str(NAMES.get(start, start))
