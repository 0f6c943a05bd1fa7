"""A search as its folder, text, figure and page show it; no trial is trained here.

Tests tuning/study.py, tuning/study_text.py, tuning/study_figure.py, tuning/study_page.py,
tuning/collect.py.
"""

import json
from types import SimpleNamespace

import pytest
from PIL import Image

from convscope.errors import ConvscopeError, UsageError
from convscope.runs import recipe as recipes
from convscope.runs.recipe import named
from convscope.tuning.collect import RETESTED, collect_retests, collect_trials
from convscope.tuning.space import default_space
from convscope.tuning.study import Retest, Study, TriedRecipe, describe_values, write_study
from convscope.tuning.study_page import study_page

RECIPE = named("fast", "stack", "digits").replace(epochs=3)
SPACE = [str(each) for each in default_space(RECIPE, 16)]
FIELDS = [each.partition("=")[0] for each in SPACE]


def values(depth, rate):
    return dict(zip(FIELDS, (depth, 16, 3, rate, 1, 2), strict=True))


TRIALS = [
    TriedRecipe(0, "measured", "", values(4, 0.002), (0.2, 0.6, 0.7), 8.0),
    TriedRecipe(1, "measured", "", values(6, 0.004), (0.5, 0.8, 0.9), 12.0),
    TriedRecipe(2, "pruned", "10 % after epoch 1", values(2, 0.001), (0.1,), 3.0),
    TriedRecipe(3, "skipped", "would take 9 h", values(8, 0.001), (), 0.5),
    TriedRecipe(4, "measured", "", values(5, 0.003), (0.5, 0.9, 0.8), 9.0),
    TriedRecipe(5, "unfinished", "", values(5, 0.005), (), 0.0),
]
NEW_SEEDS = Retest(4, (0.86, 0.85, 0.88), (0.8, 0.82, 0.85), "test", "retests/trial-4")


def make(folder, trials=TRIALS, retests=(NEW_SEEDS,)):
    return write_study(folder, "stack-digits", "sqlite:///s.db", RECIPE, SPACE, trials, retests)


def test_the_best_is_chosen_by_validation_and_of_equals_the_quicker(tmp_path):
    study = make(tmp_path)
    assert study.best.number == 4
    assert [each.number for each in study.ranking] == [4, 1, 0]
    assert study.luck == pytest.approx(0.9 - 0.86)
    assert Study(tmp_path).as_dict() == study.as_dict()


def test_its_recipe_is_a_file_that_train_takes(tmp_path):
    study = make(tmp_path)
    written = recipes.read(study.recipe_file)
    assert written == study.best_recipe
    assert written.network_arguments == {"depth": 5, "width": 16, "kernel": 3}
    assert written.learning_rate == 0.003
    assert written.augmentation.cutout == 2
    assert written.epochs == 3


def test_text_says_what_came_of_it_and_what_was_luck(tmp_path):
    text = str(make(tmp_path))
    assert "6 trials (3 measured, 1 pruned, 1 skipped, 1 unfinished)" in text
    assert "Best: trial 4, validation accuracy 90.00 % in the search." in text
    assert "The recipe that the search began with had 70.00 % (trial 0)." in text
    assert "With 3 new seeds it has 86.00 % (median), 4.00 points less." in text
    assert "Test accuracy with these seeds: median 82.00 %, from 80.00 % to 85.00 %." in text
    assert f"convscope train stack DATA --recipe {tmp_path / 'best.toml'}" in text
    assert "were asked of" not in text


def test_without_new_seeds_it_says_so(tmp_path):
    other = Retest(1, (0.8,), (0.8,), "test", "elsewhere")
    study = make(tmp_path, retests=[other])
    assert study.retest is None
    assert study.luck is None
    assert "It wasn't trained with new seeds yet" in str(study)
    assert "not yet retested" in study_page(study)


def test_test_images_that_were_asked_again_are_owned_up(tmp_path):
    other = Retest(1, (0.8, 0.8), (0.8, 0.7), "test", "elsewhere")
    text = str(make(tmp_path, retests=[other, NEW_SEEDS]))
    assert "Test images were asked of 2 recipes by now" in text


