"""Public sources by pinned address: what is fetched, from which commit or release, under which licence.

Where a digest is not known beforehand it is recorded at the first fetch, and what comes later must match it. A source
that moves on by itself is taken as it comes, and its digest becomes its version.
"""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from watchfloor.base.downloads import Opener, download, open_https
from watchfloor.base.errors import InputError, UsageError, WatchfloorError
from watchfloor.base.settings import Settings
from watchfloor.intake.archives import zip_members
from watchfloor.intake.limits import Budget, DamagedError
from watchfloor.knowledge.building import SOURCES_FILE

_LARGEST: Final = 500 * 1000 * 1000
_ATTACK: Final = "421deacb77191b38bdd1bf63268954e93da91365"
_SIGMA: Final = "8eaafff1f2845a696050e05e72ba1140ee190698"
_LOLBAS: Final = "3403b338875b8a99a0cd7ba4ced5086e8d310bf7"
_GTFOBINS: Final = "7382261ef936e35896ba70e7a6b833352ffb9a22"
_KEV: Final = "eacf03ec6637cc7be6d3d4ed50785493da5126a2"
_MAPPINGS: Final = "2911162ca45dc34971f3a9fbc9892d1c7fa07b99"
_RAW: Final = "https://raw.githubusercontent.com"
_MITRE_TERMS: Final = "MITRE ATT&CK ToU (attribution)"


@dataclass(frozen=True, slots=True)
class PublicSource:
    """One file to fetch. ``moving`` ones change at their address; ``asked`` ones are fetched only by name."""

    name: str
    file: str
    address: str
    repository: str
    version: str
    licence: str
    sha256: str = ""
    moving: bool = False
    asked: bool = False


def _cti(name: str, path: str) -> PublicSource:
    address = f"{_RAW}/mitre/cti/{_ATTACK}/{path}"
    return PublicSource(name, Path(path).name, address, "mitre/cti", _ATTACK, _MITRE_TERMS)


def _archive(name: str, repository: str, commit: str, licence: str) -> PublicSource:
    return PublicSource(
        name, f"{name}.zip", f"https://github.com/{repository}/archive/{commit}.zip", repository, commit, licence
    )


#: What is fetched, in the order in which documents told twice are believed.
SOURCES: Final[tuple[PublicSource, ...]] = (
    _cti("attack", "enterprise-attack/enterprise-attack.json"),
    _cti("attack", "mobile-attack/mobile-attack.json"),
    _cti("attack", "ics-attack/ics-attack.json"),
    _cti("capec", "capec/2.1/stix-capec.json"),
    PublicSource("cwe", "cwec_v4.18.xml.zip", "https://cwe.mitre.org/data/xml/cwec_v4.18.xml.zip", "cwe.mitre.org",
                 "4.18", "CWE ToU"),
    PublicSource("d3fend", "d3fend.json", "https://d3fend.mitre.org/ontologies/d3fend/1.2.0/d3fend.json",
                 "d3fend.mitre.org", "1.2.0", "MIT"),
    PublicSource("d3fend", "d3fend-full-mappings.csv",
                 "https://d3fend.mitre.org/api/ontology/inference/d3fend-full-mappings.csv", "d3fend.mitre.org", "",
                 "MIT", moving=True),
    PublicSource("kev", "known_exploited_vulnerabilities.json",
                 f"{_RAW}/cisagov/kev-data/{_KEV}/known_exploited_vulnerabilities.json", "cisagov/kev-data", _KEV,
                 "CC0 (US Gov)"),
    PublicSource("mappings", "kev-07.28.2025_attack-16.1-enterprise.json",
                 f"{_RAW}/center-for-threat-informed-defense/mappings-explorer/{_MAPPINGS}/mappings/kev/attack-16.1/"
                 "kev-07.28.2025/enterprise/kev-07.28.2025_attack-16.1-enterprise.json",
                 "center-for-threat-informed-defense/mappings-explorer", _MAPPINGS, "Apache-2.0"),
    _archive("sigma", "SigmaHQ/sigma", _SIGMA, "Detection Rule License 1.1"),
    _archive("lolbas", "LOLBAS-Project/LOLBAS", _LOLBAS, "GPL-3.0"),
    _archive("gtfobins", "GTFOBins/GTFOBins.github.io", _GTFOBINS, "GPL-3.0"),
    *(PublicSource("nvd", f"nvdcve-2.0-{year}.json.gz", f"https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-{year}.json.gz",
                   "nvd.nist.gov", "", "CVE ToU", moving=True, asked=True) for year in range(2002, 2027)),
)  # fmt: skip


