"""Every address of the product, grouped by prefix: a map."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from chat.views import (
    accounts,
    changes,
    invitations,
    live,
    members,
    messages,
    nicknames,
    pages,
    pairs,
    personal_links,
    preferences,
    readers,
    room_settings,
    rooms,
    waiting,
)


class SlugConverter(StringConverter):
    """Any script, unlike Django's own; but no NUL, which PostgreSQL would not even look for."""

    regex = r"[^/\x00]+"


register_converter(SlugConverter, "room_slug")

urlpatterns = [
    # /
    path("", rooms.home, name="home"),
    path("join/", rooms.join, name="join"),
    path("my-rooms/", rooms.my_rooms, name="my_rooms"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("preferences/pause/", preferences.pause, name="pause"),
    path("preferences/refresh/", preferences.refresh, name="refresh"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("rules/", pages.rules, name="rules"),
    path("privacy/", pages.privacy, name="privacy"),
    # /account/
    path("account/", accounts.account, name="account"),
    path("account/keep/", accounts.keep, name="keep"),
    path("account/sign-in/", accounts.sign_in, name="sign_in"),
    path("account/sign-out/", accounts.sign_out, name="sign_out"),
    path("account/sign-out/elsewhere/", accounts.sign_out_elsewhere, name="sign_out_elsewhere"),
    path("account/password/", accounts.password, name="password"),
    path("account/email/", accounts.email, name="email"),
    path("account/delete/", accounts.delete, name="delete_account"),
    path("account/reset/", accounts.reset, name="reset"),
    path("account/reset/<str:uid>/<str:token>/", accounts.new_password, name="new_password"),
    path("account/links/", personal_links.make, name="make_personal_link"),
    path("account/links/<int:pk>/revoke/", personal_links.revoke, name="revoke_personal_link"),
    # /continue/<key>/
    path("continue/<str:key>/", personal_links.go_on, name="continue"),
    # /rooms/<slug>/
    path("rooms/<room_slug:slug>/", rooms.room, name="room"),
    path("rooms/<room_slug:slug>/join/", rooms.join_here, name="join_here"),
    path("rooms/<room_slug:slug>/leave/", rooms.leave, name="leave"),
    path("rooms/<room_slug:slug>/changes/", changes.poll, name="changes"),
    path("rooms/<room_slug:slug>/reader.css", readers.stylesheet, name="reader"),
    path("rooms/<room_slug:slug>/superseded.css", readers.superseded, name="superseded"),
    path("rooms/<room_slug:slug>/send/", messages.send, name="send"),
    path("rooms/<room_slug:slug>/typing/", messages.typing, name="typing"),
    path("rooms/<room_slug:slug>/composer/", messages.toggle, name="toggle"),
    path("rooms/<room_slug:slug>/composer/<int:number>/", messages.composer, name="composer"),
    path("rooms/<room_slug:slug>/composer/fate/", messages.fate, name="fate"),
    path("rooms/<room_slug:slug>/messages/", messages.history, name="history"),
    path("rooms/<room_slug:slug>/live/", live.live, name="live"),
    path("rooms/<room_slug:slug>/compose/", live.compose, name="compose"),
    path("rooms/<room_slug:slug>/name/", nicknames.nickname, name="nickname"),
    path("rooms/<room_slug:slug>/members/", members.members, name="members"),
    path("rooms/<room_slug:slug>/members/<int:pk>/role/", members.role, name="role"),
    path("rooms/<room_slug:slug>/members/<int:pk>/remove/", members.remove, name="remove_member"),
    path("rooms/<room_slug:slug>/members/<int:pk>/mute/", members.mute, name="mute"),
    path("rooms/<room_slug:slug>/members/<int:pk>/ban/", members.ban, name="ban"),
    path("rooms/<room_slug:slug>/members/<int:pk>/unban/", members.unban, name="unban"),
    path("rooms/<room_slug:slug>/members/<int:pk>/answer/", waiting.answer, name="answer"),
    path("rooms/<room_slug:slug>/members/<int:pk>/write/", pairs.write_to, name="write_to"),
    path("rooms/<room_slug:slug>/asked/", pairs.asked, name="asked"),
    path("rooms/<room_slug:slug>/waiting/", waiting.waiting, name="waiting"),
    path("rooms/<room_slug:slug>/waiting/leave/", waiting.leave, name="stop_waiting"),
    path("rooms/<room_slug:slug>/settings/", room_settings.room_settings, name="room_settings"),
    path("rooms/<room_slug:slug>/delete/", room_settings.delete, name="delete_room"),
    path("rooms/<room_slug:slug>/invitations/", invitations.invitations, name="invitations"),
    path("rooms/<room_slug:slug>/invitations/<int:pk>/revoke/", invitations.revoke, name="revoke"),
    # /invitations/<key>/
    path("invitations/<str:key>/", invitations.invitation, name="invitation"),
    # /messages/<pk>/
    path("messages/<int:pk>/", messages.message, name="message"),
]
