"""Renewal of grants: after an epoch change, one query checks the grants of all of a room's readers."""

import asyncio
from collections.abc import Callable, Collection

from chat.gate.backend import Reader
from chat.gate.grants import Grant, Grants
from chat.gate.rooms import Room
from chat.gate.signatures import RunInThread


class GrantRenewals:
    """Renews the grants of a room after its epoch has changed. `valid_grants` is the Backend's function."""

    def __init__(
        self,
        valid_grants: Callable[[int, Collection[Reader]], tuple[int, set[Reader]]],
        run_in_thread: RunInThread,
        grants: Grants,
    ) -> None:
        self.valid_grants, self.run_in_thread, self.grants = valid_grants, run_in_thread, grants
        self.pending: dict[int, asyncio.Future[None]] = {}

    async def renew_room(self, room_id: int, room: Room) -> None:
        """Renew the room's grants at its latest epoch, and remove those that are no longer valid."""
        if room_id not in self.pending:
            self.pending[room_id] = asyncio.ensure_future(self._renew(room_id, room))
            self.pending[room_id].add_done_callback(lambda _: self.pending.pop(room_id))
        await asyncio.shield(self.pending[room_id])

    async def _renew(self, room_id: int, room: Room) -> None:
        grants = [(path, grant) for path, grant in self.grants.of_room(room_id) if grant.epoch != room.epoch]
        if not grants:
            return
        readers = {reader_of(grant) for _path, grant in grants}
        epoch, valid = await self.run_in_thread(self.valid_grants, room_id, readers)
        for path, grant in grants:
            self.grants.renew(path, grant, epoch if reader_of(grant) in valid else None)


def reader_of(grant: Grant) -> Reader:
    return Reader(grant.session, grant.member, grant.rights)
