"""The command line: one file a command, each a thin layer over the Python functions.

Nothing here imports torch when it is loaded; a command imports what it needs when it runs, so
that `convscope --help` answers at once.
"""

from convscope.cli.main import main as main
