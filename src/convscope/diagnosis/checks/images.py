"""Checks of what goes in: classes, labels, pixels."""

from __future__ import annotations

from convscope.diagnosis.finding import Check, RunFinding, Severity
from convscope.diagnosis.measurements import Measurements
from convscope.look.names import join_names
from convscope.look.numbers import percent

MAJORITY = 0.5  # share of the training images in one class that is called imbalance
FAVOURITE = 0.95  # share of the predictions that name one class
FAR_OFF, WIDE, NARROW = 3.0, 5.0, 0.05  # mean and standard deviation that pixels shouldn't have
RAW = 20.0  # a standard deviation above this is that of pixels from 0 to 255
KNOWS = 3.0  # times chance: a network that is right so often has learned something
CHANCE = 1.5  # times chance: a network below this hasn't
BY_HEART = 4  # passes over the images, after which some may be known by heart
FALL = 0.95  # of the entropy of the classes: a lower loss needs images that tell of labels


def check_classes(measured: Measurements) -> Check:
    """Are there several classes, all with images, none of them nearly alone?"""
    name = "classes"
    train = measured.subject.train
    counts = train.counts()
    largest = max(counts, key=lambda each: counts[each])
    share = counts[largest] / len(train)
    smallest = min(counts.values())
    figures = (
        f"{len(train):,} training images in {len(counts)} classes, {smallest:,} to "
        f"{counts[largest]:,} in each"
    )
    if counts[largest] == len(train):
        evidence = f"All {len(train):,} training images are labelled {largest!r}."
        change = "Check how labels are read; a folder needs one subfolder for each class."
        return Check(
            name,
            figures,
            (RunFinding("All images are of one class", evidence, change, Severity.FAULT),),
        )
    findings = []
    empty = [each for each, count in counts.items() if count == 0]
    if empty:
        evidence = f"No training image is labelled {join_names(map(repr, empty))}."
        change = "Add images of these classes, or leave the classes out."
        findings.append(RunFinding("Classes without images", evidence, change, Severity.WARNING))
    if measured.predictions is not None and share > MAJORITY:
        evaluated = measured.predictions.train
        predicted = list(counts)[evaluated.favourite]
        if predicted == largest and evaluated.favourite_share >= FAVOURITE:
            evidence = (
                f"{percent(share, 0)} of the training images are {largest!r}, and the network "
                "answers "
                f"{largest!r} for {percent(evaluated.favourite_share, 0)} of them: it is right "
                "often "
                "without telling classes apart."
            )
            change = (
                "Give the rare classes more weight: repeat their rows, "
                "train.subset(numpy.concatenate([rows, rare_rows, rare_rows])), or add images."
            )
            findings.append(
                RunFinding("One class drowns the others", evidence, change, Severity.FAULT)
            )
    return Check(name, figures, tuple(findings))


def check_labels(measured: Measurements) -> Check:
    """Do the labels belong to the images?"""
    own, others = measured.train_vote, measured.monitor_vote
    name = "labels"
    monitor = measured.subject.job.monitor_name
    figures = (
        f"{percent(own.accuracy, 0)} of {own.images:,} training images carry the label of most of "
        f"their nearest neighbours (chance {percent(own.chance, 0)}); "
        f"{percent(own.contradicted, 0)} are "
        "contradicted by 4 of 5"
    )
    if measured.predictions is None or measured.guessing_loss == 0:  # nothing to tell apart
        return Check(name, figures)
    seen, unseen = measured.predictions.train, measured.predictions.monitor
    knows_others = unseen.accuracy > CHANCE * others.chance
    learns = _lowers_the_loss_quickly(measured)
    memorized = seen.accuracy > KNOWS * own.chance
    if own.says_nothing and not knows_others and (memorized or not learns):
        instead = (
            f"It has learned {percent(seen.accuracy, 0)} of the training images by heart, but o"
            if memorized
            else "O"
        )
        evidence = (
            f"Images that look alike carry the same label no more often than by chance "
            f"({percent(own.accuracy, 0)} against {percent(own.chance, 0)} with shuffled labels), "
            "and "
            f"{percent(own.contradicted, 0)} are contradicted by 4 of 5 neighbours. {instead}n "
            f"{monitor} "
            f"images the network is right for {percent(unseen.accuracy, 0)}."
        )
        change = (
            "Look at some images with their labels (convscope data DATA) and check that both "
            "are read, sorted and shuffled in the same order."
        )
        found = RunFinding(
            "The labels don't belong to the images", evidence, change, Severity.FAULT
        )
        return Check(name, figures, (found,))
    if own.is_informative and others.says_nothing and not knows_others:
        evidence = (
            f"Neighbours among the training images give the right label for "
            f"{percent(own.accuracy, 0)} of the training images, but for "
            f"{percent(others.accuracy, 0)} of the "
            f"{monitor} images (chance {percent(others.chance, 0)}); the network is right for "
            f"{percent(seen.accuracy, 0)} and {percent(unseen.accuracy, 0)}."
        )
        change = f"Check that the classes of the {monitor} images have the same order."
        title = f"The labels of the {monitor} images don't belong to them"
        return Check(name, figures, (RunFinding(title, evidence, change, Severity.FAULT),))
    return Check(name, figures)


