"""Who proposes the next architecture of a search: chance, or Optuna."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from convscope.errors import ConvscopeError

LAYERS, CHANNELS, KERNELS = (1, 2, 3, 4, 5, 6), (4, 8, 12, 16, 24, 32), (1, 3, 5, 7)
FIRST_AT_RANDOM = 6  # proposals before Optuna's sampler makes any of its own

Sampler = tuple[Callable[[], tuple[int, int, int]], Callable[[float | None], None]]
"""Gives (layers, channels, kernel); is told the accuracy, or None for what wasn't tried."""


def _draw_at_random(seed: int) -> Sampler:
    random = np.random.default_rng(seed)

    def propose() -> tuple[int, int, int]:
        layers, channels, kernel = (random.choice(each) for each in (LAYERS, CHANNELS, KERNELS))
        return int(layers), int(channels), int(kernel)

    return propose, lambda accuracy: None


def _ask_optuna(seed: int) -> Sampler:
    try:
        import optuna
    except ImportError as error:
        raise ConvscopeError(
            'sampler="tpe" needs Optuna: pip install "convscope[tune]". '
            'sampler="random" needs nothing.'
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=FIRST_AT_RANDOM)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    asked = []

    def propose() -> tuple[int, int, int]:
        trial = study.ask()
        asked.append(trial)
        return (
            trial.suggest_categorical("layers", LAYERS),
            trial.suggest_categorical("channels", CHANNELS),
            trial.suggest_categorical("kernel", KERNELS),
        )

    def tell(accuracy: float | None) -> None:
        if accuracy is None:
            study.tell(asked[-1], state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(asked[-1], accuracy)

    return propose, tell


SAMPLERS: Mapping[str, Callable[[int], Sampler]] = {"random": _draw_at_random, "tpe": _ask_optuna}
