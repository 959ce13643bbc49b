"""`adain bench`: how fast the model runs here, and how fast others run it.

    plan      sizes, devices and rivals  ->  groups of jobs that are measured in turn
    measure   a group  ->  rounds: every job's process does its frames, then the next one's
    report    results  ->  bench.md, bench.json

A job is one way to run the model at one size; a rival is a job that ours is compared with; a span is a stretch of a
frame that is timed; a turn is as many frames as a job does before the next one.

plan.py      what is measured: Size, Model, Job, Group
runners.py   one frame of a job: in an engine of ours, or in PyTorch
worker.py    the process of a job: its own, so that its memory is its own and libraries do not meet
measure.py   rounds, percentiles, ratios
machine.py   what ran it: processor, GPU, versions; peak memory of this process
report.py    bench.json, bench.md
"""
