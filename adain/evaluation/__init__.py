"""Scores of stylised pictures: content, style, structure and artefacts. Needs the extra `evaluate`.

pairs.py       which pictures are scored
sources.py     where results come from: a model, or a folder
evaluate.py    all of it, in order
metrics.py     the metrics, on features of vgg.py
plain.py       what is seen on plain ground
perceptual.py  a learned distance
report.py      tables, sheet and JSON
"""
