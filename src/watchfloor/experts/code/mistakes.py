"""Calls that are a mistake whatever is passed through them: broken hashes, predictable numbers, open cookies."""

import re
from collections.abc import Callable
from typing import Final

from watchfloor.experts.code.values import Value
from watchfloor.experts.code.walk import Call, Walk

_WEAK_HASHES: Final = frozenset({"md2", "md4", "md5", "sha", "sha1", "sha-1", "ripemd", "md5-sha1", "mdc2"})
_HASHES: Final = re.compile(r"^(?:hashlib\.(?:md5|sha1|md4|md2)|(?:Crypto|Cryptodome)\.Hash\.(?:MD2|MD4|MD5|SHA|SHA1|RIPEMD)"  # noqa: E501
                            r"\.new|(?:md5|sha)\.new|cryptography\.hazmat\.primitives\.hashes\.(?:MD5|SHA1)|hashes\.(?:MD5|SHA1)"
                            r"|MD5\.new|md5|sha1)$")  # fmt: skip
_CIPHERS: Final = re.compile(
    r"(?:^|\.)(?:Cipher\.)?(?:DES|DES3|ARC2|ARC4|Blowfish|XOR|CAST)\.new$"
    r"|algorithms\.(?:ARC4|Blowfish|IDEA|TripleDES|CAST5|SEED)$|modes\.ECB$|(?:^|\.)pyDes\.des$"
)
_PREDICTABLE: Final = frozenset({
    "random", "randint", "randrange", "choice", "choices", "sample", "uniform", "getrandbits", "randbytes", "shuffle",
    "triangular", "gauss", "normalvariate", "lognormvariate", "expovariate", "vonmisesvariate", "gammavariate",
    "betavariate", "paretovariate", "weibullvariate", "binomialvariate",
})  # fmt: skip
_RANDOM: Final = re.compile(r"^(?:random|numpy\.random|random\.Random\(\))\.(\w+)$")
_PROTOCOLS: Final = ("PROTOCOL_SSLv2", "PROTOCOL_SSLv3", "PROTOCOL_TLSv1", "PROTOCOL_TLSv1_1", "PROTOCOL_SSLv23",
                     "SSLv2_METHOD", "SSLv3_METHOD", "SSLv23_METHOD", "TLSv1_METHOD", "TLSv1_1_METHOD")  # fmt: skip
_SECRET: Final = re.compile(r"(?:^|_)(?:pass|passwd|password|pwd|secret|secret_key|api_?key|access_?key|private_?key|"
                            r"auth_?token|token)$", re.IGNORECASE)  # fmt: skip
_PLACEHOLDER: Final = re.compile(
    r"^$|^[<{$%].*|^x+$|^\*+$|change|example|placeholder|your[-_ ]|^none$|^\s*$|\s", re.IGNORECASE
)


def note(walk: Walk, call: Call) -> None:
    """Write down what is wrong with a call by its name and plain arguments."""
    for check in _CHECKS:
        kind = check(call)
        if kind:
            walk.notebook.fact(kind, call.line, call.name)


def is_false(value: Value | None) -> bool:
    """Whether an argument is there and false."""
    return value is not None and value.known and not value.constant


def _hash(call: Call) -> str:
    if is_false(call.words.get("usedforsecurity")):
        return ""
    if call.name in ("hashlib.new", "hashlib.file_digest", "hmac.new", "hmac.digest"):
        chosen = call.argument(
            0 if call.name == "hashlib.new" else 2 if "hmac" in call.name else 1, "name", "digestmod"
        )
        weak = chosen is not None and any(
            isinstance(each, str) and each.lower() in _WEAK_HASHES for each in chosen.options
        )
        return "hash" if weak and "hmac" not in call.name else ""
    return "hash" if _HASHES.match(call.name) else ""


def _cipher(call: Call) -> str:
    if _CIPHERS.search(call.name):
        return "cipher"
    mentioned = [each.ref for each in (*call.args, *call.words.values()) if each.ref]
    if call.name.endswith("AES.new") and any(each.endswith("MODE_ECB") for each in mentioned):
        return "cipher"
    if any(each.endswith(_PROTOCOLS) for each in mentioned) and re.search(r"ssl|SSL|Context", call.name):
        return "cipher"
    return ""


def _random(call: Call) -> str:
    found = _RANDOM.match(call.name)
    return "random" if found and found[1] in _PREDICTABLE else ""


def _cookie(call: Call) -> str:
    if call.method != "set_cookie" or (len(call.args) + len(call.words) < 2) or call.spread:
        return ""
    secure = call.words.get("secure")
    return "cookie" if secure is None or is_false(secure) else ""


def _tls(call: Call) -> str:
    if is_false(call.words.get("verify")) and re.match(r"requests|httpx|.*[sS]ession|.*[cC]lient", call.name):
        return "tls"
    if call.name in ("ssl._create_unverified_context", "ssl._create_stdlib_context"):
        return "tls"
    if call.method == "set_missing_host_key_policy":
        chosen = call.args[0].ref.removesuffix("()") if call.args else ""
        return "tls" if chosen.endswith(("AutoAddPolicy", "WarningPolicy")) else ""
    certificate = call.words.get("cert_reqs")
    return "tls" if certificate is not None and certificate.ref.endswith("CERT_NONE") else ""


def _debug(call: Call) -> str:
    on = call.words.get("debug")
    return "debug" if call.method == "run" and on is not None and on.known and on.constant is True else ""


def _temporary(call: Call) -> str:
    return "temporary" if call.name in ("tempfile.mktemp", "os.tempnam", "os.tmpnam", "mktemp") else ""


def _permission(call: Call) -> str:
    mode = call.argument(1, "mode") if call.name in ("os.chmod", "os.fchmod", "os.lchmod") else None
    open_to_all = mode is not None and mode.known and isinstance(mode.constant, int) and mode.constant & 0o002
    return "permission" if open_to_all else ""


def _password(call: Call) -> str:
    return "password" if any(secret(name, each) for name, each in call.words.items()) else ""


def _signature(call: Call) -> str:
    if not call.name.endswith("jwt.decode") and not call.name.endswith("jwt.process_jwt"):
        return ""
    options = call.words.get("options")
    unchecked = options is not None and is_false(options.items.get("verify_signature"))
    return "signature" if unchecked or is_false(call.words.get("verify")) or "process" in call.name else ""


def _escaping(call: Call) -> str:
    if call.name not in ("jinja2.Environment", "Environment"):
        return ""
    chosen = call.words.get("autoescape")
    return "escaping" if (chosen is None and not call.spread) or is_false(chosen) else ""


def _clear(call: Call) -> str:
    return "clear" if call.name in ("telnetlib.Telnet", "ftplib.FTP") else ""


def secret(name: str, value: Value) -> bool:
    """Whether a name that says secret holds a literal that looks like one."""
    if not _SECRET.search(name) or not value.known or not isinstance(value.constant, str | bytes):
        return False
    text = value.constant if isinstance(value.constant, str) else value.constant.decode("latin-1")
    return 3 < len(text) < 200 and not _PLACEHOLDER.search(text)


_CHECKS: Final[tuple[Callable[[Call], str], ...]] = (
    _hash, _cipher, _random, _cookie, _tls, _debug, _temporary, _permission, _password, _signature, _escaping, _clear,
)  # fmt: skip
