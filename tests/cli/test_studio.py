"""`convscope studio`: its help, and what it refuses before it starts."""


def test_help_has_examples(command):
    said = command("studio", "--help").stdout
    assert "convscope studio runs --port 9000" in said
    assert "RUNS_FOLDER" in said


def test_a_file_and_a_port_that_is_none(command, tmp_path):
    (tmp_path / "x").write_text("")
    assert "is a file" in command("studio", "x", "--port", "0", "--no-open", code=2).stderr
    said = command("studio", "--port", "70000", "--no-open", code=2).stderr
    assert said == "convscope: --port must be from 0 to 65535; given 70000.\n"


def test_completion_names_folders(tmp_path, monkeypatch):
    from convscope.cli.complete import complete_folder

    (tmp_path / "runs").mkdir()
    (tmp_path / "rest").write_text("")
    monkeypatch.chdir(tmp_path)
    assert complete_folder("r") == ["runs"]
