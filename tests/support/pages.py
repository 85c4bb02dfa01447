"""An open page as htmx updates it with the answers to its requests, without a browser."""

from copy import copy, deepcopy
from itertools import pairwise
from urllib.parse import urlencode

from lxml import html

from chat.responses import STOP_POLLING


class OpenPage:
    """A room's page. `poll()` and `unfold()` update it as htmx would."""

    def __init__(self, person, room):
        self.person, self.room = person, room
        self._load()

    def _load(self):
        answer = self.person.get(self.room.get_absolute_url())
        assert answer.status_code == 200, answer.status_code
        self.document = html.document_fromstring(answer.content.decode())

    def copy(self, person, room):
        """The same page, open in another browser."""
        other = copy(self)
        other.person, other.room, other.document = person, room, deepcopy(self.document)
        return other

    def poll(self):
        """Poll and apply the answer. If the room has a new address, polling stops and the page is opened there."""
        fields = self.document.cssselect(self._poller.get("hx-include"))
        query = urlencode([(field.get("name"), field.get("value")) for field in fields])
        answer = self._get(f"{self._poller.get('hx-get')}?{query}")
        if answer.status_code == STOP_POLLING:
            assert "This room has a new address." in answer.content.decode()
            self.room.refresh_from_db()
            self._load()
        else:
            self._swap(_parsed(answer))

    def ask_for_older(self):
        """Request the link "Older messages". Returns the link and its answer, not applied yet; None without a link."""
        links = self.document.cssselect("#messages .older a")
        return (links[0].getparent(), _parsed(self._get(links[0].get("hx-get")))) if links else None

    def unfold(self, under_way):
        """Replace the link by the older lines; after a full refresh meanwhile the link is gone."""
        link, lines = under_way or (None, ())
        if link is not None and self.document in link.iterancestors():
            for line in lines:
                link.addprevious(line)
            link.getparent().remove(link)

    def _get(self, url):
        answer = self.person.get(url, headers={"HX-Request": "true"})
        # The room was renamed: browsers follow the redirect.
        return self._get(answer.headers["Location"]) if answer.status_code == 303 else answer

    def _swap(self, answer):
        """Swap the out-of-band parts into their places, and the rest into the poller."""
        for part in answer.xpath("//*[@hx-swap-oob]"):
            part.getparent().remove(part)
            part.tail = None
            self._swap_out_of_band(part)
        _set_inside(self._poller, answer)

    def _swap_out_of_band(self, part):
        how, _colon, where = part.attrib.pop("hx-swap-oob").partition(":")
        targets = self.document.cssselect(where or f"#{part.get('id')}")
        assert targets, f"htmx would complain of a missing target: {where}"
        for target in targets:
            if how == "true":
                target.getparent().replace(target, part)
            elif how == "innerHTML":
                _set_inside(target, part)
            elif how == "beforeend":
                target.extend(list(_copy(part)))
            elif how == "delete":
                target.getparent().remove(target)

    @property
    def _poller(self):
        return self.document.cssselect("#poll")[0]

    @property
    def version(self):
        return int(self.document.cssselect("#poll input[name=since]")[0].get("value"))

    @property
    def lines(self):
        """Every line of the log, oldest first: its id and its HTML."""
        return [(line.get("id"), _inside(line)) for line in self.document.cssselect("#messages li[id]")]

    @property
    def folded(self):
        """The ids of the lines that the stylesheet hides, because the next one continues their run."""
        lines = self.document.cssselect("#messages ol > li")
        pairs = pairwise(lines)
        return [line.get("id") for line, following in pairs if line.get("id") and following.cssselect("li > .folds")]

    @property
    def header(self):
        return [_inside(self.document.cssselect(part)[0]) for part in ("#about", "#state")]

    @property
    def words(self):
        return [body.text_content() for body in self.document.cssselect("#messages [data-message-body]")]


def _parsed(answer):
    assert answer.status_code == 200, answer.status_code
    return html.fragment_fromstring(answer.content.decode(), create_parent="div")


def _copy(element):
    return html.fragment_fromstring(html.tostring(element, encoding="unicode", with_tail=False))


def _set_inside(target, source):
    source = _copy(source)
    for child in list(target):
        target.remove(child)
    target.text = source.text
    target.extend(list(source))


def _inside(element):
    text = (element.text or "") + "".join(html.tostring(child, encoding="unicode") for child in element)
    return " ".join(text.split())
