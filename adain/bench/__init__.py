"""`adain bench`: how fast the model runs here, and how fast others run it.

    plan      sizes, devices and rivals  ->  groups of jobs that are measured in turn
    measure   a group  ->  rounds: every job's process does its frames, then the next one's
    report    times  ->  table.md, JSON

run.py          a whole benchmark
plan.py         what is measured: Size, Job, Group
arithmetic.py   counts the convolutions of a graph; makes the graph that shows the device's peak
runners.py      one frame of a job: in an engine of ours, or in PyTorch
worker.py       the process of a job: its own, so that its memory is its own and libraries do not meet
memory.py       peak memory of this process, on the host and on the GPU
measure.py      rounds, percentiles, ratios
machine.py      what ran it: processor, GPU, versions
report.py       bench.json, bench.md
startup.py      from the start of a process to its first picture; a command of its own
load.py         many frames, threads and processes; a command of its own
"""