def _lowers_the_loss_quickly(measured: Measurements) -> bool:
    """Whether some steps from the first weights learned more than how frequent classes are.

    Steps that pass over the same few images again and again don't count: those may have been
    learned by heart.
    """
    test = measured.range_test
    if test is None:
        return False
    seen = test.batch_size * len(test.rates)
    least = min([test.least_loss, *(trial.loss for trial in measured.trials)])
    is_low = least < FALL * measured.guessing_loss
    return is_low and seen <= BY_HEART * len(measured.subject.train)


def check_pixels(measured: Measurements) -> Check:
    """Do pixels arrive at the first layer near mean 0 and standard deviation 1?"""
    name = "pixels"
    seen = measured.first_input
    if seen is None:
        return Check(name, "no layer with weights was seen to get the images")
    figures = (
        f"layer {seen.layer!r} gets mean {seen.mean:.2f}, standard deviation {seen.std:.2f} "
        f"({seen.least:.2f} to {seen.largest:.2f})"
    )
    if seen.std == 0:
        evidence = (
            f"Every value that arrives at layer {seen.layer!r} is {seen.mean:.3g}: there is "
            "nothing to tell images apart by."
        )
        change = (
            "Look at the images (convscope data DATA). Values in [0, 1] become bytes by "
            "(images * 255).round().astype('uint8'), not by astype alone."
        )
        found = RunFinding(
            "All pixels are the same", evidence, change, Severity.FAULT, "", seen.layer
        )
        return Check(name, figures, (found,))
    is_usual = abs(seen.mean) <= FAR_OFF and NARROW <= seen.std <= WIDE
    if is_usual or seen.is_normalization:
        return Check(name, figures)
    evidence = (
        f"The pixels that arrive at layer {seen.layer!r} have mean {seen.mean:.3g} and standard "
        f"deviation {seen.std:.3g} (from {seen.least:.3g} to {seen.largest:.3g}); weights are "
        "made for values near mean 0 and standard deviation 1."
    )
    if measured.subject.job.card.network:
        change = "Let training normalize the pixels."
        options = "--set normalization=standard"
    else:
        change = (
            "Give the layer the images as they come, which are normalized already, without "
            "scaling them again in forward."
        )
        options = ""
    severity = Severity.FAULT if seen.std > RAW or not measured.has_learned else Severity.WARNING
    found = RunFinding(
        "The pixels aren't normalized", evidence, change, severity, options, seen.layer
    )
    return Check(name, figures, (found,))


def check_same_images(measured: Measurements) -> Check:
    """Are the images those that the run began with?"""
    name = "same images"
    if not measured.subject.has_other_images:
        return Check(name, "the training images are those the run began with")
    figures = "the training images aren't those the run began with"
    evidence = (
        f"The fingerprint of the images in {measured.subject.train.name!r} isn't the one "
        "written down when the run began, so figures here may not be true of the run."
    )
    change = "Start the run again on the images there are now, or bring the old ones back."
    found = RunFinding("The training images have changed", evidence, change, Severity.WARNING)
    return Check(name, figures, (found,))
