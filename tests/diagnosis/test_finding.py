from convscope.diagnosis.finding import (
    OTHER_START,
    Check,
    RunFinding,
    Severity,
    in_words,
    rank,
)
from convscope.runs.recipe import Recipe


def finding(what, severity):
    return RunFinding(what, "Seen.", "Change.", severity)


def test_the_worst_first_and_causes_before_what_they_lead_to():
    checks = [
        Check("a", "1", (finding("late", Severity.WARNING),)),
        Check("b", "2", (finding("cause", Severity.FAULT),)),
        Check("c", "3"),
        Check("d", "4", (finding("consequence", Severity.FAULT), finding("n", Severity.NOTE))),
    ]
    assert [each.what for each in rank(checks)] == ["cause", "consequence", "late", "n"]


def test_a_loss_that_ran_away_is_a_power_of_ten():
    assert in_words(2.30259) == "2.303"
    assert in_words(117778272523124736.0) == "1.2e+17"


def test_the_other_start_is_one_that_recipes_take():
    fields = dict(each.strip().split("=") for each in OTHER_START[1].split("--set")[1:])
    recipe = Recipe(epochs=1).replace(**fields)
    assert (recipe.initialization, recipe.clip_gradient) == ("data-dependent", 1.0)
