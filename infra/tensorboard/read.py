"""Prints what TensorBoard's event accumulator finds in a directory, as JSON."""
import json
import sys

import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
accumulator.Reload()
tags = accumulator.Tags()
print(json.dumps({
    "version": tensorboard.__version__,
    "loss": [[point.step, point.value] for point in accumulator.Scalars("loss")],
    "tags": tags["scalars"] + tags["histograms"] + tags["tensors"],
}))
