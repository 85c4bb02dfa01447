"""Requests as bytes, as a page of Parlour with htmx sends them."""

import re
import time
from urllib.parse import urlencode

POLLER = re.compile(
    rb'name="since" value="(\d+)"[^>]*><input type="hidden" name="from" value="(\d+)"[^>]*><input '
    rb'type="hidden" name="at" value="(\d+)"'
)
NUMBERED = re.compile(rb"bench-(\d+)-")
BARE = "/bare/"  # the path that bench.bare answers
BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
    "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip\r\n"
)


def text(number):
    """A text that `numbers` finds again in HTML."""
    return f"bench-{number}- and some words as people say them to one another"


def numbers(html):
    return map(int, NUMBERED.findall(html))


def cookies(person):
    """The Cookie header, in a browser's order. Guests have no session before they join."""
    session = f"; session={person.session}" if person.session else ""
    return f"csrf={person.csrf}{session}"


def from_page(person, host):
    """Headers that tell the server which page htmx sends from."""
    page = f"http://{host}/rooms/{person.slug}/"
    return f"{BROWSER}Host: {host}\r\nHX-Request: true\r\nHX-Current-URL: {page}\r\nReferer: {page}\r\nAccept: */*\r\n"


def poll_head(person, host):
    """The bytes before and after the three numbers of a poll."""
    before = f"GET /rooms/{person.slug}/changes/?since="
    after = f"&log={person.incarnation} HTTP/1.1\r\n{from_page(person, host)}Cookie: {cookies(person)}\r\n\r\n"
    return before.encode(), after.encode()


def poll(person, host, since, origin=None, at=None):
    """A poll. `at`: when the page last received news, in seconds since 1970."""
    before, after = poll_head(person, host)
    at = int(time.time()) if at is None else at
    return b"%b%d&from=%d&at=%d%b" % (before, since, since if origin is None else origin, at, after)


def told(answer):
    """`since`, `from` and `at` of a poll's answer, or None."""
    found = POLLER.search(answer)
    return tuple(map(int, found.groups())) if found else None


def get(person, host, path):
    """A page load, without htmx."""
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{BROWSER}Accept: text/html\r\nCookie: {cookies(person)}\r\n\r\n"
    return head.encode()


def post(person, host, path, **fields):
    """A form sent by htmx, with the page's CSRF token."""
    body = urlencode(fields | {"csrfmiddlewaretoken": person.token}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\n{from_page(person, host)}Origin: http://{host}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        f"Cookie: {cookies(person)}\r\n\r\n"
    )
    return head.encode() + body


def send(person, host, number, text):
    """Send a message from composer `number` of this person's page. Number and page key are its one-time token."""
    return post(person, host, f"/rooms/{person.slug}/send/", n=number, page=person.page, text=text)
