"""The classes that hashed words stand for, said in plain English and Chinese.

What ``film.words`` masks (folders, addresses, encoded text, digits) is named here, with the spelling the
record itself has where it can be found again.
"""

import re
from functools import lru_cache
from typing import Final

from watchfloor.base.scenes import Neighbour
from watchfloor.film import words

#: One phrase in English and in Chinese.
Pair = tuple[str, str]

#: Folder classes of ``film.lexicon``.
FOLDERS: Final[dict[str, Pair]] = {
    "sys32drv": ("the drivers folder", "驱动程序目录"),
    "sys32ps": ("the Windows PowerShell folder", "Windows PowerShell 目录"),
    "sys32wbem": ("the WMI folder", "WMI 目录"),
    "sys32tasks": ("the scheduled tasks folder", "计划任务目录"),
    "sys32spool": ("the print spooler folder", "打印后台目录"),
    "sys32": ("the Windows system folder", "Windows 系统目录"),
    "winsxs": ("the Windows component store", "Windows 组件存储"),
    "wintemp": ("Windows' temporary folder", "Windows 临时目录"),
    "wintasks": ("the old scheduled tasks folder", "旧版计划任务目录"),
    "dotnet": ("the .NET folder", ".NET 目录"),
    "wininst": ("the Windows installer cache", "Windows 安装缓存"),
    "prefetch": ("the prefetch folder", "预读取目录"),
    "winupdate": ("the Windows update folder", "Windows 更新目录"),
    "usertemp": ("a user's temporary folder", "用户临时目录"),
    "startup": ("the startup folder", "启动文件夹"),
    "recent": ("a user's recent files", "用户最近使用的文件"),
    "inetcache": ("the browser cache", "浏览器缓存"),
    "applocalms": ("Microsoft's local application data", "微软程序的本地数据目录"),
    "applocalbrowser": ("the browser's local data", "浏览器的本地数据目录"),
    "applocal": ("a user's local application data", "用户本地程序数据目录"),
    "approamoffice": ("Office's roaming data", "Office 漫游数据目录"),
    "approam": ("a user's roaming application data", "用户漫游程序数据目录"),
    "downloads": ("a downloads folder", "下载目录"),
    "desktop": ("a desktop folder", "桌面目录"),
    "documents": ("a documents folder", "文档目录"),
    "public": ("the public user folder", "公用用户目录"),
    "defender": ("the Windows Defender folder", "Windows Defender 目录"),
    "programdata": ("ProgramData", "ProgramData 目录"),
    "progfiles": ("Program Files", "Program Files 目录"),
    "recycle": ("the recycle bin", "回收站"),
    "perflogs": ("the performance logs folder", "性能日志目录"),
    "adminshare": ("an administrative share", "管理共享"),
    "pipe": ("a named pipe", "命名管道"),
    "windir": ("the Windows folder", "Windows 目录"),
    "userdir": ("a user's folder", "用户目录"),
    "devshm": ("shared memory, /dev/shm", "共享内存 /dev/shm"),
    "vartmp": ("/var/tmp", "/var/tmp"),
    "tmp": ("the temporary folder", "临时目录"),
    "etccron": ("the cron folders", "cron 目录"),
    "etcsystemd": ("the systemd configuration", "systemd 配置目录"),
    "libsystemd": ("systemd's own folder", "systemd 程序目录"),
    "etcssh": ("the SSH server's configuration", "SSH 服务配置目录"),
    "dotssh": ("a user's .ssh folder", "用户的 .ssh 目录"),
    "etcpam": ("the PAM configuration", "PAM 配置目录"),
    "etc": ("the configuration folder /etc", "配置目录 /etc"),
    "varlog": ("the log folder", "日志目录"),
    "varwww": ("the web root", "网站根目录"),
    "pkgdb": ("the package database", "软件包数据库"),
    "varcache": ("/var/cache", "/var/cache"),
    "var": ("/var", "/var"),
    "usrlocal": ("/usr/local", "/usr/local"),
    "usrlib": ("a library folder", "程序库目录"),
    "usrshare": ("/usr/share", "/usr/share"),
    "bin": ("a system program folder", "系统程序目录"),
    "proc": ("/proc", "/proc"),
    "sysfs": ("/sys", "/sys"),
    "dev": ("/dev", "/dev"),
    "run": ("/run", "/run"),
    "opt": ("/opt", "/opt"),
    "roothome": ("root's home", "root 的主目录"),
    "home": ("a home folder", "用户主目录"),
    "launchagents": ("the launch agents folder", "LaunchAgents 目录"),
    "launchdaemons": ("the launch daemons folder", "LaunchDaemons 目录"),
    "library": ("the Library folder", "Library 目录"),
    "applications": ("the Applications folder", "应用程序目录"),
    "macsystem": ("the macOS system folder", "macOS 系统目录"),
    "unc": ("a network path", "网络路径"),
    "drive": ("the drive's root or an uncommon folder", "盘符根目录或少见目录"),
    "root": ("an uncommon folder under the root", "根目录下的少见目录"),
}