def test_a_search_without_a_result(tmp_path):
    study = make(tmp_path, trials=TRIALS[2:4], retests=())
    assert study.best is study.best_recipe is None
    assert not study.recipe_file.exists()
    assert "there is no best recipe" in str(study)
    assert "No trial was trained to its end." in study_page(study)
    study.figure(tmp_path / "none.png")
    with Image.open(tmp_path / "none.png") as drawn:
        assert drawn.width > 1000


def test_the_figure_shows_trials_curves_and_values(tmp_path):
    study = make(tmp_path)
    figure = study.figure()
    upper, lower = figure.subfigs
    trials, curves = upper.axes
    assert [each.get_title(loc="left") for each in upper.axes] == ["Trials", "Learning curves"]
    places = [[*line.get_xdata()] for line in trials.lines]
    assert [0, 1, 4] in places  # measured
    assert [2, 3, 5] in places  # those that have no result
    assert max(len(line.get_xdata()) for line in curves.lines) == 3
    titles = [each.get_title(loc="left") for each in lower.axes]
    assert titles[:4] == ["depth", "width", "kernel", "learning rate"]
    assert trials.get_ylim()[0] < 0.7
    assert trials.get_ylim()[1] > 0.9


def test_a_few_failures_do_not_press_the_other_trials_into_a_line(tmp_path):
    good = [
        TriedRecipe(n, "measured", "", values(4, 0.002), (0.9 + n / 1000,), 1.0) for n in range(9)
    ]
    failure = TriedRecipe(9, "measured", "", values(4, 0.002), (0.1,), 1.0)
    figure = make(tmp_path, trials=[*good, failure], retests=()).figure()
    trials, _ = figure.subfigs[0].axes
    assert 0.6 < trials.get_ylim()[0] < 0.9
    assert [9] in [[*line.get_xdata()] for line in trials.lines]
    assert "triangles: lower than shown" in figure.get_supxlabel()


def test_the_page_has_every_trial_and_escapes_what_it_shows(tmp_path):
    failed = TriedRecipe(6, "failed", "<script>alert(1)", values(2, 0.001), (), 1.0)
    page = study_page(make(tmp_path, trials=[*TRIALS, failed]))
    assert "Search for a recipe: stack on digits" in page
    assert "pruned: 10 % after epoch 1" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "82.00\u00a0%" in page
    assert "seed 1" in page
    assert "depth = 5" in page


def test_damaged_and_missing_files_are_said(tmp_path):
    with pytest.raises(UsageError, match=r"isn't a folder of a search: it has no study.json"):
        Study(tmp_path)
    make(tmp_path)
    file = tmp_path / "study.json"
    file.write_text(file.read_text().replace("0.86", "0.96"))
    with pytest.raises(ConvscopeError, match="is damaged"):
        Study(tmp_path)


def test_values_in_words():
    given = {"network_arguments.depth": 4, "learning_rate": 0.0031234, "augmentation.flip": True}
    assert describe_values(given) == "depth 4, learning_rate 0.00312, flip true"


def trial(number, state, curve=None, attributes=None, finished=True):
    return SimpleNamespace(
        number=number,
        state=SimpleNamespace(name=state, is_finished=lambda: finished),
        params={"learning_rate": 0.1},
        system_attrs={},
        intermediate_values=curve or {},
        user_attrs=attributes or {},
    )


def test_optunas_trials_become_rows():
    found = [
        trial(0, "COMPLETE", {2: 0.8, 1: 0.5}, {"seconds": 4.0}),
        trial(1, "PRUNED", {1: 0.2}, {"outcome": "out of time", "reason": "why"}),
        trial(2, "FAIL"),
        trial(3, "RUNNING", finished=False),
    ]
    rows = collect_trials(SimpleNamespace(get_trials=lambda deepcopy: found))
    assert [row.outcome for row in rows] == ["measured", "out of time", "stopped", "unfinished"]
    assert rows[0].curve == (0.5, 0.8)
    assert rows[0].seconds == 4.0
    assert rows[1].reason == "why"


def test_new_seeds_are_kept_in_the_order_they_were_trained():
    def kept(number, at):
        content = {"number": number, "validation": [0.5], "test": [0.4], "split": "test"}
        return json.dumps({**content, "folder": "f", "at": at})

    attributes = {f"{RETESTED}9": kept(9, 1.0), "other": "x", f"{RETESTED}3": kept(3, 2.0)}
    found = collect_retests(SimpleNamespace(user_attrs=attributes))
    assert [each.number for each in found] == [9, 3]
