"""What only judges shares no name with what trains: storylines, hosts, people, addresses, folders and accounts."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "range"))

import plot

RANGE = plot.HERE

# a folder of the storyline's or host's own making below one that every Debian has
OWN = re.compile(
    r"/(?:opt|srv|usr/local/(?:s?bin|lib)|usr/lib(?:exec)?|var/(?:lib|backups)|etc/cron\.d|etc/sudoers\.d)/[a-z][\w.-]{2,}"
)
# Debian's own, and two that were named alike before this was looked at
COMMON = re.compile(r"/usr/lib/(nagios|postgresql|x86_64-linux-gnu)|/var/lib/postgresql|/srv/vault|/var/backups/etc-$")
LATER = ("attic-15", "clinic-14")  # recorded on their own, after the others
HOSTS = plot.all_hosts()
STORIES = plot.all_storylines()


def of(split: str) -> tuple[list[str], list[plot.HostSpec]]:
    return (
        [name for name, story in STORIES.items() if story.split == split],
        [spec for spec in HOSTS.values() if spec.split == split],
    )


def text_of(split: str) -> str:
    stories, hosts = of(split)
    return text(stories, [spec.name for spec in hosts])


def text(stories: Iterable[str], hosts: Iterable[str]) -> str:
    paths = [RANGE / "storylines" / f"{name.replace('-', '_')}.py" for name in stories]
    paths += [path for host in hosts for path in sorted((RANGE / "hosts" / host).rglob("*")) if path.is_file()]
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in paths)


@pytest.mark.parametrize("what", ["name", "uid", "password", "workstation"])
def test_people_are_nobody_twice(what: str) -> None:
    values = [getattr(person, what) for spec in HOSTS.values() for person in spec.people]
    assert len(values) == len(set(values))


def test_hosts_have_addresses_of_their_own() -> None:
    assert len({spec.address for spec in HOSTS.values()}) == len(HOSTS)


def test_a_storyline_that_judges_begins_only_where_nothing_trains() -> None:
    names = {spec.name for spec in of("test")[1]}
    for name in of("test")[0]:
        story = STORIES[name]
        assert story.hosts and {*story.hosts, *story.second_hosts} <= names, name


def test_folders_programs_jobs_and_rules_are_made_under_names_of_their_own() -> None:
    train, test = ({found for found in OWN.findall(text_of(split)) if not COMMON.match(found)} for split in plot.SPLITS)
    assert len(train) > 50 and len(test) > 50
    assert not train & test, sorted(train & test)


def test_accounts_are_made_under_names_of_their_own() -> None:
    made = re.compile(r"useradd [^\n|;&]*?([a-z][a-z0-9]{2,})(?= >|\n|$| \|)")
    train, test = (set(made.findall(text_of(split))) for split in plot.SPLITS)
    assert train and test and not train & test, sorted(train & test)


def test_names_of_hosts_and_people_do_not_occur_on_the_other_side() -> None:
    train = text_of("train")
    for spec in of("test")[1]:
        for word in (spec.name, *(person.name for person in spec.people)):
            assert word not in train, word


def test_what_was_recorded_later_shares_no_folder_or_program_with_anything_before() -> None:
    stories = {name for name, story in STORIES.items() if set(story.hosts) & set(LATER)}
    later = set(OWN.findall(text(stories, LATER)))
    before = set(OWN.findall(text(STORIES.keys() - stories, HOSTS.keys() - set(LATER))))
    assert len(stories) == 4 and len(later) > 40
    assert not {found for found in later & before if not COMMON.match(found)}
