"""`convscope serve`: what it refuses before it starts."""

import pytest

TOKEN = "a-token-that-nobody-guesses"  # noqa: S105


def serve_fails(command, *arguments, code):
    return command("serve", *arguments, "--port", "0", code=code).stderr


def test_not_a_run(command, tmp_path):
    assert "No run folder 'nowhere'" in serve_fails(command, "nowhere", code=2)
    (tmp_path / "empty").mkdir()
    assert "'empty' isn't a run: it has no recipe.toml." in serve_fails(command, "empty", code=2)
    missing = serve_fails(command, "gone.safetensors", code=2)
    assert missing == "convscope: No model file 'gone.safetensors'.\n"


def test_a_run_without_a_model(command, digits_run, tmp_path):
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    (unfinished / "recipe.toml").write_bytes(digits_run.recipe_file.read_bytes())
    assert "has no model yet" in serve_fails(command, "unfinished", code=2)


def test_damaged_weights(command, digits_run, tmp_path):
    (tmp_path / "m.safetensors").write_bytes(digits_run.model_file.read_bytes()[:1000])
    said = serve_fails(command, "m.safetensors", code=1)
    assert said.startswith("convscope: Model file 'm.safetensors' is damaged: ")


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("--engine", "tpu", "Unknown engine 'tpu'. There are: auto, bfloat16, float32, onnx."),
        ("--max-batch", "0", "--max-batch must be at least 1; given 0."),
        ("--max-queue", "0", "--max-queue must be at least 1; given 0."),
        ("--wait-ms", "-1", "--wait-ms must be from 0 to 1000; given -1."),
        ("--timeout", "0", "--timeout must be above 0 and at most 3600 seconds; given 0."),
        ("--token", "short", "The token needs at least 16 characters"),
        ("--host", "256.1.1.1", "--host 256.1.1.1 lets others reach the server, so it needs"),
    ],
)
def test_options_that_fit_nothing(command, digits_run, option, value, error):
    assert error in serve_fails(command, digits_run.folder, option, value, code=2)


def test_a_port_that_is_none(command, digits_run):
    done = command("serve", digits_run.folder, "--port", "70000", code=2)
    assert done.stderr == "convscope: --port must be from 0 to 65535; given 70000.\n"


def test_an_address_of_another_machine(command, digits_run):
    arguments = ("--host", "192.0.2.1", "--token", TOKEN)
    assert "Port 0 of 192.0.2.1 can't be had: " in serve_fails(
        command, digits_run.folder, *arguments, code=2
    )


def test_help_names_every_limit(command):
    text = command("serve", "--help").stdout
    for option in ("--port", "--host", "--token", "--engine", "--max-batch", "--wait-ms",
                   "--max-queue", "--timeout"):  # fmt: skip
        assert option in text
