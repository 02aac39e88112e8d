"""macos."""

from watchfloor.intake.format import Format

FORMATS: tuple[Format, ...] = ()
