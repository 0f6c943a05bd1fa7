import math

import pytest

from convscope.planning.history import ForecastOutcome, remember
from convscope.planning.track_record import track_record


@pytest.fixture
def remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path))

    def add(what, forecast, actual):
        remember(ForecastOutcome(what, forecast, actual, "lenet", 64, "float32"))

    return add


def test_without_history_there_is_no_record(remembered):
    record = track_record()
    assert record.records == ()
    assert record.as_dict() == {"records": [], "last": []}


def test_a_steady_error_is_corrected_and_the_raw_ratio_is_told(remembered):
    for number in range(40):
        remembered("step", 1.0 + number, 1.2 * (1.0 + number))
    (record,) = track_record().records
    assert (record.what, record.count) == ("step", 40)
    assert record.median_ratio == pytest.approx(1.2)
    assert record.mean_error < 0.01
    assert record.share_close == record.share_inside == 1.0


def test_an_outcome_is_not_evaluated_by_itself(remembered):
    for _ in range(30):
        remembered("memory", 1e9, 1e9)
    remembered("memory", 1e9, 3e9)
    record = track_record()
    odd = record.evaluated[-1]
    assert not odd.is_inside
    assert odd.ratio == pytest.approx(3, rel=0.05)
    assert record.records[0].share_inside == pytest.approx(30 / 31)


def test_about_nine_in_ten_are_inside_their_range(remembered):
    for number in range(100):
        remembered("run", 100.0, 100.0 * math.exp(0.3 * math.sin(12.9898 * number)))
    (record,) = track_record().records
    assert 0.82 <= record.share_inside <= 0.98


def test_kinds_are_kept_apart_and_the_order_is_that_of_time(remembered):
    for what, actual in (("step", 1.0), ("memory", 2.0), ("step", 3.0)):
        remembered(what, 1.0, actual)
    record = track_record()
    assert [each.what for each in record.records] == ["step", "memory"]
    assert [each.outcome.actual for each in record.evaluated] == [1.0, 2.0, 3.0]
    last = record.as_dict()["last"][-1]
    assert last["actual"] == 3.0
    assert last["uncorrected"] == 1.0


def test_the_text_shows_the_last_ten_and_what_was_outside(remembered):
    for _ in range(30):
        remembered("step", 1.0, 1.0)
    remembered("step", 1.0, 3.0)
    shown = str(track_record())
    assert "step         31         1.000" in shown
    rows = shown.split("The last\n")[1].splitlines()[1:]
    assert len(rows) == 10
    assert [row.endswith("outside its range") for row in rows] == [False] * 9 + [True]
