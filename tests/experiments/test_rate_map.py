"""Which rates and initializations learn.

Tests experiments/rate_map_figure.py.
"""

import pytest

from convscope.errors import UsageError
from convscope.experiments.lenet_variants import LENET_VARIANTS, lenet_recipe
from convscope.experiments.rate_map import RateMap, RateMapCell, map_rates, rate_map_of_rows
from convscope.experiments.rate_map_figure import draw_rate_maps
from convscope.experiments.training_curves import measure_curves
from convscope.look.language import use_language

CELLS = tuple(
    RateMapCell(name, rate, accuracy)
    for name, rate, accuracy in [
        ("xavier", 0.1, 0.1), ("xavier", 0.9, 0.19), ("kaiming", 0.1, 0.2), ("kaiming", 0.9, 0.8),
    ]
)  # fmt: skip
MAP = RateMap("LeNet", CELLS, steps=450, chance=0.1)


def test_learning_is_twice_as_often_right_as_guessing():
    assert [(cell.initialization, cell.rate) for cell in MAP.learned] == [
        ("kaiming", 0.1), ("kaiming", 0.9),
    ]  # fmt: skip
    assert MAP.best.accuracy == 0.8


def test_the_grid_has_a_row_for_each_initialization():
    assert MAP.grid().tolist() == [[0.1, 0.19], [0.2, 0.8]]
    assert MAP.accuracy("xavier", 0.9) == 0.19
    with pytest.raises(UsageError, match="no training with initialization 'normal' and rate 0.1"):
        MAP.accuracy("normal", 0.1)


def test_a_cell_is_the_training_it_names():
    recipe = lenet_recipe("digits", size=28, epochs=1, batch_size=64, threads=1)
    found = map_rates(
        LENET_VARIANTS["mlp"],
        "digits",
        recipe,
        rates=[0.1],
        initializations=["kaiming"],
        name="MLP",
    )
    alone = measure_curves(
        LENET_VARIANTS["mlp"], "digits",
        recipe.replace(learning_rate=0.1, initialization="kaiming"),
    )  # fmt: skip
    assert found.cells == (RateMapCell("kaiming", 0.1, alone.accuracy[-1]),)
    assert found.steps == 23
    assert found.chance == 0.1


def test_rows_that_were_kept_become_a_map():
    rows = [
        {"network": "LeNet", "initialization": cell.initialization, "rate": cell.rate,
         "accuracy": cell.accuracy, "steps": 450, "chance": 0.1}
        for cell in CELLS
    ]  # fmt: skip
    assert rate_map_of_rows(rows, "LeNet") == MAP
    with pytest.raises(UsageError, match="no rows of the network 'MLP'"):
        rate_map_of_rows(rows, "MLP")


def test_text_dict_and_figure(tmp_path):
    with use_language("en"):
        assert "2 of 4 starts learn in 450 steps" in str(MAP)
        figure = draw_rate_maps([MAP, MAP], tmp_path / "map.png")
        assert MAP.figure().get_suptitle().startswith("2 of 4 starts learn")
    assert MAP.as_dict()["cells"][0]["rate"] == 0.1
    assert [text.get_text() for text in figure.axes[1].texts] == ["10 %", "19 %", "20 %", "80 %"]
    assert (tmp_path / "map.png").stat().st_size > 10_000
