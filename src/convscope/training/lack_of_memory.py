"""What is said where a machine's or a device's memory doesn't suffice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from convscope.errors import ConvscopeError
from convscope.look.numbers import size as size_in_words

_MESSAGES = ("can't allocate memory", "out of memory", "bad_alloc", "cannot allocate memory")


@contextmanager
def explain_lack_of_memory(batch_size: int) -> Iterator[None]:
    """Say in a sentence that memory didn't suffice, and what would need less.

    Args:
        batch_size: Images in a step, of which fewer would need less memory.

    Raises:
        ConvscopeError: In place of the errors that PyTorch and Python have for it.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _is_lack_of_memory(error):
            raise
        asked = re.search(r"tried to allocate (\d+) bytes", str(error))
        more = f": {size_in_words(int(asked[1]))} more were asked for" if asked else ""
        fewer = f"--batch-size {batch_size // 2}, or " if batch_size > 1 else ""
        raise ConvscopeError(
            f"The memory doesn't suffice for batches of {batch_size:,}{more}. Begin anew with "
            f"{fewer}--recompute auto; convscope plan says what fits. A run that had a checkpoint "
            "keeps it, and goes on with resume when there is more memory."
        ) from None


def _is_lack_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(
        message in str(error).lower() for message in _MESSAGES
    )
