"""Phones and second factors sealed, phones looked up, addresses turned into keyed hashes; no table is touched here."""

import hmac
import ipaddress
import secrets
import uuid
from dataclasses import dataclass

import phonenumbers
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
"""The size that NIST SP 800-38D recommends for GCM."""


class InvalidPhone(Exception):
    """The text is not a telephone number that can be called."""


class Unreadable(Exception):
    """The ciphertext belongs to another row or column, was changed, or its key is gone."""


@dataclass(frozen=True, slots=True)
class Vault:
    """The keys of personal data: `data_keys` newest first, all of which can still open what they sealed."""

    data_keys: tuple[bytes, ...]
    address_key: bytes
    lookup: bytes | None = None

    @property
    def lookup_key(self) -> bytes:
        """Return the key of the look-ups, which a rotation leaves as it is: it must not part senders from their past.

        Without one of its own (LOOKUP_KEY) it follows from the oldest data key.
        """
        return self.lookup or hmac.digest(self.data_keys[-1], b"phone look-up", "sha256")

    def seal(self, phone: str, row: uuid.UUID) -> bytes:
        """Encrypt an E.164 number so that only this row's column can be decrypted with it (AES-256-GCM)."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.data_keys[0]).encrypt(nonce, phone.encode(), _bound_to(row))

    def open(self, sealed: bytes, row: uuid.UUID) -> str:
        """Decrypt what `seal` made for the same row; raise `Unreadable` otherwise."""
        return _opened(sealed, _bound_to(row), self.data_keys)

    def reseal(self, sealed: bytes, row: uuid.UUID) -> bytes | None:
        """Return the number sealed anew, None when the newest key sealed it; raise `Unreadable`."""
        if self._is_newest(sealed, _bound_to(row)):
            return None
        return self.seal(self.open(sealed, row), row)

    def reseal_secret(self, sealed: bytes, owner: str) -> bytes | None:
        """Return a second factor's secret sealed anew, None when the newest key sealed it; raise `Unreadable`."""
        if self._is_newest(sealed, _secret_of(owner)):
            return None
        return self.seal_secret(self.open_secret(sealed, owner), owner)

    def _is_newest(self, sealed: bytes, bound: bytes) -> bool:
        try:
            _opened(sealed, bound, self.data_keys[:1])
        except Unreadable:
            return False
        return True

    def seal_secret(self, secret: str, owner: str) -> bytes:
        """Encrypt the shared secret of somebody's second factor so that it can be opened for the same name alone."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.data_keys[0]).encrypt(nonce, secret.encode(), _secret_of(owner))

    def open_secret(self, sealed: bytes, owner: str) -> str:
        """Decrypt what `seal_secret` made for the same name; raise `Unreadable` otherwise."""
        return _opened(sealed, _secret_of(owner), self.data_keys)

    def seal_copy(self, text: str, row: uuid.UUID) -> bytes:
        """Encrypt what the law keeps of an erased comment."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.data_keys[0]).encrypt(nonce, text.encode("utf-8", "replace"), _copy_of(row))

    def open_copy(self, sealed: bytes, row: uuid.UUID) -> str:
        """Decrypt what `seal_copy` made of the same comment; raise `Unreadable` otherwise."""
        return _opened(sealed, _copy_of(row), self.data_keys)

    def reseal_copy(self, sealed: bytes, row: uuid.UUID) -> bytes | None:
        """Return a copy sealed anew, None when the newest key sealed it; raise `Unreadable`."""
        if self._is_newest(sealed, _copy_of(row)):
            return None
        return self.seal_copy(self.open_copy(sealed, row), row)

    def phone_key(self, phone: str) -> bytes:
        """Return the keyed hash by which one sender's comments are found without knowing the number."""
        return hmac.digest(self.lookup_key, phone.encode(), "sha256")[:16]

    def sender(self, address: str) -> bytes:
        """Return the keyed hash of an address's prefix."""
        return hmac.digest(self.address_key, address_prefix(address).encode(), "sha256")[:16]


def parse_phone(typed: str, region: str) -> str:
    """Return the number in E.164, read as one of `region` when it has no country code; raise `InvalidPhone`."""
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone from error
    if number.extension or not phonenumbers.is_valid_number(number):
        raise InvalidPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def masked(phone: str) -> str:
    """Return the number with all but its last three digits hidden."""
    return "•" * max(0, len(phone) - 4) + phone[-3:]


def address_prefix(address: str) -> str:
    """Return what stands for one subscriber: an IPv4 address, or the /64 of an IPv6 one (RFC 6177)."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return "unknown"
    mapped = getattr(ip, "ipv4_mapped", None)
    if mapped is not None:
        ip = mapped
    if ip.version == 4:
        return str(ip)
    return str(ipaddress.ip_network((ip, 64), strict=False))


def _opened(sealed: bytes, bound: bytes, keys: tuple[bytes, ...]) -> str:
    nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    for key in keys:
        try:
            return AESGCM(key).decrypt(nonce, text, bound).decode()
        except (InvalidTag, ValueError):
            continue
    raise Unreadable


def _bound_to(row: uuid.UUID) -> bytes:
    return b"comments.phone:" + row.bytes


def _copy_of(row: uuid.UUID) -> bytes:
    return b"holds.copy:" + row.bytes


def _secret_of(owner: str) -> bytes:
    return b"moderators.totp:" + owner.encode()
