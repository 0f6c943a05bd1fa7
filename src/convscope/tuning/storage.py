"""Where a study lies: one of Optuna's databases, which several processes and machines share."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pydantic

from convscope.errors import ConvscopeError, UsageError, first_invalid

HEARTBEAT, GRACE = 15, 60
"""Seconds: a process writes so often that it lives; silent for so long, its trial is retried."""

RETRIES = 3  # of a trial whose process ended
PATIENCE = 60  # seconds to wait for another process that writes into the same SQLite file
DRIVERS = {
    "psycopg": '"psycopg[binary]"',
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "pymysql": "PyMySQL",
}
"""What is installed for a module that SQLAlchemy misses, where it is called otherwise."""

ABOUT = "convscope"
"""Name of the attribute that says what a study is of."""


def import_optuna() -> ModuleType:
    """Optuna, which tells of its own affairs only what went wrong.

    Raises:
        ConvscopeError: It isn't installed; says how to.
    """
    try:
        import optuna
    except ImportError as error:
        raise ConvscopeError(
            "convscope tune searches with Optuna, which isn't installed: pip install \"convscope"
            '[tune]".'
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna  # type: ignore[no-any-return]


def connect(url: str) -> Any:
    """Optuna's storage of a database.

    Args:
        url: As SQLAlchemy has it, such as sqlite:///study.db or postgresql://user@host/name.

    Raises:
        UsageError: It isn't such a URL.
        ConvscopeError: The database can't be reached, or its driver isn't installed.
    """
    optuna = import_optuna()
    arguments = {"connect_args": {"timeout": PATIENCE}} if url.startswith("sqlite") else {}
    if "://" not in url:
        raise UsageError(
            f"--storage takes the URL of a database, such as sqlite:///study.db or "
            f"postgresql://user@host/name; given {url!r}."
        )
    with without_warnings(), explain_storage(url):
        return optuna.storages.RDBStorage(
            url,
            engine_kwargs=arguments,
            heartbeat_interval=HEARTBEAT,
            grace_period=GRACE,
            heartbeat_stale_trial_callback=retry,
        )


def retry(study: Any, trial: Any) -> None:
    """Queue a trial again whose process ended, with the same values, a few times at most."""
    optuna = import_optuna()
    with without_warnings():
        optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=RETRIES)(study, trial)


def create_study(storage: Any, url: str, name: str, sampler: Any, pruner: Any, about: Any) -> Any:
    """A new study of this name.

    Args:
        storage: From `connect`.
        url: Where it lies, for messages.
        name: Its name.
        sampler: Proposes values.
        pruner: Ends trials early.
        about: What the study is of, as plain data.

    Raises:
        UsageError: There is one of this name.
    """
    optuna = import_optuna()
    with explain_storage(url):
        try:
            study = optuna.create_study(
                storage=storage,
                study_name=name,
                sampler=sampler,
                pruner=pruner,
                direction="maximize",
            )
        except optuna.exceptions.DuplicatedStudyError:
            raise UsageError(
                f"{hide_password(url)} holds a study {name!r} already. Go on with it, or join the "
                "processes that do: --resume; or give another name: --study."
            ) from None
        study.set_user_attr(ABOUT, json.dumps(about))
    return study


def load_study(storage: Any, url: str, name: str, sampler: Any, pruner: Any) -> tuple[Any, Any]:
    """The study of this name, and what it is of.

    Raises:
        UsageError: There is none, or it isn't one that `convscope tune` made.
    """
    optuna = import_optuna()
    with explain_storage(url), explain_damage(url, name):
        names = sorted(optuna.get_all_study_names(storage=storage))
        if name not in names:
            there = f"It has: {', '.join(names)}." if names else "It has none."
            raise UsageError(
                f"{hide_password(url)} holds no study {name!r}. {there} Give its name (--study), "
                "or begin a new one: without --resume."
            )
        study = optuna.load_study(storage=storage, study_name=name, sampler=sampler, pruner=pruner)
        about = study.user_attrs.get(ABOUT)
    if about is None:
        raise UsageError(
            f"The study {name!r} in {hide_password(url)} wasn't made by convscope tune, so nothing "
            "there is touched. Give another name: --study."
        )
    with explain_damage(url, name):
        return study, StudyFacts.model_validate_json(about).model_dump()


class StudyFacts(pydantic.BaseModel):
    """What a study is of, as it stands in its database."""

    recipe: dict[str, Any]
    space: list[str]
    fingerprint: str


@contextmanager
def explain_damage(url: str, name: str) -> Iterator[None]:
    """Within, what a study can't hold is an error in words: anybody may have written into it.

    Raises:
        ConvscopeError: Something in it is damaged.
    """
    try:
        yield
    except ConvscopeError:
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
        reason = str(error)
        if isinstance(error, pydantic.ValidationError):
            reason = first_invalid(error)
        elif isinstance(error, KeyError):
            reason = f"it has no {error}"
        reason = " ".join(reason.split())[:200]
        raise ConvscopeError(
            f"The study {name!r} in {hide_password(url)} is damaged: {reason}. Begin another one "
            "(--study, or another --out); runs that were made are kept."
        ) from None


def hide_password(url: str) -> str:
    """The URL as it may be shown."""
    import sqlalchemy

    try:
        return str(sqlalchemy.engine.make_url(url).render_as_string(hide_password=True))
    except sqlalchemy.exc.ArgumentError:
        return url.partition("://")[0] + "://…"


def sqlite_url(folder: Path) -> str:
    """The URL of the database in a study's own folder."""
    return f"sqlite:///{(folder / 'study.db').resolve()}"


@contextmanager
def without_warnings() -> Iterator[None]:
    """Within: Optuna doesn't warn of parts that it calls experimental."""
    optuna = import_optuna()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


@contextmanager
def explain_storage(url: str) -> Iterator[None]:
    """Within, a database that fails is an error in words.

    Raises:
        UsageError: The URL isn't one.
        ConvscopeError: The database can't be reached, or its driver isn't installed.
    """
    import sqlalchemy

    optuna = import_optuna()
    shown = hide_password(url)
    try:
        yield
    except (sqlalchemy.exc.ArgumentError, sqlalchemy.exc.NoSuchModuleError) as error:
        raise UsageError(
            f"--storage {shown}: {error}. Give a URL such as sqlite:///study.db or "
            "postgresql://user@host/name."
        ) from None
    except ImportError as error:
        cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error
        module = cause.name or "its driver"
        raise ConvscopeError(
            f"--storage {shown} needs a driver for this kind of database, {module}, which isn't "
            f"installed: pip install {DRIVERS.get(module, module)}"
        ) from None
    except (optuna.exceptions.StorageInternalError, sqlalchemy.exc.SQLAlchemyError) as error:
        cause = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        reason = " ".join(str(cause).split())[:200]
        raise ConvscopeError(
            f"The storage {shown} can't be used: {reason}. Runs that were made are kept; when it "
            "can be reached again, give the same command (with --resume if the study had begun)."
        ) from None
