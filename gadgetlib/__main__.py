"""``python -m gadgetlib`` is the command ``gadget``."""

from gadgetlib.cli import main

main()
