"""Checks at the end of a run: no reader missed a message, and none was lost or doubled."""

from collections import Counter

from bench.browsing import BANNER
from bench.truth import Truth, database_of
from bench.verdict import counted, percentile, some, total


def judge_readers(verdict, readers, may_miss):
    """Each reader had at most `may_miss` failed polls, and no page showed the offline banner."""
    missed = Counter(len(reader.failures) for reader in readers)
    verdict.must(f"polls that failed: {may_miss} at most per reader", max(missed) <= may_miss, in_words(missed))
    silences = [reader.longest_silence for reader in readers]
    told = f"{percentile(silences, 0.5):.1f} / {percentile(silences, 0.99):.1f} / {max(silences):.1f} s"
    verdict.must(f"longest silence, p50 / p99 / max: under {BANNER} s", max(silences) < BANNER, told)
    statuses = sum((reader.statuses for reader in readers), Counter())
    verdict.must("every answer to a reader was a 200", set(statuses) == {200}, counted(statuses))
    verdict.must("readers told that they are not in the room: 0", not (lost := total(readers, "lost")), lost)


def judge_senders(verdict, senders):
    acknowledged, again = total(senders, "acknowledged"), total(senders, "unanswered")
    verdict.figure("messages acknowledged; sent again", f"{acknowledged:,}; {again:,}")
    statuses = sum((sender.statuses for sender in senders), Counter())
    verdict.must("every answer to a sender was a 200", set(statuses) == {200}, counted(statuses))


def judge_rooms(verdict, server, readers, senders):
    """In each room, readers' pages must equal the database, and each message must be there once."""
    lost, doubled, misplaced, apart = [], [], [], []
    for slug in {reader.slug for reader in readers}:
        here = [sender for sender in senders if sender.slug == slug]
        truth = Truth(database_of(server), slug)
        lost += truth.lost(here)
        doubled += truth.doubled
        misplaced += truth.misplaced(here)
        there = [reader for reader in readers if reader.slug == slug]
        apart += [reader.name for reader in there if reader.log is None or not truth.equals(reader.log)]
    verdict.must("acknowledged messages lost: 0", not lost, some(lost))
    verdict.must("messages doubled: 0", not doubled, some(doubled))
    verdict.must("each sender's messages in the order sent", not misplaced, some(misplaced))
    verdict.must("every reader's page equals the database", not apart, some(apart))
    twice = sum(reader.log.doubled for reader in readers if reader.log)
    verdict.must("messages doubled on a page: 0", not twice, twice)


def in_words(missed):
    return ", ".join(f"{number} readers missed {failures}" for failures, number in sorted(missed.items()))
