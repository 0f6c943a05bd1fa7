"""Tests evaluation/prediction.py, evaluation/torch_engine.py."""

import csv
import os
import sys

import pytest
import torch
from PIL import Image

from convscope.errors import ConvscopeError, UsageError
from convscope.evaluation.evaluate import evaluate
from convscope.evaluation.predict import predict, share_work
from convscope.runtime.execution import Execution
from tests.data.tar_files import write_tar


def test_same_answers_as_evaluation(make_run, images):
    run = make_run(images)
    evaluation = evaluate(run)
    assert evaluation.mistakes
    paths = [mistake.path for mistake in evaluation.mistakes]
    for mistake, prediction in zip(
        evaluation.mistakes, predict(run, paths).predictions, strict=True
    ):
        assert prediction.path == mistake.path
        assert prediction.top[0].label == mistake.predicted
        assert prediction.top[0].probability == pytest.approx(mistake.probability, abs=1e-5)


def test_folders_files_and_order(make_run, images):
    first = images / "emu" / "3.png"
    found = predict(make_run(images), [first, images / "cat"], batch_size=4).predictions
    assert [each.path for each in found] == [
        str(first), *(str(images / "cat" / f"{number}.png") for number in range(10))
    ]  # fmt: skip


def test_archives_give_what_their_files_give(make_run, images, tmp_path):
    files = sorted((images / "cat").iterdir())
    members = [(file.name, file.read_bytes()) for file in files]
    for number, part in enumerate((members[:4], members[4:])):
        labels = [(f"{name.partition('.')[0]}.cls", b"0") for name, _ in part]
        write_tar(tmp_path / f"cats-{number}.tar", [*part, *labels, ("notes.txt", b"")])
    run = make_run(images)
    expected = predict(run, files).predictions
    found = predict(run, tmp_path / "cats-*.tar")
    assert [each.top for each in found.predictions] == [each.top for each in expected]
    assert found.predictions[0].path == str(tmp_path / "cats-0.tar" / files[0].name)
    assert found.problems == ()


def test_probabilities_fall_and_add_up(make_run, images):
    (prediction,) = predict(make_run(images), images / "cat" / "0.png", top=10).predictions
    values = [guess.probability for guess in prediction.top]
    assert len(values) == 3  # there are no more classes
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1)
    assert len(predict(make_run(images, name="b"), images / "cat", top=1).predictions[0].top) == 1


def test_batches_do_not_change_the_answers(make_run, images):
    run = make_run(images)
    alone = predict(run, images, batch_size=1).predictions
    together = predict(run, images, batch_size=100).predictions
    assert [each.path for each in alone] == [each.path for each in together]
    for one, other in zip(alone, together, strict=True):
        assert one.top[0].probability == pytest.approx(other.top[0].probability, abs=1e-5)


def test_a_model_file_is_enough(make_run, images, tmp_path):
    run = make_run(images)
    moved = run.model_file.rename(tmp_path / "moved.safetensors")
    assert len(predict(moved, images).predictions) == 30


def test_unusable_files_are_problems_and_the_others_answered(make_run, images):
    run = make_run(images)
    (images / "cat" / "notes.txt").write_text("hello")
    broken = images / "dog" / "0.png"
    broken.write_bytes(broken.read_bytes()[:200])
    found = predict(run, [images, images / "gone.png"])
    assert len(found.predictions) == 29
    reasons = {problem.path: problem.reason for problem in found.problems}
    assert "not a readable" in reasons[str(images / "cat" / "notes.txt")]
    assert "damaged" in reasons[str(broken)]
    assert reasons[str(images / "gone.png")] == "there is no such file"


def test_an_empty_folder_is_a_problem(make_run, images, tmp_path):
    (tmp_path / "empty").mkdir()
    found = predict(make_run(images), [images / "cat", tmp_path / "empty"])
    assert [(each.path, each.reason) for each in found.problems] == [
        (str(tmp_path / "empty"), "a folder without files")
    ]
    with pytest.raises(ConvscopeError, match="a folder without files"):
        predict(make_run(images, name="other"), tmp_path / "empty")


def test_nothing_usable_is_an_error(make_run, images, tmp_path):
    run = make_run(images)
    gone = tmp_path / "gone.png"
    with pytest.raises(ConvscopeError) as caught:
        predict(run, gone)
    assert str(caught.value) == f"{str(gone)!r} can't be used: there is no such file."
    assert caught.value.exit_code == 1
    with pytest.raises(ConvscopeError) as caught:
        predict(run, [gone, tmp_path / "lost.png"])
    assert str(caught.value) == (
        f"None of the 2 files can be used. The first: {str(gone)!r}: there is no such file."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"top": 0}, "top must be at least 1; given 0."),
        ({"batch_size": 0}, "batch_size must be at least 1; given 0."),
        ({"images": []}, "No images given. Name image files or folders of images."),
        (
            {"images": [torch.zeros(1, 8, 8)]},
            "images must be paths of files or folders; given a Tensor. Of pixels in memory: "
            "cs.evaluate(run, ImageSet(…)), or cs.explain(run, pixels).",
        ),
    ],
)
def test_arguments_that_fit_nothing(make_run, images, arguments, message):
    with pytest.raises(UsageError) as caught:
        predict(make_run(images), **{"images": images, **arguments})
    assert str(caught.value) == message


