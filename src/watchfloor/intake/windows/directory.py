"""The Security log's changes to accounts, groups and policies, and its listings of groups."""

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import Data, account, put, summary, text
from watchfloor.intake.windows.meaning import Finish, Meaning
from watchfloor.intake.windows.subjects import both, by_subject, subject


def _member(data: Data, row: Row) -> None:
    subject(data, row)
    put(row, "user.name", text(data.get("MemberName")) or text(data.get("MemberSid")))
    group = account(data.get("TargetDomainName"), data.get("TargetUserName"))
    row["status_detail"] = f"group {group}" if group else None


_ACCOUNTS = {
    4720: "created",
    4722: "enabled",
    4723: "password change attempted",
    4724: "password reset attempted",
    4725: "disabled",
    4726: "deleted",
    4738: "changed",
    4740: "locked out",
    4741: "computer account created",
    4742: "computer account changed",
    4743: "computer account deleted",
    4765: "SID history added",
    4766: "SID history failed to be added",
    4767: "unlocked",
    4780: "administrators' ACL set",
    4781: "renamed",
    4794: "DSRM password set",
}
_GROUP_MEMBERS = (4728, 4729, 4732, 4733, 4746, 4747, 4751, 4752, 4756, 4757, 4761, 4762)
_GROUPS = (4727, 4730, 4731, 4734, 4735, 4737, 4750, 4754, 4755, 4758, 4764)
_GROUP_READS = (4798, 4799)
_FIREWALL = (4944, 4946, 4947, 4948, 4949, 4950, 4951, 4953, 4954, 4956, 4957, 5025, 5034)
_AUDIT_POLICY = (4713, 4714, 4715, 4716, 4717, 4718, 4739, 4817, 4904, 4905, 4906, 4908, 4912)


def _account_change(what: str) -> Finish:
    def finish(data: Data, row: Row) -> None:
        both(data, row)
        changes = summary(data, ("OldTargetUserName", "NewTargetUserName", "SidHistory", "UserAccountControl"))
        row["status_detail"] = f"{what}; {changes}" if changes else what

    return finish


def _listed(data: Data, row: Row) -> None:
    """What was listed is an object of the directory, not an account the operation is about."""
    both(data, row)
    put(row, "file.path", row.pop("user.name", None))


_LISTING = Meaning(
    "directory.access",
    {"CallerProcessName": "actor.process.file.path"},
    {"CallerProcessId": "actor.process.pid"},
    finish=_listed,
    sign="CallerProcessName",
)
_RULE = by_subject(
    "policy.change", detail=("RuleName", "RuleAttr", "SettingType", "SettingValue", "ProfileChanged"), sign=""
)

EVENTS: dict[int, Meaning] = {
    **{code: by_subject("account.change", finish=_account_change(what)) for code, what in _ACCOUNTS.items()},
    **dict.fromkeys(_GROUP_MEMBERS, by_subject("group.change", finish=_member)),
    **dict.fromkeys(_GROUPS, by_subject("group.change", finish=both)),
    **dict.fromkeys(_GROUP_READS, _LISTING),
    **dict.fromkeys(_FIREWALL, _RULE),
    **dict.fromkeys(_AUDIT_POLICY, by_subject("policy.change")),
}
