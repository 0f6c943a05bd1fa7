"""`python -m convscope` is the same as `convscope`."""

from convscope.cli import main

main()
