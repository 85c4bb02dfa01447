"""Where a link in a text ends: before brackets and quotation marks around it and closing punctuation, in any script."""

import re
from collections import defaultdict
from functools import cached_property
from itertools import chain, groupby
from unicodedata import category

OPENING_AND_CLOSING = "()[]{}（）［］｛｝｟｠「」『』｢｣【】〈〉《》〔〕〖〗〘〙〚〛⟨⟩⟪⟫༺༻༼༽“”«»‹›"
PAIRS = dict(zip(OPENING_AND_CLOSING[::2], OPENING_AND_CLOSING[1::2], strict=True))
CLOSING = frozenset(PAIRS.values())
# In words (Catalan l·l, ジョン・レノン, Hebrew צה״ל, Michelson–Morley, Rubik’s); dropped at the end of a link.
WORD_MARKS = "·‧・･་༌՚՛՜՞׳״־ฯ’‐‑‒–〜゠"
INVISIBLE = "\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0"
CLOSING_MARKS = ".,:;!?'*|" + WORD_MARKS + "\u200c\u200d"
# Blocks with punctuation or combining marks; those of Chinese characters and Korean syllables have neither.
BLOCKS = (range(0x80, 0x3100), range(0xA4D0, 0xAC00), range(0xFE10, 0xFFF0), range(0x10100, 0x12500))


def characters(*categories: str, but: str = "") -> str:
    """The non-ASCII characters of these Unicode categories, without those in `but`, as part of a character class."""
    found = [code for code in chain(*BLOCKS) if category(chr(code)) in categories and chr(code) not in but]
    runs = (list(run) for _, run in groupby(enumerate(found), lambda numbered: numbered[1] - numbered[0]))
    return "".join(f"{chr(run[0][1])}-{chr(run[-1][1])}" for run in runs)


# Characters that no link contains. A sentence in Chinese goes on without a space after its punctuation.
PUNCTUATION = characters("Po", "Pd", "Ps", "Pe", "Pi", "Pf", but=WORD_MARKS + OPENING_AND_CLOSING)
NEVER = rf"\s\x00-\x1f\x7f-\x9f<>\"`\\{INVISIBLE}{PUNCTUATION}"
STOP = re.compile(f"[{NEVER}]")
# Where a link may end earlier: a bracket; a mark that is also before the link, as in **this**; the next link in a list.
BRACKETS = re.escape(OPENING_AND_CLOSING)
BRACKET = re.compile(f"[{BRACKETS}]")
EDGE = re.compile(rf"[{BRACKETS}*|’]|'(?!\w)|~~|[,;](?=(?i:https?)://)")
ALWAYS = (",", ";", "~~")
WRAPPERS = {"*": "*", "|": "|", "'": "'", "‘": "’"}


class LinkEnds:
    """The ends of a text's links, which are asked for in their order.

    Each part of the text is looked at once, whatever the number of links: brackets are paired for the whole text, and
    the next character that no link contains is remembered.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._stop = -1

    def find(self, start: int, host_end: int) -> int:
        """Return where the link ends that begins at `start` and whose host, or port, ends at `host_end`."""
        edges = EDGE.finditer(self.text, host_end, self.stop(host_end))
        end = next((edge.start() for edge in edges if self._ends_at(edge[0], edge.start(), start)), self._stop)
        dropped = CLOSING_MARKS + "_" if self.text[start - 1 : start] == "_" else CLOSING_MARKS
        return host_end + len(self.text[host_end:end].rstrip(dropped))

    def stop(self, position: int) -> int:
        """The position of the next character that no link contains, or the end of the text."""
        if position > self._stop:
            found = STOP.search(self.text, position)
            self._stop = found.start() if found else len(self.text)
        return self._stop

    def _ends_at(self, edge: str, position: int, start: int) -> bool:
        if edge in PAIRS:
            return self._begins_prose(position) or self._partners.get(position, self._stop) >= self._stop
        if edge in CLOSING:
            return self._partners.get(position, -1) < start
        return edge in ALWAYS or edge == WRAPPERS.get(self.text[start - 1 : start])

    def _begins_prose(self, bracket: int) -> bool:
        """Whether this is a non-ASCII bracket directly after an ASCII character, as in `/docs（in English）`.

        In `/東京（駅）` it is part of the link.
        """
        return not self.text[bracket].isascii() and self.text[bracket - 1].isascii()

    @cached_property
    def _partners(self) -> dict[int, int]:
        """The position of each bracket's partner; brackets without one are left out."""
        opened, partners = defaultdict[str, list[int]](list), {}
        for found in BRACKET.finditer(self.text):
            bracket, position = found[0], found.start()
            if bracket in PAIRS:
                opened[PAIRS[bracket]].append(position)
            elif opened[bracket]:
                partner = opened[bracket].pop()
                partners[position], partners[partner] = partner, position
        return partners
