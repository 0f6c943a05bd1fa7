import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.comparison.judged import Judged, read_judged, why_not_same_pictures
from convscope.errors import ConvscopeError, UsageError
from tests.comparison.runs_on_disk import write_run


@pytest.fixture
def judged(tmp_path):
    return read_judged(write_run(tmp_path / "run", [3, 7]))


def changed(judged, **changes):
    return judged.model_copy(update=changes)


def test_reads_what_was_judged(judged):
    assert judged.accuracy == pytest.approx(0.98)
    assert judged.wrong == {3, 7}
    assert judged.classes == ("cat", "dog")


def test_a_judgement_of_convscopes_own(digits_run):
    judged = read_judged(digits_run)
    assert judged.fingerprint is not None
    assert len(judged.wrong) == round((1 - judged.accuracy) * judged.pictures)


def test_a_run_that_has_not_ended(tmp_path):
    run = write_run(tmp_path / "run", [])
    run.evaluation_file.unlink()
    with pytest.raises(UsageError, match="hasn't ended yet. Go on with it: convscope resume"):
        read_judged(run)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"accuracy": 2}, "is damaged: accuracy: Input should be less than or equal to 1"),
        ({"accuracy": 0.5}, "the number of mistakes doesn't fit the accuracy"),
        ({"pictures": 0}, "is damaged: pictures: "),
        ({"mistakes": [{"index": 100, "path": "a", "label": "cat"}] * 2}, "each once"),
        ({"mistakes": "all"}, "is damaged: mistakes: "),
    ],
)
def test_a_damaged_judgement(tmp_path, changes, message):
    run = write_run(tmp_path / "run", [3, 7])
    content = json.loads(run.evaluation_file.read_text())
    run.evaluation_file.write_text(json.dumps(content | changes))
    with pytest.raises(ConvscopeError, match=r"evaluation\.json") as error:
        read_judged(run)
    assert message in str(error.value)
    assert "Judge the run again: convscope evaluate" in str(error.value)
    run.evaluation_file.write_text('{"accuracy":')
    with pytest.raises(ConvscopeError, match="Invalid JSON"):
        read_judged(run)


@given(st.binary(max_size=40))
def test_any_bytes_are_refused_in_words(tmp_path_factory, content):
    run = write_run(tmp_path_factory.mktemp("x") / "run", [], epochs=1)
    run.evaluation_file.write_bytes(content)
    with pytest.raises(ConvscopeError, match="is damaged"):
        read_judged(run)


def test_the_same_pictures(judged):
    assert why_not_same_pictures(judged, judged) is None
    # Decoded at another size, fingerprints differ, but names and numbers agree.
    larger = changed(judged, picture_shape=(1, 16, 16), fingerprint="bb")
    assert why_not_same_pictures(judged, larger) is None
    assert why_not_same_pictures(judged, changed(judged, fingerprint=None)) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"split": "validation"}, "one was judged on test pictures, the other on validation"),
        ({"classes": ("cat", "emu")}, "pictures of different classes"),
        ({"fingerprint": "bb"}, "on different pictures, though on as many"),
        ({"fingerprint": None, "data": "others"}, "on different pictures, though on as many"),
    ],
)
def test_other_pictures(judged, changes, reason):
    assert reason in why_not_same_pictures(judged, changed(judged, **changes))


def test_other_counts_and_other_files(judged, tmp_path):
    fewer = read_judged(write_run(tmp_path / "fewer", [3, 7], pictures=50))
    assert why_not_same_pictures(judged, fewer) == (
        "one was judged on 100 pictures of pets, the other on 50 of pets"
    )
    uneven = changed(judged, per_class=judged.per_class[:1] * 2)
    assert why_not_same_pictures(judged, uneven) is None
    content = judged.model_dump()
    content["per_class"] = [{"count": 40}, {"count": 60}]
    assert "different numbers of pictures of some classes" in why_not_same_pictures(
        judged, Judged.model_validate(content)
    )
    content = judged.model_dump()
    content["mistakes"][0]["path"] = "another.png"
    renamed = Judged.model_validate(content | {"fingerprint": None})
    assert "different pictures" in why_not_same_pictures(judged, renamed)
