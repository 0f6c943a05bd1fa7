from convscope.runs.differences import find_differing_fields
from convscope.runs.recipe import Recipe


def test_fields_that_differ():
    first = Recipe(epochs=1, network_arguments={"width": 16})
    second = first.replace(learning_rate=0.5, augmentation={"crop": 2})
    third = Recipe(epochs=1, seed=3)
    assert find_differing_fields([first, second, third], ignored=["seed"]) == {
        "network_arguments.width": (16, 16, None),
        "augmentation.crop": (0, 2, 0),
        "learning_rate": (0.1, 0.5, 0.1),
    }
    assert find_differing_fields([first, first]) == {}
