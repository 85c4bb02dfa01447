"""A typist in its own process: sends the reports of many pages on which people type, with or without their drafts."""

import itertools

from bench import requests, workers
from bench.connection import Connection

REPORTS = 6  # reports until the message is sent, and the next composer takes over


class Typist:
    """Each person reports in turn, as soon as the one before was answered."""

    def __init__(self, address, people):
        self.host, self.connection = "{}:{}".format(*address), Connection(address)
        self.turns = {drafts: self.reports(people, drafts) for drafts in (False, True)}

    def serve(self, pipe):
        while workers.answer(pipe, self):
            pass

    def report(self, count, drafts):
        """Send so many reports. Returns the statuses of their answers."""
        return {self.connection.ask(one).status for one in itertools.islice(self.turns[drafts], count)}

    def reports(self, people, drafts):
        """Reports as pages send them, without end. A draft grows with each one, up to 240 characters."""
        for turn in itertools.count():
            number, part = divmod(turn, REPORTS)
            text = {"text": requests.text(turn)[:40] * (part + 1)} if drafts else {}
            for person in people:
                path = f"/rooms/{person.slug}/typing/"
                yield requests.post(person, self.host, path, page=person.page, n=number + 1, **text)
