"""What the variants that lessons compare are called in texts and figures."""

from __future__ import annotations

from convscope.look.language import Words

NAMES = {
    "four paths": Words("four paths", "四条路径"),
    "3×3, 3×3": Words("two 3×3", "两个 3×3"),
    "1×1, 3×3": Words("1×1, then 3×3", "1×1 加 3×3"),
    "full, 16": Words("full, 16 channels", "普通卷积，16 个通道"),
    "separable, 16": Words("separable, 16 channels", "可分离卷积，16 个通道"),
    "full, 7": Words("full, 7 channels", "普通卷积，7 个通道"),
    "two 3×3": Words("two 3×3", "两个 3×3"),
    "one 5×5": Words("one 5×5", "一个 5×5"),
    "four 3×3": Words("four 3×3", "四个 3×3"),
    "two 5×5": Words("two 5×5", "两个 5×5"),
    "sigmoid, average": Words("sigmoid, average", "sigmoid，平均汇聚"),
    "relu, max": Words("relu, max", "ReLU，最大汇聚"),
    "image": Words("image", "图像"),
    "stride 2": Words("stride 2", "步幅 2"),
    "average 2": Words("average 2", "平均汇聚 2"),
    "max 2": Words("max 2", "最大汇聚 2"),
    "max 4": Words("max 4", "最大汇聚 4"),
    "max 8": Words("max 8", "最大汇聚 8"),
    "max 2, s = 1": Words("max 2, s = 1", "最大汇聚 2，s = 1"),
    "max 2, s = 2": Words("max 2, s = 2", "最大汇聚 2，s = 2"),
    "average 2, s = 2": Words("average 2, s = 2", "平均汇聚 2，s = 2"),
    "none": Words("none", "不填充"),
    "zeros": Words("zeros", "零 zeros"),
    "reflect": Words("reflect", "镜像 reflect"),
    "replicate": Words("replicate", "重复 replicate"),
    "circular": Words("circular", "循环 circular"),
}
"""What a variant is called, where its own name isn't in words or only in English."""


def name_variant(variant: str) -> str:
    """What a variant is called in the current language; its own name where it has no other."""
    return str(NAMES.get(variant, variant))
