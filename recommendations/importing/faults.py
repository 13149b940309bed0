"""What is wrong with a file as a whole, and who hears of a row that is no row."""

from collections.abc import Callable

from luxebrain.lib.problems import Problem

Refuse = Callable[[int, str, str], None]  # line, what is wrong, what stands there


class Unreadable(Problem):
    """The file as a whole cannot be read."""

    code = "unreadable_file"
