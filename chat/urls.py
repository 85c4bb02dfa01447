"""Every address of the product, grouped by prefix: a map."""

from django.urls import path

from chat.views import changes, live, messages, pages, preferences, readers, rooms

urlpatterns = [
    # /
    path("", rooms.home, name="home"),
    path("join/", rooms.join, name="join"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("preferences/refresh/", preferences.refresh, name="refresh"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("rules/", pages.rules, name="rules"),
    path("privacy/", pages.privacy, name="privacy"),
    # /rooms/<slug>/
    path("rooms/<str:slug>/", rooms.room, name="room"),
    path("rooms/<str:slug>/join/", rooms.join_here, name="join_here"),
    path("rooms/<str:slug>/leave/", rooms.leave, name="leave"),
    path("rooms/<str:slug>/changes/", changes.poll, name="changes"),
    path("rooms/<str:slug>/reader.css", readers.stylesheet, name="reader"),
    path("rooms/<str:slug>/send/", messages.send, name="send"),
    path("rooms/<str:slug>/composer/", messages.toggle, name="toggle"),
    path("rooms/<str:slug>/composer/<int:number>/", messages.composer, name="composer"),
    path("rooms/<str:slug>/composer/fate/", messages.fate, name="fate"),
    path("rooms/<str:slug>/messages/", messages.history, name="history"),
    path("rooms/<str:slug>/live/", live.live, name="live"),
    path("rooms/<str:slug>/compose/", live.compose, name="compose"),
    # /messages/<pk>/
    path("messages/<int:pk>/", messages.message, name="message"),
]