#: Folders programs normally run from: alone they say little.
COMMON_FOLDERS: Final = frozenset({"sys32", "bin", "usrlib", "progfiles", "windir", "sys32ps", "macsystem"})

_USERS: Final[dict[str, Pair]] = {
    "system": ("the system account", "系统账户"),
    "service": ("a service account", "服务账户"),
    "machine": ("a computer account", "计算机账户"),
    "root": ("root", "root"),
    "admin": ("an administrator account", "管理员账户"),
    "anonymous": ("the anonymous account", "匿名账户"),
    "user": ("an ordinary account", "普通账户"),
}
_ADDRESSES: Final[dict[str, Pair]] = {
    "loop": ("this machine itself", "本机地址"),
    "private": ("a private address", "内网地址"),
    "link": ("a link-local address", "链路本地地址"),
    "multicast": ("a multicast address", "组播地址"),
    "any": ("the all-hosts address", "通配或广播地址"),
    "public": ("a public address", "公网地址"),
}
_ENCODED: Final[dict[str, Pair]] = {
    "<b64>": ("text hidden in base64", "以 base64 隐藏的文本"),
    "<blob>": ("a long encoded block", "很长的编码数据块"),
    "<guid>": ("a GUID", "一个 GUID"),
    "<sid>": ("an account's SID", "账户 SID"),
    "<url:name>": ("a web address", "网址"),
}
_HOST_SHAPES: Final[dict[str, Pair]] = {
    "single": ("a host name of one part", "单段主机名"),
    "tld": ("a name under .{}", "“.{}” 下的域名"),
    "depth": ("a name of {} parts", "{} 段域名"),
    "label": ("the length of the name's longest part", "域名最长一段的长度"),
    "ent": ("how random the name looks", "域名的随机程度"),
}

_TOKENS: Final = re.compile(r"[\s\"'`,;|&<>()\[\]{}^=]+")
_IP: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
_URL: Final = re.compile(r"(?:https?|ftp|ldap|file)://[^\s\"'`,;|&<>()\[\]{}^]+", re.IGNORECASE)
_LONGEST: Final = 48


def fill(template: str, *blanks: str) -> str:
    """Fill a Chinese template, with a space where Latin letters would touch Chinese ones."""
    parts = template.split("{}")
    text = parts[0]
    for blank, after in zip(blanks, parts[1:], strict=True):
        for piece in (blank, after):
            text += f" {piece}" if _meet(text[-1:], piece[:1]) else piece
    return text


def _meet(left: str, right: str) -> bool:
    if not left or not right or _han(left) == _han(right):
        return False
    latin = right if _han(left) else left
    return latin.isalnum() or latin in "./-"


def _han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def folder(name: str) -> Pair:
    """A folder class in words."""
    return FOLDERS.get(name, (name, name))


def user(account: str) -> Pair:
    """The class of an account: what was hashed is never the name."""
    return _USERS[words.user_class(account)]


def address(ip: str) -> Pair:
    """The class of an address, with the address itself."""
    return _with(_ADDRESSES[words.ip_class(ip)], ip)


def extension(kind: str, text: str) -> Pair:
    """A file type as ``film.words.path_words`` gives it for ``text``: ``exe``, ``..exe`` for a second ending."""
    if not kind:
        return "a file without an extension", "无扩展名的文件"
    bare = spelling("." + kind.lstrip("."), text)[1:].lower()
    if kind.startswith(".."):
        return f"two endings, the last .{bare}", f"双重扩展名，末尾为 .{bare}"
    return f"a .{bare} file", f".{bare} 文件"


