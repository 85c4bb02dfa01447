"""Until when a removed person can't rejoin, and the audit log's action that ends it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0004_typing_and_links"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="removed_until",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="action",
            field=models.CharField(
                choices=[
                    ("set_topic", "Set Topic"),
                    ("set_rules", "Set Rules"),
                    ("lock", "Lock"),
                    ("unlock", "Unlock"),
                    ("set_announce_only", "Set Announce Only"),
                    ("archive", "Archive"),
                    ("unarchive", "Unarchive"),
                    ("set_accounts_only", "Set Accounts Only"),
                    ("set_member_limit", "Set Member Limit"),
                    ("set_approval", "Set Approval"),
                    ("rename_room", "Rename Room"),
                    ("set_access", "Set Access"),
                    ("delete_room", "Delete Room"),
                    ("approve", "Approve"),
                    ("decline_request", "Decline Request"),
                    ("remove", "Remove"),
                    ("ban", "Ban"),
                    ("unban", "Unban"),
                    ("allow_rejoin", "Allow Rejoin"),
                    ("mute", "Mute"),
                    ("unmute", "Unmute"),
                    ("set_role", "Set Role"),
                    ("issue_invite", "Issue Invite"),
                    ("revoke_invite", "Revoke Invite"),
                    ("edit_message", "Edit Message"),
                    ("remove_message", "Remove Message"),
                    ("restore_message", "Restore Message"),
                    ("sign_out_everywhere", "Sign Out Everywhere"),
                    ("create_account", "Create Account"),
                    ("change_account", "Change Account"),
                    ("set_password", "Set Password"),
                    ("deactivate_account", "Deactivate Account"),
                    ("activate_account", "Activate Account"),
                    ("delete_account", "Delete Account"),
                    ("create_group", "Create Group"),
                    ("change_group", "Change Group"),
                    ("delete_group", "Delete Group"),
                    ("change_site", "Change Site"),
                ],
                editable=False,
                max_length=32,
            ),
        ),
    ]