@dataclass(slots=True)
class FetchedSources:
    """Where the files lie, how many came now, and what could not be had, with why."""

    folder: Path
    fetched: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def sources_named(words: str | None, sources: tuple[PublicSource, ...] = SOURCES) -> tuple[PublicSource, ...]:
    """The sources of the names in ``words`` (comma between them), or all that need not be asked for by name.

    Raises:
        UsageError: there is no source of a name.
    """
    if words is None:
        return tuple(each for each in sources if not each.asked)
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    known = {each.name for each in sources}
    for word in wanted:
        if word not in known:
            raise UsageError(f"there is no source {word!r}.", hint=f"There are: {', '.join(sorted(known))}.")
    return tuple(each for each in sources if each.name in wanted)


def fetch_all(
    folder: Path,
    wanted: tuple[PublicSource, ...],
    *,
    opener: Opener = open_https,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> FetchedSources:
    """Fetch what is not there yet; one source that cannot be had does not keep the others.

    Raises:
        InputError: none can be had.
        WatchfloorError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WatchfloorError(f"{folder} cannot be made: {error.strerror or error}.") from error
    recorded = _recorded(folder)
    found = FetchedSources(folder)
    for place, source in enumerate(wanted):
        if on_progress is not None:
            on_progress(f"fetching {source.file}", place, len(wanted))
        known = recorded.get(f"{source.name}/{source.file}", {})
        present = folder / source.name / source.file
        pinned = not source.moving and known.get("address") == source.address
        if pinned and present.is_file() and _sha256(present) == known.get("sha256"):
            continue
        try:
            recorded[f"{source.name}/{source.file}"] = _fetch(folder, source, known, opener)
            found.fetched += 1
        except InputError as error:
            found.failed.append((source.address, error.message))
    if wanted and len(found.failed) == len(wanted):
        raise InputError(
            f"no source can be had; the first: {found.failed[0][1]}", hint="Fetch elsewhere and use --from."
        )
    (folder / SOURCES_FILE).write_bytes(orjson.dumps({"files": recorded}, option=orjson.OPT_INDENT_2))
    return found


def _recorded(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / SOURCES_FILE
    if not path.exists():
        return {}
    try:
        raw: Any = orjson.loads(path.read_bytes())
        return {str(name): dict(facts) for name, facts in raw["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged.", hint="Delete it: all sources are then fetched again.") from error


def _fetch(folder: Path, source: PublicSource, known: Mapping[str, str], opener: Opener) -> dict[str, str]:
    place = folder / source.name / source.file
    place.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as file:
        temporary = Path(file.name)
        try:
            sha256 = download(source.address, file, opener, largest=_LARGEST)
            file.close()
            content = content_digest(temporary) if source.address.endswith(".zip") else sha256
            same_address = known.get("address") == source.address
            expected = source.sha256 or ("" if source.moving or not same_address else known.get("content", ""))
            if expected and expected not in (content, sha256):
                raise InputError(f"{source.address} holds something else than before (sha256 {content}): not taken.")
            temporary.replace(place)
        finally:
            temporary.unlink(missing_ok=True)
    version = source.version or f"sha256:{content[:12]}"
    return {
        "address": source.address,
        "repository": source.repository,
        "version": version,
        "licence": source.licence,
        "sha256": sha256,
        "content": content,
    }


def content_digest(path: Path) -> str:
    """A digest of what a zip holds, by member: a forge may pack the same commit into other bytes tomorrow.

    Raises:
        InputError: it is no zip that can be read.
    """
    whole = hashlib.sha256()
    digests: list[tuple[str, str]] = []
    try:
        with path.open("rb") as stream:
            for member in zip_members(stream, Budget(Settings(), packed=path.stat().st_size)):
                if member.stream is None:
                    raise InputError(f"{member.name}: {member.why}.")
                inner = hashlib.sha256()
                while data := member.stream.read(1 << 20):
                    inner.update(data)
                digests.append((member.name, inner.hexdigest()))
    except DamagedError as error:
        raise InputError(f"what came is no archive: {error.why}.") from error
    for name, digest in sorted(digests):
        whole.update(f"{digest}  {name}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
