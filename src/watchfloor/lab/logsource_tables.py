"""Make ``bundled/logsources.json`` from pySigma's tables and what they lack.

    python -m watchfloor.lab.logsource_tables [OUT]

The channels of Windows services come from pySigma's Windows pipeline, the event ids of generic categories from
its Sysmon pipeline. To be run when pySigma is updated; a test says when the file is out of date.
"""

import json
import sys
from pathlib import Path
from typing import Any

from sigma.pipelines.common import windows_logsource_mapping
from sigma.pipelines.sysmon.sysmon import sysmon_generic_logsource_eventid_mapping

from watchfloor.base.errors import UsageError

#: Services that pySigma's table lacks, as SigmaHQ's rules or ours name them.
MORE_SERVICES: dict[str, tuple[str, ...]] = {
    "dns-client": ("Microsoft-Windows-DNS-Client/Operational",),
    "iis-configuration": ("Microsoft-IIS-Configuration/Operational",),
    "ldap": ("Microsoft-Windows-LDAP-Client/Debug",),
    "sense": ("Microsoft-Windows-SENSE/Operational",),
    "smbclient-connectivity": ("Microsoft-Windows-SmbClient/Connectivity",),
    "smbserver-connectivity": ("Microsoft-Windows-SMBServer/Connectivity",),
    "ntfs": ("Microsoft-Windows-Ntfs/Operational",),
    "winrm": ("Microsoft-Windows-WinRM/Operational",),
}

#: Sysmon ids that belong to a category beside those of pySigma's table: 26 is a deletion that was not kept.
MORE_IDS: dict[str, tuple[int, ...]] = {"file_delete": (26,)}

OUT = Path(__file__).parent.parent / "bundled" / "logsources.json"


def build() -> dict[str, Any]:
    """The bundled file's content: channels in lower case by service, Sysmon event ids by category."""
    services: dict[str, set[str]] = {}
    for service, channels in [*windows_logsource_mapping.items(), *MORE_SERVICES.items()]:
        named = [channels] if isinstance(channels, str) else channels
        services.setdefault(service, set()).update(channel.lower() for channel in named)
    table: dict[str, Any] = sysmon_generic_logsource_eventid_mapping
    categories: dict[str, set[int]] = {}
    for category, ids in [*table.items(), *MORE_IDS.items()]:
        categories.setdefault(category, set()).update([ids] if isinstance(ids, int) else ids)
    return {
        "services": {service: sorted(channels) for service, channels in sorted(services.items())},
        "sysmon": {category: sorted(ids) for category, ids in sorted(categories.items())},
    }


def main(arguments: list[str]) -> None:
    """Write the file; the argument is where, by default the package's own."""
    if len(arguments) > 1:
        raise UsageError("usage: python -m watchfloor.lab.logsource_tables [OUT]")
    out = Path(arguments[0]) if arguments else OUT
    content = build()
    # One entry a line keeps a new version's diff readable.
    sections = (
        f"{json.dumps(name)}:{{\n" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in table.items()) + "\n}"
        for name, table in content.items()
    )
    out.write_text("{" + ",\n".join(sections) + "}\n", encoding="utf-8")
    print(f"{out}: {len(content['services'])} services, {len(content['sysmon'])} categories")


if __name__ == "__main__":
    main(sys.argv[1:])
