"""What is asked of every crowd in the end: nobody missed anything, nothing was lost, nothing was said twice."""

from collections import Counter

from bench.browsing import BANNER
from bench.truth import Truth, database_of
from bench.verdict import counted, percentile, some, total


def judge_readers(verdict, readers, may_miss):
    """Every poll was answered, but for so many that each of them may miss, and nobody saw the banner."""
    missed = Counter(len(reader.failures) for reader in readers)
    verdict.must(f"polls that failed: {may_miss} at most per reader", max(missed) <= may_miss, in_words(missed))
    silences = [reader.longest_silence for reader in readers]
    told = f"{percentile(silences, 0.5):.1f} / {percentile(silences, 0.99):.1f} / {max(silences):.1f} s"
    verdict.must(f"longest silence, p50 / p99 / max: under {BANNER} s", max(silences) < BANNER, told)
    statuses = sum((reader.statuses for reader in readers), Counter())
    verdict.must("every answer to a reader was a 200", set(statuses) == {200}, counted(statuses))
    verdict.must("readers sent away: 0", not (lost := total(readers, "lost")), lost)


def judge_senders(verdict, senders):
    acknowledged, again = total(senders, "acknowledged"), total(senders, "unanswered")
    verdict.figure("messages acknowledged; sent again", f"{acknowledged:,}; {again:,}")
    statuses = sum((sender.statuses for sender in senders), Counter())
    verdict.must("every answer to a sender was a 200", set(statuses) == {200}, counted(statuses))


def judge_rooms(verdict, server, readers, senders):
    """Room by room: what is in the database, and whether all its people saw just that."""
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
    verdict.must("each sender's in the order they were sent", not misplaced, some(misplaced))
    verdict.must("every reader's page shows what is there", not apart, some(apart))
    twice = sum(reader.log.doubled for reader in readers if reader.log)
    verdict.must("lines doubled on a page: 0", not twice, twice)


def in_words(missed):
    return ", ".join(f"{number} readers {failures}" for failures, number in sorted(missed.items()))