def phrase(word: str, text: str) -> Pair | None:
    """A masked word in plain words, with what it stands for in ``text``; None for a word that is itself."""
    if word.startswith("@") and word[1:] in FOLDERS:
        return _folder_phrase(word[1:], text)
    if word.startswith(".") and len(word) > 1 and "\\" not in word:
        return extension(word[1:], text)
    if word.startswith("b64:"):
        return f"“{word[4:]}” hidden in base64", f"base64 中隐藏的“{word[4:]}”"
    if word.startswith("<"):
        return _class_phrase(word, text)
    if word.startswith("hive:"):
        hive = word[5:].upper()
        return f"a key under {hive}", f"{hive} 下的注册表键"
    return None


def host_phrase(word: str) -> Pair | None:
    """A word of ``film.words.host_words`` in plain words."""
    if word.startswith("<"):
        return _class_phrase(word, "")
    kind, _, value = word.partition(":")
    template = _HOST_SHAPES.get(kind)
    return (template[0].format(value), template[1].format(value)) if template else None


@lru_cache(maxsize=4096)
def spelling(word: str, text: str) -> str:
    """How ``text`` itself spells a word whose case and digits were masked; the word where it does not."""
    pattern = re.escape(word).replace("0", r"\d+")
    for mask, shape in (("<guid>", r"\{?[0-9a-f-]{36}\}?"), ("<sid>", r"s-1-5-21[-\d]+")):
        pattern = pattern.replace(mask, shape)
    begins = r"(?<!\w)" if word[:1].isalnum() else ""
    found = re.search(begins + pattern, text[: words.MAX_TEXT], re.IGNORECASE)
    return _short(found.group(0) if found else word)


def _folder_phrase(name: str, text: str) -> Pair:
    path = next((t for t in _paths(text) if words.path_words(t)[1] == name), "")
    if "://" in path:  # a switch with an address in it: /i:http://…
        return _with(("a web address in a switch", "开关参数中的网址"), path)
    there, there_zh = folder(name)
    return _with((f"a path in {there}", fill("{}中的路径", there_zh)), path)


def _paths(text: str) -> list[str]:
    tokens = _TOKENS.split(text[: words.MAX_TEXT])[:200]
    return [t for t in tokens if "\\" in t or t.count("/") >= 2]


def _class_phrase(word: str, text: str) -> Pair:
    body = word.strip("<>")
    if word.startswith("<ip:") and body[3:] in _ADDRESSES:
        own = (m for m in _IP.findall(text[: words.MAX_TEXT]) if words.ip_class(m) == body[3:])
        return _with(_ADDRESSES[body[3:]], next(own, ""))
    if word.startswith("<hex:"):
        return "a long hexadecimal number", "很长的十六进制数"
    url = _URL.search(text[: words.MAX_TEXT])
    seen = url.group(0) if url else ""
    if word.startswith("<url>."):
        return f"a web address that ends in {word[5:]}", f"以 {word[5:]} 结尾的网址"
    if word.startswith("<url:") and body[4:] in _ADDRESSES:
        place, place_zh = _ADDRESSES[body[4:]]
        return _with((f"a web address without a name, {place}", f"不用域名的网址，{place_zh}"), seen)
    return _with(_ENCODED.get(word, (f"“{body}”", f"“{body}”")), seen if word == "<url:name>" else "")


def _with(pair: Pair, example: str) -> Pair:
    shown = _short(example)
    return (f"{pair[0]} ({shown})", f"{pair[1]}（{shown}）") if shown else pair


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST * 2 // 3]}…{text[-_LONGEST // 4 :]}"


def neighbour(one: Neighbour) -> Pair:
    """What another scene, or several, say of the one at hand."""
    if one.kind == "case":
        return (
            f"It belongs to the attack that scene {one.scene_id} shows ({one.score:.0%} likely): one of {one.scenes:,} "
            "scenes that the investigation from there reached.",
            f"它属于场景 {one.scene_id} 所示的攻击（可能性 {one.score:.0%}）："
            f"由该场景展开的调查涉及 {one.scenes:,} 个场景。",
        )
    if one.kind == "planted":
        return (
            f"It ran {one.what}, put there by scene {one.scene_id} (by itself {one.score:.0%} likely an attack).",
            f"它运行了由场景 {one.scene_id} 放置的 {one.what}（该场景自身为攻击的可能性 {one.score:.0%}）。",
        )
    return (
        f"It served {one.what}; others of its requests ({one.scenes:,}) are {one.score:.0%} likely attacks on average.",
        f"它服务于 {one.what}，该来源在此的其他请求（{one.scenes:,} 次）为攻击的可能性平均 {one.score:.0%}。",
    )
