import pytest

from convscope.errors import ConvscopeError
from convscope.runs.forecast import read_forecast
from convscope.runs.run import Run


def test_the_summary_of_a_run_has_the_rows_as_they_are_read(digits_run):
    rows = read_forecast(digits_run.folder)
    assert {row.what for row in rows} >= {"run time", "step time"}
    assert Run(digits_run.folder).summary()["forecast"] == [row.model_dump() for row in rows]


def test_a_run_without_a_forecast(tmp_path):
    assert read_forecast(tmp_path) == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"rows": [{"what": 1}]}', "rows.0.what: Input should be a valid string"),
        ("{", "Invalid JSON"),
    ],
)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, content, reason):
    (tmp_path / "forecast.json").write_text(content)
    with pytest.raises(ConvscopeError) as caught:
        read_forecast(tmp_path)
    text = str(caught.value)
    assert f"forecast.json' is damaged: {reason}" in text
    assert text.endswith("Remove it to go on without a forecast.")
