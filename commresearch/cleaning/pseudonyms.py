"""Keyed pseudonyms of identifiers, and the rules for their key.

A plain hash of a telephone or ID number can be undone by trying all of them; a keyed one cannot without the key. The key comes
from outside the project and is never written down here: only its fingerprint is, so that waves with different keys are noticed.

References
----------
RFC 2104 and FIPS 198-1 (HMAC); GB/T 37964-2019 (假名化).
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from commresearch.cleaning.identifiers import telephone_digits
from commresearch.cleaning.national_id import normal_national_id
from commresearch.cleaning.reference_tables import has_answer
from commresearch.cleaning.text_spans import plain_texts
from commresearch.errors import CleaningError, Failure
from commresearch.terms import Identifier

KEY_BYTES = 16  #: shortest key
_DIFFERENT_BYTES = 5  #: a key with fewer different bytes was typed by leaning on the keyboard
#: sixteen consonants instead of hexadecimal digits: no pseudonym looks like a number, a date or a word to a spreadsheet or a scanner
LETTERS = "bcdfghjkmnpqrstv"
LENGTH = 20  #: letters of a pseudonym, four bits each
_AS_LETTERS = str.maketrans("0123456789abcdef", LETTERS)
_PSEUDONYM = re.compile(f"[{LETTERS}]{{{LENGTH}}}")
_DOMAIN = "commresearch/pseudonym/"
_BLOCK, _INNER, _OUTER = 64, 0x36, 0x5C  #: bytes of a block of SHA-256, and the pads of RFC 2104
_FINGERPRINT_OF = b"commresearch/fingerprint"
#: characters that a normalised text of a class needs to tell one person from another
LEAST: Mapping[str, int] = {Identifier.NATIONAL_ID: 7, Identifier.MOBILE: 7, Identifier.LANDLINE: 7}


def pseudonymise(texts: pd.Series, key: bytes, *, purpose: str) -> pd.Series:
    """Keyed pseudonyms in place of identifiers.

    Parameters
    ----------
    texts : Series of str
        Identifiers of one class, as received.
    key : bytes
        At least 16 bytes, see `parse_key`.
    purpose : str
        Class of the identifiers (a value of `terms.Identifier`). The same number gets another pseudonym under another purpose.

    Returns
    -------
    Series of str (index of `texts`)
        Twenty letters per identifier. Cells that say nothing ((跳过), 无, blank) stay as they are, so that the kinds of missing
        survive; cells too short to be an identifier of the class become blank; pseudonyms stay, so that doing it again changes
        nothing.

    Raises
    ------
    CleaningError
        The key is too short (CR-P01).

    Notes
    -----
    HMAC-SHA-256 of the purpose and the normalised text, cut to 80 bits. Among n different identifiers two share a pseudonym with
    a probability of at most n(n − 1)/2⁸¹: 4 × 10⁻¹³ for a million. Normalised: ID numbers to 18 characters, telephones to
    digits without country code, everything else without blanks and in lower case.
    """
    require_long_key(key)
    codes, uniques = pd.factorize(texts.fillna(""))
    distinct = pd.Series([str(u) for u in uniques.tolist()], dtype="str")
    texts_and_forms = distinct.to_list(), normal_identifiers(distinct, purpose).to_list()
    rows = zip(*texts_and_forms, has_answer(texts_and_forms[0]).tolist(), strict=True)
    least = LEAST.get(purpose, 1)
    results: list[str] = []
    made: list[tuple[int, str]] = []
    for place, (old, normal, tells) in enumerate(rows):
        stays = not tells or is_pseudonym(old)
        results.append(old if stays else "")
        if not stays and len(normal) >= least:
            made.append((place, normal))
    for (place, _), pseudonym in zip(made, keyed_pseudonyms([normal for _, normal in made], key, purpose=purpose), strict=True):
        results[place] = pseudonym
    return pd.Series(np.array(results, dtype=object)[codes], index=texts.index, name=texts.name, dtype="str")


def keyed_pseudonyms(normal: Sequence[str], key: bytes, *, purpose: str) -> list[str]:
    """Pseudonyms of normalised identifiers, one each.

    HMAC as RFC 2104 defines it. What it hashes before every text (the key, the purpose) is hashed once and copied: of a million
    telephone numbers that is most of the work.

    Parameters
    ----------
    normal : sequence of str
        Identifiers as `normal_identifiers` gives them.
    key, purpose
        As in `pseudonymise`.
    """
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (_INNER, _OUTER))
    inner.update(f"{_DOMAIN}{purpose}\0".encode())
    begin, finish = inner.copy, outer.copy  # looked up once: of a short text that is a tenth of the work
    digests = []
    for text in normal:
        within, around = begin(), finish()
        within.update(text.encode("utf-8", "surrogatepass"))
        around.update(within.digest())
        digests.append(around.digest())
    whole = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, inner.digest_size)
    letters = whole[:, : LENGTH // 2].tobytes().hex().translate(_AS_LETTERS)
    return [letters[i : i + LENGTH] for i in range(0, len(letters), LENGTH)]


def normal_identifiers(texts: pd.Series, identifier: str) -> pd.Series:
    """Identifiers in the one form in which they are compared and pseudonymised."""
    if identifier == Identifier.NATIONAL_ID:
        return normal_national_id(texts)
    if identifier in {Identifier.MOBILE, Identifier.LANDLINE}:
        return telephone_digits(texts)
    plain = pd.Series(plain_texts(texts.fillna("").to_list()), index=texts.index, dtype="str")
    if identifier == Identifier.IP:
        plain = plain.str.replace(r"\s*\(.*$", "", regex=True)
    return plain.str.replace(r"[\s·]+", "", regex=True).str.lower()


def is_pseudonym(text: str) -> bool:
    """Whether a text has the form of a pseudonym."""
    return _PSEUDONYM.fullmatch(text) is not None


def key_fingerprint(key: bytes) -> str:
    """Sixteen letters that tell keys apart and do not tell the key.

    Raises
    ------
    CleaningError
        The key is too short (CR-P01).
    """
    require_long_key(key)
    return hmac.digest(key, _FINGERPRINT_OF, "sha256").hex()[:16].translate(_AS_LETTERS)


def read_key(path: Path, root: Path) -> bytes:
    """The key in a file outside the project folder `root`: text as `parse_key` reads it, or bytes as a generator of keys writes them.

    Raises
    ------
    CleaningError
        There is no such file (CR-P10), it is a folder (CR-P11), it lies inside the project (CR-P03); as `parse_key`.
    """
    if path.is_dir():
        raise CleaningError(Failure(code="CR-P11", values={"path": path}))
    if not path.is_file():
        raise CleaningError(Failure(code="CR-P10", values={"path": path}))
    require_key_outside(path, root)
    data = path.read_bytes()
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"  # some shells write their text in two bytes
    try:
        return parse_key(data.decode(encoding))
    except UnicodeDecodeError:
        require_long_key(data)
        return parse_key(data.hex())


def parse_key(text: str) -> bytes:
    """A key from what a person typed or a file holds.

    An even number of hexadecimal digits (32 or more) is read as bytes, base64 of at least 16 bytes likewise, anything else as
    UTF-8 text. Blanks and line ends around it do not count.

    Raises
    ------
    CleaningError
        The key has fewer than 16 bytes, or hardly any different ones (CR-P01, CR-P02).
    """
    tidy = text.strip().strip("\ufeff").strip()
    key = _decoded(tidy)
    require_long_key(key)
    if len(set(key)) < _DIFFERENT_BYTES:
        raise CleaningError(Failure(code="CR-P02", values={"got": len(set(key)), "least": _DIFFERENT_BYTES}))
    return key


def _decoded(text: str) -> bytes:
    if re.fullmatch(r"(?:[0-9A-Fa-f]{2}){16,}", text):
        return bytes.fromhex(text)
    if len(text) % 4 == 0 and re.fullmatch(r"[0-9A-Za-z+/_-]{20,}={0,2}", text):
        try:
            decoded = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
        except binascii.Error:
            decoded = b""
        if len(decoded) >= KEY_BYTES:
            return decoded
    return text.encode()


def require_long_key(key: bytes) -> None:
    """Refuse a key that is shorter than 16 bytes (CR-P01)."""
    if len(key) < KEY_BYTES:
        raise CleaningError(Failure(code="CR-P01", values={"got": len(key), "least": KEY_BYTES}))


def require_key_outside(path: Path, root: Path) -> None:
    """Refuse a key file inside the project folder, links followed.

    Raises
    ------
    CleaningError
        The file lies inside (CR-P03).
    """
    if path.resolve().is_relative_to(root.resolve()):
        raise CleaningError(Failure(code="CR-P03", values={"path": path, "root": root}))


def require_same_key(fingerprints: Mapping[str, str]) -> None:
    """Refuse to link persons of waves whose pseudonyms were made with different keys, or with none.

    Parameters
    ----------
    fingerprints : mapping
        Name of the wave → fingerprint of its key, "" where it was cleaned without one.

    Raises
    ------
    CleaningError
        Fingerprints differ (CR-P04), or are missing (CR-P05, one per wave).
    """
    without = [wave for wave, fingerprint in fingerprints.items() if not fingerprint]
    if len(fingerprints) > 1 and without:
        raise CleaningError(*(Failure(code="CR-P05", values={"wave": wave}) for wave in without))
    if len(set(fingerprints.values())) > 1:
        pairs = fingerprints.items()
        listed = {"zh": "；".join(f"{w}：{f}" for w, f in pairs), "en": "; ".join(f"{w}: {f}" for w, f in pairs)}
        raise CleaningError(Failure(code="CR-P04", values={"keys": listed}))
