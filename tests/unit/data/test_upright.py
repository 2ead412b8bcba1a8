"""DVS128 pictures are turned by x' = 127 - y, y' = 127 - x."""

import numpy as np

from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.upright import upright


def test_columns_and_rows_are_exchanged_and_mirrored_and_time_starts_at_0():
    events = np.array([(50, 0, 10, 1), (70, 127, 20, 0)], EVENT)
    turned = upright(EventStream(events, (128, 128)))
    assert turned.events.tolist() == [(0, 117, 127, 1), (20, 107, 0, 0)]
    assert events[0].item() == (50, 0, 10, 1)
