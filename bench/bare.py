"""Parlour plus one path that only answers 200, with as many bytes as a poll without news."""

from bench.requests import BARE
from chat.gate.polls import POLL_HEADERS
from chat_app.asgi import application as parlour


class Bare:
    """The baseline for the gate's answers: same server, same process, same headers."""

    hub, heads, network_of_peer = parlour.hub, parlour.heads, parlour.network_of_peer

    def __init__(self):
        self.answers = {}  # by the length of the body, which is the query

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] != BARE:
            return await parlour(scope, receive, send)
        start, body = self.answers.get(scope["query_string"]) or self.made(scope["query_string"])
        await send(start)
        await send(body)

    def made(self, length):
        headers = [*parlour.headers, *POLL_HEADERS, (b"content-length", length)]
        start = {"type": "http.response.start", "status": 200, "headers": headers}
        self.answers[length] = start, {"type": "http.response.body", "body": b"x" * int(length)}
        return self.answers[length]

    def stop(self):
        parlour.stop()


application = Bare()
