"""A sealed file: a stream encrypted piece by piece under a passphrase; what is in it is not known here.

    mark, salt, proof of the key, nonce | piece, piece, … , last piece

Each piece is AES-256-GCM under its number and whether it is the last, with the head as associated data, so that
pieces can be neither changed, moved, taken away nor added (the STREAM construction; docs/adr/0161).
"""

import hmac
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MARK = b"DUYET BACKUP 1\n"
SALT, PROOF, NONCE, TAG = 16, 16, 7, 16
PIECE = 64 * 1024
HEAD = len(MARK) + SALT + PROOF + NONCE


class NotOurs(Exception):
    """The file is not one that this module made."""


class WrongKey(Exception):
    """The file was sealed under another key."""


class Damaged(Exception):
    """The file was cut short or changed."""


def seal(out: BinaryIO, passphrase: str, data: Iterable[bytes]) -> None:
    """Write the data, sealed."""
    salt = secrets.token_bytes(SALT)
    key = _key(passphrase, salt)
    head = MARK + salt + _proof(key) + secrets.token_bytes(NONCE)
    out.write(head)
    cipher, nonce, number, waiting = AESGCM(key), head[-NONCE:], 0, bytearray()
    for some in data:
        waiting += some
        # What is written last must be known to be the last, so a full piece waits for what follows it.
        while len(waiting) > PIECE:
            out.write(cipher.encrypt(_nonce(nonce, number, last=False), bytes(waiting[:PIECE]), head))
            del waiting[:PIECE]
            number += 1
    out.write(cipher.encrypt(_nonce(nonce, number, last=True), bytes(waiting), head))


def key_of(source: BinaryIO, passphrases: Sequence[str]) -> str:
    """Return the passphrase under which the file was sealed; raise as `unseal` does."""
    head = _head(source)
    for passphrase in passphrases:
        if _opens(head, _key(passphrase, _salt(head))):
            return passphrase
    raise WrongKey


def unseal(source: BinaryIO, passphrase: str) -> Iterator[bytes]:
    """Yield what was sealed; raise `NotOurs`, `WrongKey`, or `Damaged`, the last one perhaps only at the end."""
    head = _head(source)
    key = _key(passphrase, _salt(head))
    if not _opens(head, key):
        raise WrongKey
    cipher, nonce, number = AESGCM(key), head[-NONCE:], 0
    piece = source.read(PIECE + TAG)
    while True:
        following = source.read(PIECE + TAG)
        try:
            yield cipher.decrypt(_nonce(nonce, number, last=not following), piece, head)
        except InvalidTag as error:
            raise Damaged from error
        if not following:
            return
        piece, number = following, number + 1


def _head(source: BinaryIO) -> bytes:
    head = source.read(HEAD)
    if not head.startswith(MARK):
        raise NotOurs
    if len(head) < HEAD:
        raise Damaged
    return head


def _salt(head: bytes) -> bytes:
    return head[len(MARK) : len(MARK) + SALT]


def _opens(head: bytes, key: bytes) -> bool:
    return hmac.compare_digest(head[len(MARK) + SALT : -NONCE], _proof(key))


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())


def _proof(key: bytes) -> bytes:
    """Return what tells a wrong key from a damaged file, and nothing about the key."""
    return hmac.digest(key, b"proof of the key", "sha256")[:PROOF]


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])
