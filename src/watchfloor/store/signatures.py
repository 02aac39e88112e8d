"""Signatures of packs: Ed25519 (RFC 8032) over the manifest, which names every file by sha256.

Whoever makes packs holds a private key; whoever runs them keeps a folder of public keys that are trusted. Knows nothing
of what is in a pack.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from watchfloor.base.errors import PackError
from watchfloor.store.packs import MANIFEST

SIGNATURE: Final = "pack.sig"
#: Public keys of a folder of trust end so.
PUBLIC_SUFFIX: Final = ".pub"


@dataclass(frozen=True, slots=True)
class Signed:
    """Whose signature a pack bears: the name of the trusted key's file."""

    by: str


def make_key(private: Path, public: Path) -> None:
    """Make a key pair; the private key is readable by its owner alone.

    Raises:
        FileExistsError: there is a key already; it is not overwritten.
    """
    key = Ed25519PrivateKey.generate()
    raw = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.parent.mkdir(parents=True, exist_ok=True)
    public.parent.mkdir(parents=True, exist_ok=True)
    private.touch(mode=0o600, exist_ok=False)
    private.write_bytes(raw)
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def sign(folder: Path, private: Path) -> None:
    """Sign the manifest of a pack.

    Raises:
        PackError: the key cannot be read.
    """
    try:
        key = serialization.load_pem_private_key(private.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise PackError(f"signing key {private} cannot be read: {error}.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise PackError(f"signing key {private} is no Ed25519 key.", hint="Make one with `watchfloor lab key`.")
    (folder / SIGNATURE).write_bytes(key.sign((folder / MANIFEST).read_bytes()))


def signed_by(folder: Path, trusted: Path) -> Signed | None:
    """The trusted key that signed a pack, or none: an unsigned pack, or a key nobody trusts here.

    Raises:
        PackError: a trusted key cannot be read.
    """
    try:
        signature = (folder / SIGNATURE).read_bytes()
        manifest = (folder / MANIFEST).read_bytes()
    except OSError:
        return None
    for path in sorted(trusted.glob(f"*{PUBLIC_SUFFIX}")) if trusted.is_dir() else ():
        try:
            key = serialization.load_pem_public_key(path.read_bytes())
        except (OSError, ValueError) as error:
            raise PackError(f"trusted key {path} cannot be read: {error}.") from None
        if not isinstance(key, Ed25519PublicKey):
            raise PackError(f"trusted key {path} is no Ed25519 key.")
        try:
            key.verify(signature, manifest)
        except InvalidSignature:
            continue
        return Signed(path.name.removesuffix(PUBLIC_SUFFIX))
    return None
