"""From runs on disk to what is said of them.

Tests comparison/contender.py, comparison/pairs.py, comparison/words.py.
"""

import json

import pytest

import convscope as cs
from convscope.comparison.words import how_often
from convscope.errors import ConvscopeError, UsageError
from tests.comparison.runs_on_disk import write_group, write_run


def test_one_network_is_better(tmp_path):
    worse = write_run(tmp_path / "a", range(30), learning_rate=0.5, trained_on="d")
    better = write_run(tmp_path / "b", range(25, 35), epochs=3, trained_on="d")
    comparison = cs.compare([worse, better.folder])
    assert [each.name for each in comparison.contenders] == ["b", "a"]
    # Only b gets 0 to 24 right, only a 30 to 34: 2 P(at most 5 of 30) = 0.000325.
    assert comparison.sentences == (
        "b is better than a: 90.00 % against 70.00 %, a difference of 20.00 points on the same 100 "
        "images. Chance alone would give one as large about once in 3,100 times (McNemar).",
    )
    assert comparison.differences == {"learning_rate": (0.1, 0.5), "epochs": (3, 2)}
    assert any("takes seeds of both" in note for note in comparison.notes)
    pair = comparison.as_dict()["pairs"][0]
    assert (pair["only_first_right"], pair["only_second_right"]) == (25, 5)
    assert pair["test"] == "McNemar"
    assert pair["is_shown"]


def test_no_difference_can_be_shown(tmp_path):
    write_run(tmp_path / "a", range(12))
    write_run(tmp_path / "b", range(10), seed=1)
    (text,) = cs.compare([tmp_path / "a", tmp_path / "b"]).sentences
    assert text == (
        "No difference can be shown between b and a: 90.00 % against 88.00 %, a difference of 2.00 "
        "points on the same 100 images. Chance alone would give one as large about 50 times in "
        "100 (McNemar). To see a difference this small you would need about 390 test images. The "
        "two recipes differ in the seed alone, so this is what chance makes of one."
    )


def test_wrong_on_exactly_the_same(tmp_path):
    write_run(tmp_path / "a", range(12), network="softmax-regression")
    write_run(tmp_path / "b", range(12), network="mlp")
    (text,) = cs.compare([tmp_path / "a", tmp_path / "b"]).sentences
    assert text == (
        "No difference can be shown between softmax-regression and mlp: of 100 images both get "
        "the same ones wrong."
    )
    for name in "cd":
        write_run(tmp_path / name, [])
    (text,) = cs.compare([tmp_path / "c", tmp_path / "d"]).sentences
    assert text.endswith("of 100 images both get none wrong.")


def test_groups_of_seeds(tmp_path):
    write_group(tmp_path / "a", [20, 21, 22, 23])
    write_group(tmp_path / "b", [10, 11, 12, 15])
    comparison = cs.compare([cs.SeedGroup(tmp_path / "a"), tmp_path / "b"])
    assert comparison.sentences == (
        "b is better than a: 88.00 % (mean of 4 seeds) against 78.50 % (mean of 4 seeds), a "
        "difference of 9.50 points on the same 100 images. Chance alone would give one as large "
        "about 3 times in 100 (permutation test, all 70 divisions).",
    )
    best = comparison.contenders[0]
    assert best.accuracy == pytest.approx(0.885)
    assert best.interval == (pytest.approx(0.85), pytest.approx(0.9))
    assert not comparison.notes


def test_too_few_seeds_are_said_as_such(tmp_path):
    write_group(tmp_path / "a", [20, 21, 22])
    write_group(tmp_path / "b", [10, 11, 12])
    write_run(tmp_path / "c", range(5))
    texts = cs.compare([tmp_path / "a", tmp_path / "b"]).sentences
    assert texts[0].startswith("Too few seeds to tell b from a: ")
    assert texts[0].endswith(
        "about 10 times in 100 (permutation test, all 20 divisions). Every seed of b is above "
        "every seed of a, but from 3 and 3 seeds no difference can be shown, however large: it "
        "takes at least 4 of each."
    )
    (text,) = cs.compare([tmp_path / "a", tmp_path / "c"]).sentences
    assert "c is above every seed of a, but from 1 and 3 seeds no difference" in text


def test_seeds_that_overlap(tmp_path):
    write_group(tmp_path / "a", [20, 10, 15, 17])
    write_group(tmp_path / "b", [10, 18, 12, 15])
    (text,) = cs.compare([tmp_path / "a", tmp_path / "b"]).sentences
    assert text.startswith("No difference can be shown between b and a")
    assert text.endswith("To see a difference this small you would need about 77 seeds of each.")


def test_many_comparisons_are_corrected_for(tmp_path):
    # Each differs from the next by 8 images that just one gets right: p = 2/2⁸ = 0.0078.
    for number, name in enumerate("abcde"):
        write_run(tmp_path / name, range(8 * number), learning_rate=0.1 + number)
    comparison = cs.compare([tmp_path / name for name in "ab"])
    assert comparison.pairs[0].is_shown
    comparison = cs.compare([tmp_path / name for name in "abcde"])
    assert len(comparison.pairs) == 10
    assert any("Of 10 comparisons made at once" in note for note in comparison.notes)
    by_name = {(pair.first.name, pair.second.name): pair for pair in comparison.pairs}
    assert by_name["a", "e"].is_shown
    assert by_name["a", "e"].corrected == pytest.approx(10 * 2 / 2**32)
    texts = dict(zip(by_name, comparison.sentences, strict=True))
    assert "(McNemar), rare enough even for one of 10 comparisons." in texts["a", "e"]
    # The four neighbours are the last: the correction is by 4, and 4 · 0.0078 is rare enough.
    assert by_name["a", "b"].corrected == pytest.approx(4 * 2 / 2**8)


