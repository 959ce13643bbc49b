"""What is done with a `Stylizer`: one file for each use, and one beside it in `cli/`.

files.py    pictures and folders: `adain stylize`
sheet.py    styles x strengths side by side
video.py    clips and sequences
live.py     cameras
dataset.py  data sets, with `journal`, `restyling`, `on_ray` and `manifest` below it
"""
