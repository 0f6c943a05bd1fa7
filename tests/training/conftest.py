import pytest


@pytest.fixture(autouse=True)
def _fewer_figures(request):
    """Reports are written without figures, unless a test is marked with `draws_figures`."""
    if "draws_figures" not in request.keywords:
        request.getfixturevalue("without_figures")
