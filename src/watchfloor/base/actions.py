"""The things an endpoint can do, in OCSF's words: one table, used by readers, film and report.

An action is written ``class.activity``. Its OCSF class and activity numbers
(https://schema.ocsf.io/1.3.0) and the column that names its object stand beside it.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of operation: OCSF numbers and the Event column that holds what it was done to."""

    name: str
    class_uid: int
    activity_id: int
    object_column: str
    verb: str  # English, past tense: "<actor> <verb> <object>"
    verb_zh: str


_TABLE: tuple[tuple[str, int, int, str, str, str], ...] = (
    ("process.launch", 1007, 1, "process.file.path", "started", "启动了"),
    ("process.terminate", 1007, 2, "process.file.path", "ended", "结束了"),
    ("process.open", 1007, 3, "process.file.path", "opened", "打开了进程"),
    ("process.inject", 1007, 4, "process.file.path", "injected code into", "注入了"),
    ("process.tamper", 1007, 99, "process.file.path", "tampered with the image of", "篡改了映像"),
    ("process.set_user", 1007, 5, "process.file.path", "changed identity in", "切换身份"),
    ("module.load", 1005, 1, "file.path", "loaded", "加载了"),
    ("driver.load", 1002, 1, "file.path", "loaded the driver", "加载了驱动"),
    ("file.create", 1001, 1, "file.path", "created", "创建了文件"),
    ("file.read", 1001, 2, "file.path", "read", "读取了"),
    ("file.modify", 1001, 3, "file.path", "changed", "修改了"),
    ("file.delete", 1001, 4, "file.path", "deleted", "删除了"),
    ("file.rename", 1001, 5, "file.path", "renamed", "重命名了"),
    ("file.attributes", 1001, 6, "file.path", "changed attributes of", "修改了属性"),
    ("file.time", 1001, 99, "file.path", "changed the timestamps of", "修改了时间戳"),
    ("file.stream", 1001, 99, "file.path", "wrote the alternate stream", "写入了数据流"),
    ("file.block", 1001, 99, "file.path", "was blocked from writing", "被阻止写入"),
    ("pipe.create", 1001, 1, "file.path", "created the pipe", "创建了管道"),
    ("pipe.connect", 1001, 14, "file.path", "connected to the pipe", "连接了管道"),
    ("disk.read", 1001, 2, "file.path", "read the raw disk", "直接读取了磁盘"),
    ("kernel.request", 1003, 99, "file.path", "asked the kernel for", "请求了内核"),
    ("registry.key", 201001, 1, "reg_key.path", "created or deleted the key", "创建或删除了注册表键"),
    ("registry.value", 201002, 2, "reg_key.path", "set", "设置了注册表值"),
    ("registry.rename", 201001, 5, "reg_key.path", "renamed the key", "重命名了注册表键"),
    ("registry.read", 201001, 2, "reg_key.path", "read the key", "读取了注册表键"),
    ("network.connect", 4001, 1, "dst_endpoint.ip", "connected to", "连接到"),
    ("network.listen", 4001, 7, "src_endpoint.ip", "listened on", "监听"),
    ("network.share", 4006, 1, "file.path", "reached the share", "访问了共享"),
    ("dns.query", 4003, 1, "dst_endpoint.hostname", "asked DNS for", "查询了域名"),
    ("logon.success", 3002, 1, "user.name", "logged on as", "登录为"),
    ("logon.failure", 3002, 1, "user.name", "failed to log on as", "登录失败"),
    ("logon.end", 3002, 2, "user.name", "logged off", "注销了"),
    ("logon.ticket", 3002, 3, "user.name", "got a Kerberos ticket for", "获得了票据"),
    ("privilege.use", 3005, 1, "user.name", "used privileges as", "使用了特权"),
    ("account.change", 3001, 99, "user.name", "changed the account", "修改了账户"),
    ("group.change", 3006, 99, "user.name", "changed group membership of", "修改了组成员"),
    ("directory.access", 3004, 2, "file.path", "accessed the directory object", "访问了目录对象"),
    ("service.install", 201004, 1, "service.name", "installed the service", "安装了服务"),
    ("service.change", 201004, 2, "service.name", "changed the service", "修改了服务"),
    ("task.create", 1006, 1, "job.name", "created the scheduled task", "创建了计划任务"),
    ("task.change", 1006, 2, "job.name", "changed the scheduled task", "修改了计划任务"),
    ("task.delete", 1006, 3, "job.name", "deleted the scheduled task", "删除了计划任务"),
    ("task.run", 1006, 6, "job.name", "ran the scheduled task", "运行了计划任务"),
    ("wmi.activity", 1009, 99, "script.content", "used WMI", "使用了WMI"),
    ("wmi.persist", 1009, 1, "script.content", "registered the WMI subscription", "注册了WMI订阅"),
    ("script.run", 1009, 1, "script.content", "ran the script", "执行了脚本"),
    ("clipboard.change", 1003, 99, "file.path", "changed the clipboard", "修改了剪贴板"),
    ("log.clear", 1008, 99, "metadata.log_name", "cleared the log", "清除了日志"),
    ("policy.change", 5019, 99, "metadata.log_name", "changed the policy", "修改了策略"),
    ("defender.detect", 2004, 1, "file.path", "was flagged by the antivirus for", "被杀毒软件标记"),
    ("defender.change", 5019, 2, "metadata.log_name", "changed the antivirus", "修改了杀毒设置"),
    ("syscall", 1003, 99, "file.path", "called", "调用了"),
    ("other", 0, 99, "status_detail", "did", "执行了"),
)

ACTIONS: dict[str, Action] = {row[0]: Action(*row) for row in _TABLE}

#: What puts content into a file.
WRITES: Final = ("file.create", "file.modify", "file.rename")
