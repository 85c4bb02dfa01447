"""All URLs, grouped by prefix."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from chat.views import (
    accounts,
    direct_messages,
    health,
    home,
    invites,
    join,
    join_requests,
    members,
    messages,
    nicknames,
    noscript,
    pages,
    poll,
    preferences,
    reader_css,
    room_settings,
    rooms,
    sign_in,
    sign_in_links,
    site_files,
    two_factor,
)


class SlugConverter(StringConverter):
    """Slugs in any script, unlike Django's own: everything but "/", and NUL, which PostgreSQL rejects in a query."""

    regex = r"[^/\x00]+"


register_converter(SlugConverter, "room_slug")

urlpatterns = [
    # /
    path("", home.home, name="home"),
    path("join/", join.join, name="join"),
    path("my-rooms/", home.my_rooms, name="my_rooms"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("preferences/pause/", preferences.pause, name="pause"),
    path("preferences/refresh/", preferences.refresh, name="refresh"),
    path("health/", health.health, name="health"),
    path("favicon.ico", site_files.favicon, name="favicon"),
    path("manifest.webmanifest", site_files.manifest, name="manifest"),
    path("robots.txt", site_files.robots, name="robots"),
    path("rules/", pages.rules, name="rules"),
    path("privacy/", pages.privacy, name="privacy"),
    # /account/
    path("account/", accounts.account, name="account"),
    path("account/create/", accounts.create, name="create_account"),
    path("account/sign-in/", sign_in.sign_in, name="sign_in"),
    path("account/sign-in/code/", sign_in.sign_in_code, name="sign_in_code"),
    path("account/sign-out/", sign_in.sign_out, name="sign_out"),
    path("account/sign-out/elsewhere/", sign_in.sign_out_elsewhere, name="sign_out_elsewhere"),
    path("account/two-factor/", two_factor.two_factor_page, name="two_factor"),
    path("account/two-factor/remove/", two_factor.remove, name="remove_two_factor"),
    path("account/password/", accounts.password, name="password"),
    path("account/email/", accounts.email, name="email"),
    path("account/delete/", accounts.delete, name="delete_account"),
    path("account/reset/", accounts.reset, name="reset"),
    path("account/reset/<str:uid>/<str:token>/", accounts.new_password, name="new_password"),
    path("account/links/", sign_in_links.create, name="create_sign_in_link"),
    path("account/links/<int:pk>/revoke/", sign_in_links.revoke, name="revoke_sign_in_link"),
    # /continue/<key>/
    path("continue/<str:key>/", sign_in_links.use, name="use_sign_in_link"),
    # /rooms/<slug>/
    path("rooms/<room_slug:slug>/", rooms.room, name="room"),
    path("rooms/<room_slug:slug>/join/", join.join_here, name="join_here"),
    path("rooms/<room_slug:slug>/leave/", rooms.leave, name="leave"),
    path("rooms/<room_slug:slug>/changes/", poll.changes, name="changes"),
    path("rooms/<room_slug:slug>/reader.css", reader_css.stylesheet, name="reader"),
    path("rooms/<room_slug:slug>/superseded.css", reader_css.superseded, name="superseded"),
    path("rooms/<room_slug:slug>/send/", messages.send, name="send"),
    path("rooms/<room_slug:slug>/leftover/", messages.leftover, name="leftover"),
    path("rooms/<room_slug:slug>/typing/", messages.typing, name="typing"),
    path("rooms/<room_slug:slug>/composer/", messages.toggle, name="toggle"),
    path("rooms/<room_slug:slug>/composer/<int:number>/", messages.composer, name="composer"),
    path("rooms/<room_slug:slug>/composer/status/", messages.send_status, name="send_status"),
    path("rooms/<room_slug:slug>/composer/discarded/", messages.discarded, name="discarded"),
    path("rooms/<room_slug:slug>/messages/", messages.history, name="history"),
    path("rooms/<room_slug:slug>/live/", noscript.live, name="live"),
    path("rooms/<room_slug:slug>/compose/", noscript.compose, name="compose"),
    path("rooms/<room_slug:slug>/name/", nicknames.nickname, name="nickname"),
    path("rooms/<room_slug:slug>/members/", members.members, name="members"),
    path("rooms/<room_slug:slug>/members/<int:pk>/role/", members.role, name="role"),
    path("rooms/<room_slug:slug>/members/<int:pk>/remove/", members.remove, name="remove_member"),
    path("rooms/<room_slug:slug>/members/<int:pk>/mute/", members.mute, name="mute"),
    path("rooms/<room_slug:slug>/members/<int:pk>/ban/", members.ban, name="ban"),
    path("rooms/<room_slug:slug>/members/<int:pk>/unban/", members.unban, name="unban"),
    path("rooms/<room_slug:slug>/members/<int:pk>/allow-rejoin/", members.allow_rejoin, name="allow_rejoin"),
    path("rooms/<room_slug:slug>/members/<int:pk>/answer/", join_requests.answer, name="answer_join_request"),
    path("rooms/<room_slug:slug>/members/<int:pk>/write/", direct_messages.message_member, name="message_member"),
    path("rooms/<room_slug:slug>/chat-request/", direct_messages.chat_request, name="chat_request"),
    path("rooms/<room_slug:slug>/join-request/", join_requests.waiting, name="join_request"),
    path("rooms/<room_slug:slug>/join-request/cancel/", join_requests.cancel, name="cancel_join_request"),
    path("rooms/<room_slug:slug>/settings/", room_settings.room_settings, name="room_settings"),
    path("rooms/<room_slug:slug>/lock/", room_settings.lock, name="lock_room"),
    path("rooms/<room_slug:slug>/archive/", room_settings.archive, name="archive_room"),
    path("rooms/<room_slug:slug>/delete/", room_settings.delete, name="delete_room"),
    path("rooms/<room_slug:slug>/invitations/", invites.invites, name="invites"),
    path("rooms/<room_slug:slug>/invitations/<int:pk>/revoke/", invites.revoke, name="revoke_invite"),
    # /invitations/<key>/
    path("invitations/<str:key>/", invites.invite, name="invite"),
    # /messages/<pk>/
    path("messages/<int:pk>/", messages.message, name="message"),
]
