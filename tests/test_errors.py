import pydantic
import pytest

from convscope.errors import (
    ConvscopeError,
    UsageError,
    first_invalid,
    training_diverged,
    unknown_name,
)


def test_suggests_the_nearest_name():
    error = unknown_name("network", "resnet81", ["lenet", "resnet18", "resnet34"])
    assert str(error) == "Unknown network 'resnet81'. Did you mean 'resnet18' or 'resnet34'?"


def test_lists_the_names_when_none_is_near():
    error = unknown_name("recipe", "zzz", ["fast", "book"])
    assert str(error) == "Unknown recipe 'zzz'. There are: book, fast."


@pytest.mark.parametrize(("kind", "code"), [(ConvscopeError, 1), (UsageError, 2)])
def test_exit_codes(kind, code):
    assert kind("x").exit_code == code


def test_a_wrong_use_is_a_value_error_for_python():
    assert issubclass(UsageError, ValueError)


def test_a_training_that_diverged_is_said_in_one_sentence():
    whole = str(training_diverged())
    assert whole.startswith("The network's logits are not numbers")
    assert "its training diverged. Train again with a lower learning rate." in whole
    assert str(training_diverged("For 3 of 9 images ")).startswith("For 3 of 9 images the network")


def test_what_pydantic_found_wrong_is_one_sentence():
    class Part(pydantic.BaseModel):
        count: int

    class Whole(pydantic.BaseModel):
        parts: list[Part]

        @pydantic.model_validator(mode="after")
        def _has_parts(self):
            if not self.parts:
                raise ValueError("there are no parts")
            return self

    def sentence(content):
        with pytest.raises(pydantic.ValidationError) as caught:
            Whole.model_validate(content)
        return first_invalid(caught.value)

    assert sentence({"parts": [{"count": 1}, {"count": "x"}]}).startswith("parts.1.count: Input")
    assert sentence({"parts": []}) == "there are no parts"
