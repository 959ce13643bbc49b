"""`python -m adain`, and `accelerate launch -m adain`."""

from .cli import main

main()
