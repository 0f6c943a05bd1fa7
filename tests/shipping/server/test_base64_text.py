"""Base64 in the forms that are in use; anything else is refused, whatever its length."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.shipping.server.base64_text import decode_base64


@given(
    content=st.binary(max_size=200),
    width=st.integers(1, 80),
    end=st.sampled_from(["", "\n", "\r\n", "\t"]),
    prefix=st.sampled_from(
        [
            "",
            "data:image/png;base64,",
            "data:;base64,",
            " data:image/jpg;a=b;base64, ",
            "data:image/*;base64,\r\n",
        ]
    ),
    safe=st.booleans(),
    padded=st.booleans(),
)
def test_every_form_gives_the_bytes(content, width, end, prefix, safe, padded):
    text = (base64.urlsafe_b64encode if safe else base64.b64encode)(content).decode()
    text = text if padded else text.rstrip("=")
    text = end.join(text[at : at + width] for at in range(0, len(text), width))
    assert decode_base64(prefix + text) == content


@pytest.mark.parametrize(
    "text",
    ["A", "AAAAA", "AA=", "A===", "=", "====", "AA==AA==", "AA=A", "A A=", "AA AA", "AAA.",
     "ä", "\0", "+-AA", "_/AA", "http://x/y.png", "data:image/png;base64", "data:image/png,AAAA",
     "data:,AAAA",
     "data:image/svg+xml;base64,AAAA", "data:text/plain;base64,AAAA", "data:image/png;base64,A,A",
     "data:image/png;base64;x,AAAA", "data:image/png;base64,data:image/png;base64,AAAA"],
)  # fmt: skip
def test_garbage_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the words are the server's
        decode_base64(text)


@pytest.mark.parametrize("part", ["\n", " ", "=", ";", "-", ",", "data:", "A\n", "data:;"])
def test_long_texts_take_no_longer_than_their_length(part):
    def seconds(length):
        text, start = "data:" + part * (length // len(part)) + "A", time.thread_time()
        with pytest.raises(ValueError):  # noqa: PT011
            decode_base64(text)
        return time.thread_time() - start

    assert seconds(4_000_000) < 5  # hours, if it went through the text for every character
