import json


def test_the_machines(command):
    shown = command("plan", "--on", "list").stdout
    assert "NVIDIA A100 SXM" in shown
    listed = json.loads(command("plan", "--on", "list", "--json").stdout)["machines"]
    assert listed["v100"]["source"] == "NVIDIA Tesla V100 GPU architecture whitepaper"


def test_a_forecast(command):
    shown = command("plan", "lenet", "digits", "--size", "28", "--on", "v100").stdout
    assert "lenet on digits, 28×28 pixels" in shown
    assert "float32, on NVIDIA Tesla V100" in shown
    assert "Rough: from the maker's figures" in shown
    assert "It fits into 16 GB." in shown
    assert "What limits the step: launching operations" in shown


def test_json_is_one_object(command):
    done = command("plan", "lenet", "digits", "--size", "28", "--on", "h100", "--json")
    result = json.loads(done.stdout)
    assert result["precision"] == "bfloat16"
    assert result["step_seconds"]["low"] < result["step_seconds"]["high"]


def test_a_name_that_is_not_there(command):
    done = command("plan", "lenet", "digits", "--on", "v10", code=2)
    assert "Unknown machine 'v10'. Did you mean 'v100'?" in done.stderr


def test_what_does_not_go_together(command):
    for options in (["--fits", "4GB"], ["--what-if"]):
        done = command("plan", "lenet", "digits", "--on", "v100", *options, code=2)
        assert "--on stands without all, --fits, --plot, --what-if and --budget." in done.stderr


def test_calibrating_is_about_the_machine(command):
    done = command("doctor", "some-run", "--calibrate", code=2)
    assert "--calibrate is about this machine: convscope doctor --calibrate" in done.stderr


def test_completion():
    from convscope.cli.complete import complete_machine
    from convscope.planning.machines import machines

    assert complete_machine("") == ["list", *machines()]
    assert complete_machine("h") == ["h100", "h200"]
