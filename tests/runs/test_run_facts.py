import pydantic
import pytest

from convscope.runs.run_facts import EvaluationSummary, ExecutionFacts, MetricLine

ENVIRONMENT = {
    "device": "cpu",
    "precision": "float32",
    "matrix_convolutions": {"a": ["forward"]},
    "data_fingerprint": "0",
}
SUMMARY = {"accuracy": 0.5, "interval": [0.4, 0.6], "loss": 1.0, "split": "test"}


@pytest.mark.parametrize(
    ("fields", "content", "changes"),
    [
        (ExecutionFacts, ENVIRONMENT, {"precision": "int4"}),
        (ExecutionFacts, ENVIRONMENT, {"layout": "sideways"}),
        (ExecutionFacts, ENVIRONMENT, {"matrix_convolutions": ["a"]}),
        (ExecutionFacts, ENVIRONMENT, {"device": 3}),
        (ExecutionFacts, ENVIRONMENT, {"data_fingerprint": None}),
        (ExecutionFacts, ENVIRONMENT, {"recipe": "fast"}),
        (EvaluationSummary, SUMMARY, {"accuracy": 1.5}),
        (EvaluationSummary, SUMMARY, {"interval": [0.1]}),
        (EvaluationSummary, SUMMARY, {"loss": float("nan")}),
        (EvaluationSummary, SUMMARY, {"split": "all"}),
    ],
)
def test_every_field_has_bounds(fields, content, changes):
    fields.model_validate(content)
    with pytest.raises(pydantic.ValidationError):
        fields.model_validate(content | changes)
    (name,) = changes
    if name in ("device", "precision", "accuracy", "loss"):
        with pytest.raises(pydantic.ValidationError):
            fields.model_validate({key: each for key, each in content.items() if key != name})


@pytest.mark.parametrize(
    "changes",
    [{"kind": 1}, {"step": -1}, {"step": "one"}, {"seconds": float("inf")}, {"epoch": 0.5}],
)
def test_a_line_of_metrics_has_bounds(changes):
    line = {"kind": "epoch", "step": 3, "train_loss": 0.5}
    MetricLine.model_validate(line)
    with pytest.raises(pydantic.ValidationError):
        MetricLine.model_validate(line | changes)
