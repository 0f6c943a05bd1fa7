"""The command line: one file for each command, a thin layer over the Python functions.

`main` names the commands and turns errors into messages and exit codes: 2 for what a person can
mend (`UsageError`), 1 for what failed for another reason (`ConvscopeError`). `console` prints,
`amounts` reads what people type as sizes and counts ("4GB"), `complete` serves the shell's
completion, `data_check`, `plan_tables` and `plan_elsewhere` are parts of larger commands.

With `--json` a command prints data and nothing else on standard output; progress and notes go to
standard error. `--help` answers at once, because nothing here loads torch before a command runs.

Not here: what a result says. A command prints the text that `print(result)` gives in Python.
"""

from convscope.cli.main import main as main
