"""The quantities of a run as curves, with fewer points, and in words.

Tests runs/metric_curves.py.
"""

import math

import numpy as np
import pytest

from convscope.runs.metric_curves import QUANTITIES, MetricCurve, describe_curve, metric_curves


def loss(values, first=1):
    return MetricCurve("validation_loss", tuple(range(first, first + len(values))), tuple(values))


def test_curves_come_out_of_rows():
    rows = [
        {"kind": "step", "step": 5, "loss": 2.0, "learning_rate": 0.1},
        {"kind": "step", "step": 10, "loss": math.nan, "learning_rate": 0.1},
        {"kind": "epoch", "step": 10, "epoch": 1, "train_loss": 1.5, "learning_rate": 0.1},
        {"kind": "error", "step": 11, "message": "no"},
        {"kind": "step", "step": None, "loss": 1.0},
    ]
    found = metric_curves(rows)
    assert list(found) == ["loss", "train_loss", "learning_rate"]
    assert found["loss"].steps == (5, 10)
    assert math.isnan(found["loss"].values[1])
    assert found["learning_rate"].steps == (5, 10)


def test_fewer_points_have_the_same_extremes_and_ends():
    random = np.random.default_rng(0)
    values = random.standard_normal(20_000).cumsum()
    values[777], values[15_000] = 1e3, -1e3
    curve = MetricCurve("loss", tuple(range(20_000)), tuple(values.tolist()))
    small = curve.reduce(200)
    assert len(small.steps) <= 200
    assert list(small.steps) == sorted(set(small.steps))
    assert (small.steps[0], small.steps[-1]) == (0, 19_999)
    assert {777, 15_000} <= set(small.steps)
    assert all(values[step] == value for step, value in zip(small.steps, small.values, strict=True))
    part = curve.reduce(200, 5000, 5099)
    assert part.steps == tuple(range(5000, 5100))


def test_a_gap_stays_one_when_there_are_fewer_points():
    values = [1.0] * 1000
    values[500] = math.nan
    small = MetricCurve("loss", tuple(range(1000)), tuple(values)).reduce(20)
    assert any(math.isnan(value) for value in small.values)


@pytest.mark.parametrize(
    ("values", "english", "chinese"),
    [
        ([2.31, 1, 0.25, 0.29], "Validation loss fell from 2.31 to 0.29 since step 1; least at "
         "step 3 (0.25).", "验证损失自第 1 步以来从 2.31 降到 0.29；在第 3 步最小（0.25）。"),
        ([2.31, 0.25, 0.5], "Validation loss fell from 2.31 to 0.5 since step 1; least at step 2 "
         "(0.25), rising since.",
         "验证损失自第 1 步以来从 2.31 降到 0.5；在第 2 步最小（0.25），此后上升。"),
        ([2, 1], "Validation loss fell from 2 to 1 since step 1, its least.",
         "验证损失自第 1 步以来从 2 降到 1，为最小值。"),
        ([1, 2], "Validation loss rose from 1 to 2 since step 1; least at step 1 (1), rising "
         "since.",
         "验证损失自第 1 步以来从 1 升到 2；在第 1 步最小（1），此后上升。"),
        ([1, 1], "Validation loss is 1 as at step 1.", "验证损失与第 1 步同为 1。"),
        ([1, 9, 1.01], "Validation loss is 1.01, much as at step 1 (1); least at step 1 (1).",
         "验证损失为 1.01，与第 1 步（1）相差不大；在第 1 步最小（1）。"),
        ([3], "Validation loss: 3 at step 1.", "验证损失：第 1 步为 3。"),
        ([3, math.nan], "Validation loss: 3 at step 1; 1 value is no finite number.",
         "验证损失：第 1 步为 3；有 1 个值不是有限数。"),
        ([], "Validation loss: no value yet.", "验证损失：还没有值。"),
    ],
)  # fmt: skip
def test_a_curve_in_words(values, english, chinese):
    words = loss(values).in_words()
    assert (words.en, words.zh) == (english, chinese)


def test_of_accuracies_more_is_better_and_of_rates_nothing_is():
    words = MetricCurve("test_accuracy", (1, 2, 3), (0.5, 0.9, 0.8)).in_words()
    assert words.en == (
        "Test accuracy rose from 50.0 % to 80.0 % since step 1; greatest at step 2 (90.0 %), "
        "falling since."
    )
    words = MetricCurve("learning_rate", (1, 2, 3), (0.5, 1.0, 0.0)).in_words()
    assert words.en == "Learning rate fell from 0.5 to 0 since step 1, between 0 and 1."


def test_other_units():
    from convscope.look.language import Words

    words = describe_curve(QUANTITIES["loss"], [1, 2], [2.0, 1.0], unit=Words("epoch", "轮"))
    assert words.en == "Loss of single steps fell from 2 to 1 since epoch 1, its least."
    assert words.zh == "单步损失自第 1 轮以来从 2 降到 1，为最小值。"