@pytest.mark.parametrize(("model", "image"), [(1, "RGB"), (3, "L"), (1, "RGBA"), (3, "P")])
def test_channels_are_converted_by_rule(make_run, images, tmp_path, model, image):
    Image.new("RGB", (50, 40), (200, 10, 10)).convert(image).save(tmp_path / "x.png")
    found = predict(make_run(images, channels=model), tmp_path / "x.png")
    assert len(found.predictions) == 1


def test_json_has_label_and_probability_of_the_first(make_run, images):
    result = predict(make_run(images), [images / "cat" / "0.png", "gone.png"]).as_dict()
    (prediction,) = result["predictions"]
    assert prediction["path"] == str(images / "cat" / "0.png")
    assert prediction["top"][0] == {
        "label": prediction["label"], "probability": prediction["probability"],
    }  # fmt: skip
    assert result["problems"] == [{"path": "gone.png", "reason": "there is no such file"}]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_text_is_spelled_out(make_run, images):
    odd = os.fsencode(images / "cat") + b"/\xff.png"
    os.rename(images / "cat" / "0.png", odd)  # noqa: PTH104 - a path of bytes
    found = predict(make_run(images), [images / "cat", os.fsdecode(odd)])
    assert not found.problems
    assert [each.path.rsplit("/")[-1] for each in found.predictions].count("\\xff.png") == 2


def test_threads_that_share_the_work_say_the_same(make_run, images):
    run = make_run(images)
    (images / "dog" / "broken.png").write_bytes(b"no image")
    expected = predict(run, images)
    with Execution(torch.device("cpu"), "float32", 3).using_threads():
        shared = predict(run, images, batch_size=4)
    assert shared.problems == expected.problems
    assert len(expected.problems) == 1
    assert [each.path for each in shared.predictions] == [
        each.path for each in expected.predictions
    ]
    for one, other in zip(shared.predictions, expected.predictions, strict=True):
        assert [guess.label for guess in one.top] == [guess.label for guess in other.top]
        assert [guess.probability for guess in one.top] == pytest.approx(
            [guess.probability for guess in other.top], abs=1e-5
        )


def test_how_the_work_is_shared(monkeypatch):
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    few, many = share_work(100, 64, cpu), share_work(10_000, 64, cpu)
    assert (few.workers, few.threads, few.batch_size) == (1, 8, 64)
    assert (many.workers, many.threads, many.batch_size) == (8, 1, 16)
    assert share_work(10_000, 1, cpu).batch_size == 1
    assert (share_work(10_000, 64, gpu).computing, share_work(10_000, 64, gpu).batch_size) == (
        2,
        64,
    )
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert share_work(10_000, 64, cpu).workers == 1


def test_threads_of_the_program_stay_as_they_were(make_run, images):
    before = torch.get_num_threads()
    predict(make_run(images), images, batch_size=2)
    assert torch.get_num_threads() == before


def test_a_table_of_all_files(make_run, images, tmp_path):
    (images / "cat" / "=1.png").write_bytes(b"no image")
    found = predict(make_run(images), images / "cat", top=2)
    found.write_csv(tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        heading, *rows = csv.reader(file)
    assert heading == [
        "path", "label", "probability", "unknown", "label 2", "probability 2", "problem",
    ]  # fmt: skip
    assert len(rows) == 11
    for row, prediction in zip(rows, found.predictions, strict=False):
        first, second = prediction.top
        assert row == [
            prediction.path, first.label, str(first.probability), "no", second.label,
            str(second.probability), "",
        ]  # fmt: skip
    assert rows[-1][0] == str(images / "cat" / "=1.png")
    assert rows[-1][-1].startswith("not a readable JPEG")


def test_bfloat16_says_nearly_the_same(make_run, images):
    run = make_run(images)
    exact, short = (
        [each.top[0].probability for each in predict(run, images, precision=precision).predictions]
        for precision in ("float32", "bfloat16")
    )
    assert short == pytest.approx(exact, abs=0.02)
    assert short != pytest.approx(exact, abs=1e-7)


def test_no_such_precision(make_run, images):
    with pytest.raises(UsageError, match=r"Unknown precision 'int8'. There are: bfloat16, float32"):
        predict(make_run(images), images, precision="int8")
