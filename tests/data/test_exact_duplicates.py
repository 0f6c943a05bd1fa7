import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.exact_duplicates import find_same_pixels, group_by_key
from tests.data.check.scenes import image_set


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40), st.integers(1, 39))
def test_same_pixels_are_grouped_through_all_sets(which, cut):
    originals = np.random.default_rng(0).integers(0, 256, (7, 3, 32, 32), dtype=np.uint8)
    originals[6] = originals[5]
    originals[6, 0, 0, 1] ^= 1  # a byte that the first look does not see
    images = originals[which]
    parts = [part for part in (images[:cut], images[cut:]) if len(part)]
    expected = [np.flatnonzero(np.array(which) == each).tolist() for each in dict.fromkeys(which)]
    found = find_same_pixels([image_set(part) for part in parts])
    assert sorted(found) == sorted(each for each in expected if len(each) > 1)


def test_groups_keep_the_order_of_their_first_rows():
    assert group_by_key("abcabb", [0, 1, 2, 3, 4, 5]) == [[0, 3], [1, 4, 5]]
    assert group_by_key("abcabb", [1, 2, 3, 4]) == [[1, 4]]
