"""Renewals: when somebody's rights in a room were taken away, all others of that room keep theirs by one question."""

import asyncio


class GrantRenewals:
    """`still_hold(room, readers)` is called in a thread with tuples of (session, member, standing), and answers the
    room's epoch and the set of those tuples that may still read it as of that epoch."""

    def __init__(self, still_hold, in_thread, grants):
        self.still_hold, self.in_thread, self.grants = still_hold, in_thread, grants
        self.flights = {}

    async def of(self, room_id, room):
        """Bring the grants of that room to its epoch of now; those that do not hold any more are taken."""
        if room_id not in self.flights:
            self.flights[room_id] = asyncio.ensure_future(self.renew(room_id, room))
            self.flights[room_id].add_done_callback(lambda _: self.flights.pop(room_id))
        await asyncio.shield(self.flights[room_id])

    async def renew(self, room_id, room):
        grants = [(path, grant) for path, grant in self.grants.of_room(room_id) if grant.epoch != room.epoch]
        readers = {(grant.session, grant.member, grant.standing) for _, grant in grants}
        if not grants:
            return
        epoch, holding = await self.in_thread(self.still_hold, room_id, readers)
        for path, grant in grants:
            holds = (grant.session, grant.member, grant.standing) in holding
            self.grants.renew(path, grant, epoch if holds else None)
