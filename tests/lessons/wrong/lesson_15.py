"""Libraries that are wrong about batch normalization, and stored results that say otherwise."""

from dataclasses import replace

from convscope.definitions.normalization import batch_norm_training
from convscope.lessons.stored_results import stored
from tests.lessons.wrong import Wrong


def normalize_and_add(x, moments, epsilon):
    return x + 0.01


def exchange_shares(x, scale, shift, moving, *, keep):
    return batch_norm_training(x, scale, shift, moving, keep=1 - keep)


def do_nothing(self, x):
    return x


def always_ask_the_batch(self, x):
    return (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt()


def forget_everything(self, x):
    return 0 * x


def exchange_names(name):
    """What one network, kind or rate has reached is said of the other."""
    other = {
        "plain": "batch norm", "batch norm": "plain", "lenet": "lenet-bn", "lenet-bn": "lenet",
    }  # fmt: skip
    kept = stored(name)
    rows = [
        {
            key: other.get(value, value) if isinstance(value, str) else value
            for key, value in row.items()
        }
        for row in kept.rows
    ]
    return replace(kept, rows=tuple(rows))


def learn_nothing(name):
    """LeNet with batch normalization stays at guessing."""
    kept = stored(name)
    if name != "batch_norm_seeds":
        return kept
    rows = [{**row, "test_accuracy": [0.1] * len(row["test_accuracy"])} for row in kept.rows]
    return replace(kept, rows=tuple(rows))


WRONG = [
    Wrong(
        "the definition adds instead of normalizing",
        {"convscope.definitions.normalization._normalize": normalize_and_add},
        turns=["15.equal"],
    ),
    Wrong(
        "the shares of old and new are exchanged",
        {"convscope.experiments.moving_averages.batch_norm_training": exchange_shares},
        turns=["15.momentum"],
    ),
    Wrong(
        "batch normalization of vectors does nothing",
        {"torch.nn.BatchNorm1d.forward": do_nothing},
        turns=[
            "15.variance", "15.two", "15.one", "15.mode", "15.sorted", "15.forward",
            "15.equal_rate", "15.best_rate", "15.rates",
        ],
    ),
    Wrong(
        "prediction asks the batch",
        {"torch.nn.BatchNorm1d.forward": always_ask_the_batch},
        turns=["15.alone"],
    ),
    Wrong(
        "batch normalization of maps forgets what it is given",
        {"torch.nn.BatchNorm2d.forward": forget_everything},
        turns=["15.pixels", "15.lag"],
    ),
    Wrong(
        "results with and without are exchanged",
        {"convscope.lessons.stored": exchange_names},
        turns=["15.small", "15.large", "15.lenet_rates"],
    ),
    Wrong(
        "LeNet with batch normalization learns nothing",
        {"convscope.lessons.stored": learn_nothing},
        turns=["15.lenet", "15.jumps"],
    ),
    Wrong(
        "noise moves nothing",
        {"convscope.experiments.normalized_networks.ShiftingNoise.forward": do_nothing},
        turns=["15.shift"],
    ),
]  # fmt: skip
