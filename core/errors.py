"""Every error that a person may see, with what happened, what to do about it, and the detail for the log.

Standard library only: Blender raises and shows them too.
"""

from __future__ import annotations

from typing import Self


class GouacheError(Exception):
    """Something a person can act on.

    `message` says what happened, `hint` what to do, `detail` is for the log (a path, a library's own words).
    """

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def reworded(self, message: str = "", hint: str = "") -> Self:
        """The same error with another message or hint; to be raised from this one."""
        return type(self)(message or self.message, hint or self.hint, self.detail)


class OptionError(GouacheError):
    """An option that does not exist, has the wrong type, or lies outside its range."""


class InputError(GouacheError):
    """A picture, sequence, movie or mask that is missing, unreadable or unusable."""


class NodeError(GouacheError):
    """A compositor node that cannot be baked as it stands: nothing linked, inside another group, from a library."""


class OutputError(GouacheError):
    """A result that could not be written: read-only folder, full disk."""


class WeightsError(GouacheError):
    """Network weights that are missing or fail their sha256 check."""


class DeviceError(GouacheError):
    """A device or precision this machine does not have, or that ran out of memory."""


class Cancelled(Exception):  # noqa: N818 (an outcome, not an error)
    """The caller asked to stop. Everything written so far stays."""
