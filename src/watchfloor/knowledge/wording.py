"""Texts to the words that are looked up: ids kept whole, light stemming, pairs of Chinese characters.

Chinese has no blanks between words; overlapping pairs of characters find nearly what a segmenter does (Nie et al.,
"On the use of words and n-grams for Chinese information retrieval", 2000) and need no dictionary.
"""

import re
from functools import lru_cache
from typing import Final

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_HAN}]+|[A-Za-z0-9\u00c0-\u024f\u0400-\u04ff]+(?:[._-][A-Za-z0-9\u00c0-\u024f\u0400-\u04ff]+)*")
_PART = re.compile(r"[._-]")
_IS_HAN = re.compile(rf"[{_HAN}]")

#: Characters of a word that are looked at; a longer one is a key, a hash or hostile.
_LONGEST: Final = 64
STOP_WORDS: Final = frozenset(
    """
    a an and are as at be been being but by can could did do does for from had has have how if in into is it
    its may might more most no not of on or other our should such than that the their them then there these
    they this those to under use used uses using via was were what when where which while who will with would
    you your following also
    """.split()  # noqa: SIM905  (a list of strings would fill a page)
)
_STOP_PAIRS: Final = frozenset(
    [
        "以下",
        "下列",
        "哪个",
        "哪种",
        "哪些",
        "什么",
        "如何",
        "怎么",
        "怎样",
        "的是",
        "是什",
        "可以",
        "一种",
        "通过",
        "使用",
        "进行",
    ]
)

#: Exact names of things: ids as their owners write them.
_IDS = re.compile(
    r"(?<![A-Za-z0-9])(?:T\d{4}(?:\.\d{3})?|TA\d{4}|[SGMC]\d{4}|DS\d{4}|DC\d{4}|DET\d{4}|AN\d{4}|A00\d{2}"
    r"|CVE-\d{4}-\d{4,8}|CWE-\d{1,5}|CAPEC-\d{1,4}|D3-[A-Z0-9]{1,8}|(?-i:[A-Z]{2}-\d{2})"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![A-Za-z0-9])",
    re.IGNORECASE,
)

#: Terms of the field, so that a Chinese question finds what is written in English.
GLOSSARY: Final[dict[str, str]] = {
    "注入": "injection", "命令注入": "command injection", "跨站脚本": "cross-site scripting XSS",
    "跨站请求伪造": "CSRF forgery", "缓冲区溢出": "buffer overflow", "溢出": "overflow", "越界": "out-of-bounds",
    "释放后": "use after free", "反序列化": "deserialization", "目录遍历": "path traversal",
    "路径遍历": "path traversal", "文件上传": "upload of file", "远程代码": "remote code execution",
    "提权": "privilege escalation", "权限提升": "privilege escalation", "凭据": "credential", "凭证": "credential",
    "密码": "password", "口令": "password", "转储": "dumping", "暴力破解": "brute force", "钓鱼": "phishing",
    "鱼叉": "spearphishing", "勒索": "ransomware encrypted impact", "横向移动": "lateral movement",
    "持久化": "persistence", "初始访问": "initial access", "侦察": "reconnaissance", "规避": "evasion",
    "混淆": "obfuscated", "加密": "encryption", "解密": "decrypt", "外传": "exfiltration", "渗出": "exfiltration",
    "数据泄露": "exfiltration information exposure", "收集": "collection", "发现": "discovery", "扫描": "scanning",
    "计划任务": "scheduled task", "定时任务": "scheduled task cron", "注册表": "registry", "服务": "service",
    "进程": "process", "进程注入": "process injection", "后门": "backdoor", "木马": "trojan", "恶意软件": "malware",
    "蠕虫": "worm", "漏洞": "vulnerability", "防火墙": "firewall", "补丁": "update software patch",
    "多因素": "multi-factor authentication", "身份验证": "authentication", "认证": "authentication",
    "授权": "authorization", "访问控制": "access control", "竞争条件": "race condition", "硬编码": "hard-coded",
    "拒绝服务": "denial of service", "中间人": "adversary-in-the-middle", "隧道": "tunneling", "代理": "proxy",
    "域名": "domain DNS", "日志": "log", "审计": "audit", "证书": "certificate", "令牌": "token", "会话": "session",
    "劫持": "hijack", "键盘记录": "keylogging", "截屏": "screen capture", "供应链": "supply chain",
    "容器": "container", "云": "cloud", "虚拟": "virtual", "引导": "boot", "固件": "firmware", "驱动": "driver",
    "脚本": "script", "宏": "macro", "邮件": "email", "浏览器": "browser", "数据库": "database SQL",
    "整数溢出": "integer overflow", "空指针": "null pointer",
}  # fmt: skip


def ids_in(text: str) -> list[str]:
    """Ids of known shapes in a text, as their owners write them, each once, in order."""
    found = dict.fromkeys(_owner_case(match[0]) for match in _IDS.finditer(text[:10_000]))
    return list(found)


def _owner_case(id: str) -> str:
    return id.lower() if len(id) == 36 else id.upper()


def terms(text: str) -> list[str]:
    """The words of a text that are looked up, in order, repeats kept."""
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match[0]
        if _IS_HAN.match(word):
            pairs = [word[place : place + 2] for place in range(max(len(word) - 1, 1))]
            found += [pair for pair in pairs if pair not in _STOP_PAIRS]
            continue
        word = word[:_LONGEST].lower()
        parts = _PART.split(word)
        if len(parts) > 1:
            found.append(word)
        found += [stem(part) for part in parts if part not in STOP_WORDS]
    return found


def question_terms(text: str) -> list[str]:
    """The distinct words of a question, with English for the Chinese terms of the field in it."""
    found = terms(text)
    if _IS_HAN.search(text):
        for chinese, english in GLOSSARY.items():
            if chinese in text:
                found += terms(english)
    return list(dict.fromkeys(found))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A word without plural, -ed and -ing: step 1 of Porter's algorithm ("An algorithm for suffix stripping", 1980)."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("sses") or word.endswith("ies"):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for suffix in ("ing", "ed"):
        bare = word.removesuffix(suffix)
        if bare != word and re.search("[aeiouy]", bare) and len(bare) > 2:
            if len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] not in "lsz":
                return bare[:-1]
            word = bare
            break
    # "execute", "executed" and "executing" meet where a last e is not looked at.
    if len(word) > 4 and word.endswith("e"):
        return word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word.endswith("y") else word
