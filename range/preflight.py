"""Says what a recording needs and this machine lacks; installs it only when asked."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

TOOLS = {  # program: Debian package
    "auditctl": "auditd",
    "debootstrap": "debootstrap",
    "zstd": "zstd",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "ip": "iproute2",
}


def audit_status() -> dict[str, str]:
    """What `auditctl -s` says, as a table; empty when the kernel does not answer."""
    done = subprocess.run(["auditctl", "-s"], capture_output=True, text=True, check=False)
    return dict(line.split(None, 1) for line in done.stdout.splitlines() if " " in line)


def connector_works() -> bool:
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 11) as conn:
            conn.bind((0, 1))
        return True
    except OSError:
        return False


def missing(install: bool) -> list[str]:
    """Everything that stands in the way, in words. With `install`, missing packages are fetched first."""
    if os.geteuid() != 0:
        return ["must be run as root (kernel auditing and namespaces)"]
    packages = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if packages and install:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *packages], check=True)
        packages = []
    found = [f"package {name} is not installed (run again with --install)" for name in packages]
    if shutil.which("auditctl"):
        status = audit_status()
        if "enabled" not in status:
            found.append("the kernel does not answer auditctl: no auditing, or not allowed here")
        elif status.get("pid", "0") != "0":
            found.append("an audit daemon is already running; stop it first, this recording would take its events")
        elif "No rules" not in subprocess.run(["auditctl", "-l"], capture_output=True, text=True, check=False).stdout:
            found.append("audit rules are already loaded; they would be lost")
    if not connector_works():
        found.append("the kernel's process connector is not available (CONFIG_PROC_EVENTS)")
    tried = subprocess.run(["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "true"], check=False)
    if tried.returncode:
        found.append("namespaces cannot be made here")
    if not Path("/proc/self/loginuid").exists():
        found.append("/proc/self/loginuid is missing: no audit sessions")
    return found
