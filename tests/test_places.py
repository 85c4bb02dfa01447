"""Places for connections that wait for slow clients: whose connection is ended when there are too many."""

from chat.gate.places import Places


class Waiting:
    """Connections by name, in some places. `ended` has the names of those that were ended, in order."""

    def __init__(self, total=99, share=99):
        self.places, self.ended, self.by_name = Places(total, share), [], {}

    def enter(self, network, *names):
        for name in names:
            self.by_name[name] = self.places.enter(network, lambda name=name: self.ended.append(name))

    def leave(self, name):
        self.places.leave(self.by_name[name])


def test_a_network_above_its_share_loses_its_oldest_connection():
    waiting = Waiting(share=2)
    waiting.enter("b", "b1")
    waiting.enter("a", "a1", "a2", "a3", "a4")
    waiting.enter("b", "b2")
    assert (waiting.ended, waiting.places.count) == (["a1", "a2"], 4)


def test_if_all_places_are_taken_the_network_with_the_most_loses_its_oldest():
    waiting = Waiting(total=5)
    waiting.enter("a", "a1")
    waiting.enter("b", "b1", "b2", "b3")
    waiting.enter("c", "c1", "c2", "c3")
    waiting.enter("d", "d1")
    assert (waiting.ended, waiting.places.count) == (["b1", "b2", "c1"], 5)


def test_an_unknown_network_has_no_share_but_makes_room_like_others():
    waiting = Waiting(total=4, share=1)
    waiting.enter("", "x1", "x2", "x3", "x4")
    assert waiting.ended == []
    waiting.enter("a", "a1")
    assert waiting.ended == ["x1"]


def test_who_leaves_frees_a_place_once():
    waiting = Waiting(share=2)
    waiting.enter("a", "a1", "a2")
    waiting.leave("a1")
    waiting.leave("a1")
    waiting.enter("a", "a3")
    assert (waiting.ended, waiting.places.count) == ([], 2)
    waiting.enter("a", "a4")
    waiting.leave("a2")  # which was ended before
    assert (waiting.ended, waiting.places.count) == (["a2"], 2)


def test_nothing_is_kept_of_networks_without_connections():
    waiting = Waiting()
    waiting.enter("a", "a1")
    waiting.leave("a1")
    assert (waiting.places.by_network, waiting.places.count) == ({}, 0)
