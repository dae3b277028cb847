"""Runs SavedModels with the real TensorFlow and compares what they give with what we computed.

Usage: check_saved_model.py JOBS.json
JOBS.json: [{"name", "folder", "cases": [{"inputs": {name: {"shape", "dtype", "values"}}, "outputs": {name: [..]}}]}]
Prints a JSON list: {"name", "difference": largest difference, "size": largest output}.
"""
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf


def check(job):
    model = tf.saved_model.load(job["folder"])
    predict = model.signatures["serving_default"]
    found = {"name": job["name"], "difference": 0.0, "size": 0.0}
    for case in job["cases"]:
        given = {
            name: tf.constant(np.array(one["values"], one["dtype"]).reshape(one["shape"]))
            for name, one in case["inputs"].items()
        }
        outputs = predict(**given)
        assert sorted(outputs) == sorted(case["outputs"]), f"{sorted(outputs)} is not {sorted(case['outputs'])}"
        for name, values in case["outputs"].items():
            ours = np.array(values, np.float32).reshape(outputs[name].shape)
            found["difference"] = max(found["difference"], float(np.abs(ours - outputs[name].numpy()).max()))
            found["size"] = max(found["size"], float(np.abs(ours).max()))
    return found


print(json.dumps([check(job) for job in json.load(open(sys.argv[1]))]))
