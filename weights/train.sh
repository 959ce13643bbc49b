#!/usr/bin/env bash
# Train the shipped kind of network from random weights: PHOTOS and PAINTINGS are folders of pictures or tar shards,
# TEACHER is MODULE:FUNCTION of Python, (content, style) -> picture, such as another network; RUN gets everything.
#
#     TEACHER=teachers:classic weights/train.sh PHOTOS PAINTINGS RUN
#
# The recipe of README.md beside this file, as one run: a teacher first, then the losses beside it. The shipped weights come from
# trials by hand of the same recipe (README.md has them leg by leg); this script has been tried for 20 steps only.
# On 2 cores of an AMD EPYC (Zen 5) a step of 6 pairs took about 0.8 s.
set -euo pipefail
adain train "$1" "$2" --out "$3" --cache memory --workers 0 \
    --crop 128 --batch-size 6 --zoom-min 0.5 --zoom 2 --steps "${STEPS:-8000}" --lr 1e-3 --decay 0.2 --average 0.997 \
    --teacher "$TEACHER" --teacher-share 0.5 --teacher-kept 0.6 --shift-weight 2
adain export "$3" --out "$3/onnx"
