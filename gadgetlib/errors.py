"""The one exception of the project."""


class CourseError(Exception):
    """Something a user can mend: one sentence that says what was wrong, where, and what to do next."""

    exit_code = 2  # of a command that it ends

    def _render_traceback_(self) -> list[str]:  # what Jupyter prints: the sentence, not forty lines of stack
        return [f"{type(self).__name__}: {self}"]
