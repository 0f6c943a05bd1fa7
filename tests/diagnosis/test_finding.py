from convscope.diagnosis.finding import Check, RunFinding, Severity, in_words, rank


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