def test_a_difference_that_is_not_rare_enough_for_its_company(tmp_path):
    write_run(tmp_path / "a", range(6))
    write_run(tmp_path / "b", [], learning_rate=0.2)
    write_run(tmp_path / "c", range(1), learning_rate=0.3)
    texts = cs.compare([tmp_path / name for name in "abc"]).sentences
    (text,) = [text for text in texts if "b and a" in text]
    assert "about 3 times in 100 (McNemar), not rare enough for one of 3 comparisons." in text


def test_other_images_are_not_compared(tmp_path):
    write_run(tmp_path / "a", range(6))
    write_run(tmp_path / "b", range(6), classes=("cat", "emu"))
    comparison = cs.compare([tmp_path / "a", tmp_path / "b"])
    assert comparison.sentences == (
        "a and b can't be compared: they were evaluated on images of different classes.",
    )
    assert comparison.as_dict()["pairs"][0]["p_value"] is None


def test_notes(tmp_path):
    write_run(tmp_path / "a", range(6), split="validation")
    write_run(tmp_path / "b", range(9), trained_on="other images")
    write_group(tmp_path / "c", [9, 9, None], failures={1: "only guesses", 2: "NaN"})
    notes = cs.compare([tmp_path / name for name in "abc"]).notes
    assert any(note.startswith("a was evaluated on validation images, by which") for note in notes)
    assert "c: failed with seeds 1, 2; the figures are without 1 of them." in notes
    assert "a and b were trained on different images, though both recipes name pets." in notes


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "takes two or more runs or folders of seeds or folds; given 0"),
        (["a"], "takes two or more runs or folders of seeds or folds; given 1"),
        (["a", "../{}/a"], "is given twice"),
        (["a", "nowhere"], "No run folder"),
        (["a", "."], r"isn't a run: it has no recipe\.toml\. Runs here: "),
        (["a", "unfinished"], "hasn't ended yet. Go on with it: convscope resume"),
        (["a", "no-seed"], r"No seed in .* has a result yet\. Go on with: convscope train"),
    ],
)
def test_what_can_not_be_compared(tmp_path, given, message):
    write_run(tmp_path / "a", range(6))
    write_run(tmp_path / "unfinished", []).evaluation_file.unlink()
    write_group(tmp_path / "no-seed", [None, None])
    with pytest.raises(UsageError, match=message):
        cs.compare([tmp_path / each.format(tmp_path.name) for each in given])


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("metrics.jsonl", "{\n"),
        ("metrics.jsonl", ""),
        ("metrics.jsonl", '{"kind": "epoch"}\n'),
        ("environment.json", "[]"),
        ("forecast.json", '{"rows": [{"what": 1}]}'),
        ("model.safetensors", "no"),
        ("recipe.toml", "seed = -1"),
    ],
)
def test_damaged_files_are_named(tmp_path, file, content):
    write_run(tmp_path / "a", range(6))
    (write_run(tmp_path / "b", range(6)).folder / file).write_text(content)
    with pytest.raises(ConvscopeError) as error:
        cs.compare([tmp_path / "a", tmp_path / "b"])
    assert file in str(error.value)


def test_names_tell_the_contenders_apart(tmp_path):
    write_group(tmp_path / "g", [1, 2])
    write_group(tmp_path / "h", [3, 4])
    paths = [f"{group}/seed-{seed}" for group in "gh" for seed in (0, 1)]
    comparison = cs.compare([tmp_path / path for path in paths])
    assert [each.name for each in comparison.contenders] == paths
    hostile = tmp_path / "red\x1b[31m\n"
    write_run(hostile, [])
    names = {each.name for each in cs.compare([hostile, tmp_path / "g"]).contenders}
    assert names == {r"red\x1b[31m\n", "g"}


def test_forecast_against_actual(tmp_path):
    rows = [{"what": "time", "unit": "s", "forecast": 9.0, "low": 8, "high": 12, "actual": 10.5}]
    run = write_run(tmp_path / "a", [])
    (run.folder / "forecast.json").write_text(json.dumps({"rows": rows}))
    write_run(tmp_path / "b", [1])
    comparison = cs.compare([tmp_path / "a", tmp_path / "b"])
    assert comparison.as_dict()["runs"][0]["forecast"] == rows
    assert comparison.contenders[1].forecast == ()


@pytest.mark.parametrize(
    ("p_value", "words"),
    [
        (1e-9, "less than once in 10,000 times"),
        (1e-4, "about once in 10,000 times"),
        (0.000325, "about once in 3,100 times"),
        (0.01, "about once in 100 times"),
        (0.031, "about 3 times in 100"),
        (0.5, "about 50 times in 100"),
        (1.0, "nearly always"),
    ],
)
def test_how_often(p_value, words):
    assert how_often(p_value) == words
