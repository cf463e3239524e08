"""The main job end to end on one machine: `make demo`.

`children` runs broker, workers and simulator so that none outlives us; `watch` reads the topics; `screen` prints.
"""
