import shutil

from convscope.planning.accuracies import best_accuracies


def test_the_best_finished_run_of_each_network(digits_run, tmp_path):
    shutil.copytree(digits_run.folder, tmp_path / "one")
    shutil.copytree(digits_run.folder, tmp_path / "group" / "seed-0")
    shutil.copytree(digits_run.folder, tmp_path / "stopped")
    (tmp_path / "stopped" / "evaluation.json").unlink()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "recipe.toml").write_text("epochs = ")
    worse = tmp_path / "worse" / "evaluation.json"
    shutil.copytree(digits_run.folder, worse.parent)
    worse.write_text("{}")
    found = best_accuracies(tmp_path, "digits")
    assert {name: evaluated.accuracy for name, evaluated in found.items()} == {
        digits_run.recipe.network: digits_run.summary()["accuracy"]
    }


def test_other_images_do_not_count(digits_run, tmp_path):
    assert best_accuracies(digits_run.folder.parent, "mnist") == {}
    assert best_accuracies(tmp_path / "nothing", "digits") == {}
