"""A socket at an address."""

import pytest

from convscope.errors import UsageError
from convscope.web.listening import listening, shown_address


def test_a_free_port_is_found_and_shown():
    with listening("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        assert port > 0
        assert shown_address("127.0.0.1", door) == f"http://127.0.0.1:{port}"
        assert shown_address("::1", door) == f"http://[::1]:{port}"


def test_a_port_that_is_taken():
    with listening("127.0.0.1", 0) as door:
        door.listen()
        port = door.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} of 127.0.0.1 can't be had: .*--port"):
            listening("127.0.0.1", port)
