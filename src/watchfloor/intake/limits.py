"""What one input may cost: bytes it unpacks to, members, nesting. Enforced while reading, never from headers."""

from dataclasses import dataclass

from watchfloor.base.settings import MIB, Settings

#: Below this an archive may have any ratio: logs of repeated lines pack extremely well.
_RATIO_FREE_BYTES = 64 * MIB


class DamagedError(Exception):
    """The bytes from here on cannot be read. ``why`` is for the person; what was read before stays."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Budget:
    """The running totals of one input, shared by all its layers and members."""

    settings: Settings
    packed: int = 0
    expanded: int = 0
    members: int = 0

    def spend(self, count: int) -> None:
        """Note unpacked bytes.

        Raises:
            DamagedError: the input unpacks to more than the settings allow.
        """
        self.expanded += count
        limit = self.settings.max_expanded_bytes
        if self.expanded > limit:
            raise DamagedError(f"unpacks to more than {limit} bytes: taken for an archive bomb")
        if self.expanded > _RATIO_FREE_BYTES and self.expanded > self.packed * self.settings.max_ratio:
            raise DamagedError(
                f"unpacks to more than {self.settings.max_ratio} times its size: taken for an archive bomb"
            )

    def enter(self) -> None:
        """Note one more archive member.

        Raises:
            DamagedError: the archive is a bomb or holds more members than the settings allow.
        """
        self.spend(0)  # a bomb ends the archive, not just the member it went off in
        self.members += 1
        if self.members > self.settings.max_members:
            raise DamagedError(f"holds more than {self.settings.max_members} members")
