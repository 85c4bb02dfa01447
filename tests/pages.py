"""An open page as htmx keeps it: what a poll's answer does to it, without a browser."""

from lxml import html


class OpenPage:
    """A room's page in somebody's browser. `poll()` does to it what htmx would."""

    def __init__(self, person, room):
        self.person, self.room = person, room
        self.document = html.document_fromstring(person.get(room.get_absolute_url()).content.decode())

    def poll(self):
        query = {field.get("name"): field.get("value") for field in self.document.cssselect("#poll input")}
        answer = self.person.get(self._poller.get("hx-get"), query, headers={"HX-Request": "true"})
        assert answer.status_code == 200, answer.status_code
        self._swap(html.fragment_fromstring(answer.content.decode(), create_parent="div"))

    def _swap(self, answer):
        """Take the out-of-band parts to their places; the rest goes into the poller."""
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

    @property
    def _poller(self):
        return self.document.cssselect("#poll")[0]

    @property
    def version(self):
        return int(self.document.cssselect("#poll input[name=since]")[0].get("value"))

    @property
    def lines(self):
        """Every line of the log, from the oldest on: its id and its HTML."""
        return [(line.get("id"), _inside(line)) for line in self.document.cssselect("#messages li[id]")]

    @property
    def header(self):
        return [_inside(self.document.cssselect(part)[0]) for part in ("#about", "#state")]

    @property
    def words(self):
        return [body.text_content() for body in self.document.cssselect("#messages [data-message-body]")]


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
