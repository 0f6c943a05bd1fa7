"""Reading plain data out of a pickle without unpickling it.

A pickle is a program: `pickle.load` runs it, and it may call anything. Here its instructions are
only decoded (by `pickletools`, which executes nothing) and those that build dictionaries, lists,
tuples, texts, bytes and numbers are followed. Names of functions and calls of them become inert
notes, `Named` and `Called`, for the reader to make sense of; any other instruction is refused.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from typing import Any

MARK = object()
PUSHED = {  # instructions whose argument is the value itself
    "BININT",
    "BININT1",
    "BININT2",
    "LONG1",
    "SHORT_BINSTRING",
    "BINSTRING",
    "SHORT_BINUNICODE",
    "BINUNICODE",
    "SHORT_BINBYTES",
    "BINBYTES",
    "BINBYTES8",
}
CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclass(frozen=True)
class Named:
    """The name of something that the pickle would have imported."""

    name: str


@dataclass
class Called:
    """A call that the pickle would have made, and the state it would have set."""

    function: Any
    arguments: Any
    state: Any = None


def read_plain_pickle(content: bytes) -> Any:
    """The data in a pickle, with nothing executed.

    Args:
        content: A pickle of protocol 2 to 5. Strings of Python 2 become text, one character per
            byte (latin-1).

    Returns:
        Dictionaries, lists, tuples, texts, bytes, numbers, and notes of names and calls.

    Raises:
        ValueError: It is no pickle, or does what plain data does not need.
    """
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        for instruction, argument, _ in pickletools.genops(content):
            if instruction.name == "STOP":
                return stack.pop()
            _follow(instruction.name, argument, stack, memo)
    except ValueError:
        raise
    except Exception as error:  # nonsense fails in many ways: an empty stack, an unknown note, …
        reason = type(error).__name__  # its text may hold what the pickle nests
        raise ValueError(f"not a pickle that can be read: {reason}") from error
    raise ValueError("the pickle has no end")


def _follow(name: str, argument: Any, stack: list[Any], memo: dict[int, Any]) -> None:
    if name in PUSHED:
        stack.append(argument)
    elif name in CONSTANTS:
        stack.append(CONSTANTS[name])
    elif name in EMPTY:
        stack.append(EMPTY[name]())
    elif name in TUPLES:
        stack[-TUPLES[name] :] = [tuple(stack[-TUPLES[name] :])]
    elif name == "MARK":
        stack.append(MARK)
    elif name == "TUPLE":
        items = _since_mark(stack)
        stack.append(tuple(items))
    elif name in ("APPEND", "APPENDS"):
        items = [stack.pop()] if name == "APPEND" else _since_mark(stack)
        _of_kind(stack[-1], list).extend(items)
    elif name in ("SETITEM", "SETITEMS"):
        items = _since_mark(stack) if name == "SETITEMS" else [stack.pop(), stack.pop()][::-1]
        # Tuples that share tuples take work that doubles with every level, to be hashed as keys.
        if not all(isinstance(key, str | bytes | int | None) for key in items[::2]):
            raise ValueError("a dictionary of the pickle has keys that are neither text nor number")
        _of_kind(stack[-1], dict).update(zip(items[::2], items[1::2], strict=True))
    elif name == "GLOBAL":
        stack.append(Named(argument.replace(" ", ".")))
    elif name == "STACK_GLOBAL":
        attribute, module = stack.pop(), stack.pop()
        stack.append(Named(f"{module}.{attribute}"))
    elif name == "REDUCE":
        arguments = stack.pop()
        stack[-1] = _called(stack[-1], arguments)
    elif name == "BUILD":
        state = stack.pop()
        _of_kind(stack[-1], Called).state = state
    elif name in ("BINPUT", "LONG_BINPUT"):
        memo[argument] = stack[-1]
    elif name == "MEMOIZE":
        memo[len(memo)] = stack[-1]
    elif name in ("BINGET", "LONG_BINGET"):
        stack.append(memo[argument])
    elif name not in ("PROTO", "FRAME"):
        raise ValueError(f"the pickle uses {name}, which plain data does not need")


def _called(function: Any, arguments: Any) -> Any:
    """A note of the call; or bytes, which protocol 2 writes as a call that makes them."""
    match function, arguments:
        case Named("_codecs.encode"), (str(text), "latin1"):
            return text.encode("latin-1")
    return Called(function, arguments)


def _since_mark(stack: list[Any]) -> list[Any]:
    position = len(stack) - 1 - next(i for i, item in enumerate(reversed(stack)) if item is MARK)
    items = stack[position + 1 :]
    del stack[position:]
    return items


def _of_kind(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"the pickle treats a {type(value).__name__} as a {kind.__name__}")
    return value
