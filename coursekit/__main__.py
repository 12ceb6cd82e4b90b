"""``python -m coursekit`` is the command ``gadget``."""

from coursekit.cli import main

main()
