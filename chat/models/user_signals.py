"""Signals of the user model: they keep participants in step with users that are changed anywhere, as in the admin."""

from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver

from chat.models.participant import Participant
from chat.models.user import User

SESSION_FIELDS = ("password", "is_active")  # a change of these ends all sessions of the user


@receiver(pre_save, sender=User)
def note_session_change(instance, **kwargs):
    before = User.objects.filter(pk=instance.pk).values(*SESSION_FIELDS).first() if instance.pk else None
    instance.ends_sessions = bool(before) and any(before[name] != getattr(instance, name) for name in SESSION_FIELDS)


@receiver(post_save, sender=User)
def end_sessions(instance, created, **kwargs):
    participant = getattr(instance, "participant", None)
    if participant and not created and instance.ends_sessions:
        participant.sign_out_everywhere()


@receiver(post_save, sender=User)
def claim_name(instance, raw=False, update_fields=None, **kwargs):
    """Reserve the account's name, even if the admin or the command line created or renamed the account."""
    if not raw and (update_fields is None or "username" in update_fields):
        participant = getattr(instance, "new_participant", None) or Participant.objects.filter(user=instance).first()
        (participant or Participant()).claim_name(instance)


@receiver(pre_delete, sender=User)
def leave_all_rooms(instance, **kwargs):
    participant = getattr(instance, "participant", None)
    if participant:
        participant.leave_all_rooms()
        participant.sign_out_everywhere()


@receiver(post_delete, sender=User)
def free_name(instance, **kwargs):
    Participant.objects.filter(user=None).exclude(account_key=None).update(account_key=None)
