import pytest

from convscope.errors import ConvscopeError, UsageError
from convscope.runs.out_folder import check_out_folder
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run, new_run


def test_a_new_run_holds_its_recipe(tmp_path):
    recipe = Recipe(network="lenet", data="digits", epochs=3)
    run = new_run(tmp_path / "deep" / "run", recipe)
    assert Run(run.folder).recipe == recipe
    assert run.metrics() == []


def test_metrics_can_be_read_while_a_line_is_written(tmp_path):
    run = new_run(tmp_path / "run", Recipe(epochs=1))
    run.log("step", step=1, loss=2.0)
    run.log("epoch", step=2, epoch=1)
    with run.metrics_file.open("a") as file:
        file.write('{"kind": "st')
    assert [line["step"] for line in run.metrics()] == [1, 2]
    assert run.metrics("epoch") == [{"kind": "epoch", "step": 2, "epoch": 1}]


def test_forget_after(tmp_path):
    run = new_run(tmp_path / "run", Recipe(epochs=1))
    for step in range(5):
        run.log("step", step=step)
    run.forget_after(2, 1)
    assert [line["step"] for line in run.metrics()] == [0, 1, 2]


def test_an_existing_run_is_refused(tmp_path):
    new_run(tmp_path / "run", Recipe(epochs=7))
    with pytest.raises(
        UsageError, match=r"is a run already. Go on with it: convscope resume .*--for"
    ):
        new_run(tmp_path / "run", Recipe(epochs=1))
    assert Run(tmp_path / "run").recipe.epochs == 7
    new_run(tmp_path / "run", Recipe(epochs=8), force=True)
    assert Run(tmp_path / "run").recipe.epochs == 8


def test_force_never_removes_anything_but_a_run(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "only-copy.jpg").write_bytes(b"precious")
    with pytest.raises(UsageError, match="exists and isn't a run, so nothing there is touched"):
        new_run(tmp_path / "photos", Recipe(epochs=1), force=True)
    assert (tmp_path / "photos" / "only-copy.jpg").read_bytes() == b"precious"


def test_a_place_that_cannot_be_written_is_named_before_any_work(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="can't be made: .*file' isn't a folder to write in"):
        check_out_folder(tmp_path / "file" / "deeper" / "run")


def test_no_environment(tmp_path):
    run = new_run(tmp_path / "run", Recipe(epochs=1))
    with pytest.raises(UsageError, match="stopped before its first step. Start it again"):
        _ = run.environment


def test_metrics_are_always_json(tmp_path):
    run = new_run(tmp_path / "run", Recipe(epochs=1))
    with pytest.raises(ValueError, match="not JSON compliant"):
        run.log("epoch", loss=float("nan"))


def test_an_empty_folder_may_be_taken(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    check_out_folder(folder)
    assert new_run(folder, Recipe(epochs=1)).recipe == Recipe(epochs=1)
    for entry in ("a.txt", ".hidden"):
        other = tmp_path / f"with {entry}"
        other.mkdir()
        (other / entry).touch()
        with pytest.raises(UsageError, match="isn't a run, so nothing there is touched"):
            check_out_folder(other)


def test_not_a_run(tmp_path):
    new_run(tmp_path / "a", Recipe(epochs=1))
    with pytest.raises(UsageError, match=f"No run folder .* Runs here: {tmp_path / 'a'}"):
        Run(tmp_path / "b")
    (tmp_path / "c").mkdir()
    with pytest.raises(UsageError, match=r"isn't a run: it has no recipe\.toml"):
        Run(tmp_path / "c")


def test_no_model_yet(tmp_path):
    run = new_run(tmp_path / "run", Recipe(epochs=1))
    with pytest.raises(UsageError, match="has no model yet.*convscope resume"):
        run.model()


@pytest.mark.parametrize("line", [b'{"kind": "epo', b"\xff\xfe", b"[1]", b"{}", b""])
def test_damaged_metrics_name_the_line(tmp_path, line):
    run = new_run(tmp_path / "r", Recipe(epochs=1))
    run.log("step", step=1)
    with run.metrics_file.open("ab") as file:
        file.write(line + b"\n")
    message = r"Line 2 of '.*metrics\.jsonl' is damaged: it should be a JSON object with a 'kind'"
    with pytest.raises(ConvscopeError, match=message):
        run.metrics()


def test_a_run_prints_shows_and_draws_itself_from_its_first_step_on(digits_run, tmp_path):
    done = digits_run.as_dict()
    assert done == digits_run.summary() | {"network": "lenet", "data": "digits"}
    lines = str(digits_run).splitlines()
    assert lines[0] == f"{digits_run.folder}: lenet on digits"
    assert lines[1].startswith("6 epochs in ")
    assert lines[2].startswith(f"test accuracy {100 * done['accuracy']:.2f} % (95 % interval ")
    assert f"{100 * done['accuracy']:.2f} %" in digits_run._repr_html_()
    assert len(digits_run.figure().axes) == 2
    begun = new_run(tmp_path / "<b>", Recipe(network="lenet", data="digits", epochs=1))
    assert begun.as_dict()["accuracy"] is None
    assert str(begun).splitlines()[1:] == ["not evaluated yet"]
    assert "<b>" not in begun._repr_html_()
    begun.figure(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").exists()
