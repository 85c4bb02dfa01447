"""Finds the links in a text: web addresses, bare domain names and e-mail addresses."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from chat.link_ends import BRACKETS, NEVER, LinkEnds, characters

# Scripts that are written without spaces, so that a link can begin or end at one of their letters: Thai, Lao, Tibetan,
# Burmese, Khmer, Korean (whose particles follow a word directly), Chinese and Japanese.
SPACELESS = (
    "\u0e00-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3041-\u318f\u31a0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
MARKS = characters("Mn", "Mc", "Me")  # vowel signs, for example; \w has none of them
JOINERS = "\u200c\u200d"  # parts of words in Persian and in Indian scripts
LETTER = rf"[^\W_{SPACELESS}]"  # or digit, of the other scripts

# What may be before `www.`, a bare domain name or an e-mail address: not a part of a longer name or of a path.
BEFORE = rf"(?<![./\\@#%&-])(?<!{LETTER})(?<!{LETTER}_)(?<!(?![{SPACELESS}])[{MARKS}])"
BARE = rf"(?:{LETTER}(?:{LETTER}|[{MARKS}-])*+\.)+(?i:com|edu|gov|int|mil|net|org)(?!-|_*{LETTER}|\.{LETTER}|@)"
START = re.compile(
    rf"""
    (?<![A-Za-z0-9+])(?=\w)
    (?:
        (?P<web>(?i:https?)://)
      | (?P<other>(?<![.-])(?:(?![A-Za-z0-9.-]*[.-](?i:https?)://)[A-Za-z][A-Za-z0-9+.-]*+://|(?i:acct|sips?|xmpp):))
      | (?P<email>{BEFORE}[A-Za-z0-9_][A-Za-z0-9._%+'-]{{0,63}}+)@
      | (?P<name>{BEFORE}(?=(?i:www)\.[^\W_]|{BARE}))
    )
    """,
    re.VERBOSE,
)
HINT = re.compile(r"[.:@][\w/\[]")  # every link has one of these

LABEL = rf"[^\W_][\w{MARKS}{JOINERS}-]*+"
HOST = re.compile(rf"\[[0-9A-Fa-f:.]+\]|{LABEL}(?:\.{LABEL})*+")
GLUED = re.compile(rf"[A-Za-z0-9-]+(?=_*[{SPACELESS}])")
PORT = re.compile(r":[0-9]{1,5}(?![A-Za-z0-9_])")
AUTHORITY = re.compile(
    rf"[^/?#@,;{BRACKETS}{NEVER}]{{0,100}}+"
)  # bounded, because many links may look at the same text
NO_HOST = ("%", "://")  # after what looks like a host
SAFE = "+'"  # needs no percent-encoding in mailto: (besides letters, digits and "._-")
NO_EMAIL = re.compile(r"@|:[\w/~]")  # after @user@host.example and git@host.example:path

validate_email = EmailValidator(allowlist=[])


class Link(NamedTuple):
    """Where a link is in its text, and what it leads to."""

    start: int
    end: int
    href: str


Result = tuple[Link | None, int]  # the link, if there is one, and where to go on


def find(text: str) -> Iterator[Link]:
    """Yield the links in the text, in order. The time it takes grows with the length of the text, whatever is in it.

    An address with a user (`https://user@host/`) is none: what is before the @ can look like the host.
    """
    if not HINT.search(text):
        return
    ends, position = LinkEnds(text), 0
    while found := START.search(text, position):
        link, position = KINDS[found.lastgroup or ""](found, ends)
        if link:
            yield link


def _web(found: re.Match[str], ends: LinkEnds) -> Result:
    return _from_host(found, ends, "")


def _name(found: re.Match[str], ends: LinkEnds) -> Result:
    return _from_host(found, ends, "http://")


def _other(found: re.Match[str], ends: LinkEnds) -> Result:
    """Pass over an address with another scheme, so that no part of it is a link."""
    return None, ends.stop(found.end())


def _from_host(found: re.Match[str], ends: LinkEnds, scheme: str) -> Result:
    text, start, host = found.string, found.start(), found.end()
    end = _host_end(text, host)
    is_glued = end is not None and text[end : end + 1].isalnum()
    if _has_user(text, host) and not is_glued:
        return None, ends.stop(host)
    if end is None:
        return None, max(host, start + 1)  # START matches no characters of a bare name
    port = PORT.match(text, end)
    end = port.end() if port else end
    if text[end : end + 1] in tuple("/?#"):
        end = ends.find(start, end)
    return Link(start, end, scheme + text[start:end]), end


def _email(found: re.Match[str], ends: LinkEnds) -> Result:
    text, local, domain = found.string, found["email"], found.end()
    end = _host_end(text, domain)
    if not end or NO_EMAIL.match(text, end):
        return None, domain
    if text[end : end + 1] == "_":  # around the address, as in _me@host.example_
        local = local.lstrip("_")
    start = domain - 1 - len(local)
    if not _is_email(text[start:end]):
        return None, domain
    return Link(start, end, f"mailto:{quote(local, SAFE)}@{text[domain:end]}"), end


KINDS = {"web": _web, "name": _name, "other": _other, "email": _email}


def _host_end(text: str, start: int) -> int | None:
    """Return where the host ends that begins at `start`, without its port, or None if there is no host."""
    host = HOST.match(text, start)
    if not host or text.startswith(NO_HOST, host.end()):
        return None
    last_label = start + host[0].rfind(".") + 1
    glued = GLUED.match(text, last_label)
    return glued.end() if glued else start + len(host[0].rstrip("_-"))


def _has_user(text: str, start: int) -> bool:
    authority = AUTHORITY.match(text, start)
    return bool(authority) and text.startswith("@", authority.end())  # type: ignore[union-attr]


def _is_email(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True
