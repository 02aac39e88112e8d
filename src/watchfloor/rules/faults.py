"""Why a rule cannot be used."""


class RuleFault(ValueError):  # noqa: N818 - a fault of the rule's, not of ours
    """A rule that cannot be compiled; its text is the reason, for the person who wrote the rule."""
