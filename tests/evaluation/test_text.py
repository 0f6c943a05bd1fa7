from tests.evaluation.made_evaluations import evaluation_of


def test_an_evaluation_prints_itself_plainly(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    text = str(evaluation_of([0, 1, 1], [0, 1, 0], ["cat", "[bold]dog"]))
    lines = text.splitlines()
    assert lines[0].startswith("test accuracy 66.67 % (95 % interval ")
    assert "3 images of arrays in 0.1 s" in lines
    assert "Calibration error 2.0 % (without the temperature 1.50: 5.0 %)" in lines
    assert "1 mistake; the most confident:" in lines
    assert lines[-1] == "   90.0 %  cat, but it is [bold]dog: arrays[2]"
    assert "\x1b" not in text
    assert "Evaluation(" not in text


def test_in_a_notebook_it_is_an_escaped_table():
    html = evaluation_of([0, 1], [0, 1], ["cat", "<script>"])._repr_html_()
    assert html.startswith("<table>")
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "test accuracy 100.00 %" in html


def test_it_draws_itself_with_and_without_a_file(tmp_path):
    evaluation = evaluation_of([0, 1], [0, 0], ["cat", "dog"])
    figure = evaluation.figure()
    assert [text.get_text() for text in figure.texts]
    evaluation.figure(tmp_path / "confusion.png")
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_classes_without_images_are_left_out_of_the_tables():
    evaluation = evaluation_of([0, 0, 0], [0, 0, 2], ["cat", "dog", "emu", "fox"])
    assert evaluation.present == (0, 2)
    lines = str(evaluation).splitlines()
    assert [line.split()[0] for line in lines if line[:3] in evaluation.classes] == [
        "cat",  # of the classes
        "cat",  # of the matrix
        "emu",
    ]
    assert "Balanced accuracy 66.67 %" in lines[1]


def test_a_single_class_is_a_table_of_one(tmp_path):
    evaluation = evaluation_of([1, 1], [1, 1], ["cat", "dog"])
    assert "100.0 %  100.0 %  100.0 %       2" in str(evaluation)
    evaluation.figure(tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 0
