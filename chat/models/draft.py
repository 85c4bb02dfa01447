"""Drafts: what a member has typed in a room and not sent yet."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models

from chat.text import MAX_LENGTH


class DraftQuerySet(models.QuerySet["Draft"]):
    def store(self, drafts: Collection[Draft]) -> None:
        """Save these drafts in one statement; each replaces its member's earlier one."""
        fields = ["page", "number", "text", "multiline", "updated_at"]
        self.bulk_create(drafts, update_conflicts=True, unique_fields=["membership"], update_fields=fields)

    def of(self, members: Collection[int]) -> DraftQuerySet:
        """The drafts of these members."""
        return self.filter(pk__in=members)

    def remove(self, members: Collection[int]) -> None:
        """Delete the drafts of these members, in one statement; in none if there are no members."""
        if members:
            self.of(members).delete()


class Draft(models.Model):
    """A member's only draft in a room. `page` and `number` are those of the composer in which it was typed.

    Together they are the token with which it would be sent, so a draft that was sent can be recognised. Drafts are
    private: no page shows them to anyone but the member, and they are not in the admin.
    """

    membership = models.OneToOneField("chat.Membership", models.CASCADE, primary_key=True, related_name="draft")
    page = models.CharField(max_length=40)
    number = models.PositiveBigIntegerField()
    text = models.TextField(max_length=MAX_LENGTH)
    multiline = models.BooleanField()
    updated_at = models.DateTimeField(db_index=True)

    objects = DraftQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.page}:{self.number}"

    def move_to(self, membership_id: int) -> None:
        """Make this the draft of the same person's other membership, unless that one has a newer draft."""
        theirs = Draft.objects.filter(pk=membership_id).first()
        if theirs is None or theirs.updated_at < self.updated_at:
            self.delete()
            self.membership_id = membership_id
            Draft.objects.store([self])
