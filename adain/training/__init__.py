"""Training, in PyTorch: `adain train`.

settings.py     all that decides what a run does, and the options of the command line
trainer.py      the run: its state, a step, the loop
start.py        the network that it begins with
data.py         crops of pictures
perception.py   the network that losses see with
losses.py       the losses, as functions; moments.py has the statistics that they compare
objective.py    their table. A new loss is a function there, a row here, and a setting for its weight
teacher.py      another network's pictures as a first lesson
schedule.py     rates, from weight to weight and from step to step
checkpoints.py  the state on disk
samples.py, profile.py, precision.py    sheets of samples; what waits for what; number types
padding.py      convolutions that a GPU need not turn round
"""
