"""nginx, Caddy and Parlour as processes, with the settings that docs/proxies.md shows."""

import contextlib
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time

import httpx
import pytest

from chat_app.settings import BASE_DIR

PAGE = (BASE_DIR / "docs/proxies.md").read_text()
PROGRAMS = {"nginx": "/usr/sbin/nginx", "caddy": "/usr/bin/caddy"}
KINDS = ("plain", "tls", "subpath")
# Sites of nginx with a mistake, and the Parlour behind each.
MISTAKES = {"https off": "plain", "host without port": "plain", "no proto": "tls", "shortened path": "subpath"}
STARTING = 60  # seconds
PORTS = 20_000, 32_000
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; {user}
events {{ worker_connections 256; }}
http {{
    access_log off; include /etc/nginx/mime.types;
    gzip on; gzip_proxied any; gzip_types text/plain text/css application/javascript;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    {servers}
}}
"""
CADDY = """
{{
    admin off
    auto_https disable_redirects
    storage file_system {folder}/caddy
}}
{sites}
"""


def example(language, number=0):
    """One of the page's examples in this language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[number]


def replaced(text, changes):
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def free_port():
    """A free port that the system doesn't give to other connections, which could take it before the server starts."""
    while True:
        port = random.randrange(*PORTS)
        with contextlib.suppress(OSError), contextlib.closing(socket.create_server(("0.0.0.0", port))):
            return port


def program(name):
    if not os.access(PROGRAMS[name], os.X_OK):
        missing = f"no {name} (Debian: apt-get install {name})"
        pytest.fail(missing) if os.environ.get("BROWSER") == "required" else pytest.skip(missing)
    return PROGRAMS[name]


def run(stack, *command, **options):
    """Start this process; it is stopped when `stack` is closed."""
    process = subprocess.Popen(command, **options)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def wait_for(process, url):
    end = time.monotonic() + STARTING
    while True:
        assert process.poll() is None, f"{url} ended"
        assert time.monotonic() < end, f"{url} did not start"
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(url, verify=False)
        time.sleep(0.05)


def parlours(stack, folder):
    """Start Parlour with the page's settings: without HTTPS, with it, and with a sub-path. Return the ports by kind.

    They share a database.
    """
    shown = dict(line.split("=") for line in example("sh").split())
    assert shown.keys() == {"HTTPS", "ALLOWED_HOSTS", "TRUSTED_PROXIES"}
    common = {"DJANGO_SETTINGS_MODULE": "chat_app.settings", "ENV_FILE": os.devnull, "SECRET_KEY": "x" * 60}
    common |= shown | {"ALLOWED_HOSTS": "localhost", "DATABASE_URL": f"sqlite:///{folder}/parlour.sqlite3"}
    kinds = {"plain": {"HTTPS": "off"}, "tls": {}, "subpath": {"SUBPATH": "/chat"}}
    ports, started = {}, []
    for kind, environment in kinds.items():
        ports[kind] = free_port()
        command = [sys.executable, "manage.py", "serve", "--bind", str(ports[kind])]
        log = stack.enter_context((folder / f"{kind}.log").open("w"))
        process = run(stack, *command, env=os.environ | common | environment, cwd=BASE_DIR, stdout=log, stderr=log)
        path = environment.get("SUBPATH", "")
        started.append((process, f"http://127.0.0.1:{ports[kind]}{path}/health/"))
        if kind == "plain":
            wait_for(*started[0])  # it creates the tables
    for one in started:
        wait_for(*one)
    return ports


def certificate(folder):
    """Make a self-signed certificate for localhost; return the paths of certificate and key."""
    paths = folder / "site.pem", folder / "site.key"
    command = [shutil.which("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


def nginx(stack, folder, behind):
    """Start nginx in front of the Parlours whose ports are `behind`. Return the sites' ports by kind."""
    ports, (pem, key) = {kind: free_port() for kind in (*KINDS, *MISTAKES)}, certificate(folder)
    site, location = example("nginx"), example("nginx", 1)
    names = {"chat.example.org;": "localhost;"}
    tls = names | {"/etc/ssl/chat.example.org.pem": str(pem), "/etc/ssl/chat.example.org.key": str(key)}
    whole = re.search(r"    location / \{.*?\n    \}\n", site, re.DOTALL)[0]
    sites = {
        "plain": replaced(re.sub(r"    ssl_.*\n", "", site), names | {" ssl http2;": ";"}),
        "tls": replaced(site, tls),
        "subpath": replaced(site, tls | {whole: location}),
    }
    sites |= {
        "https off": sites["tls"],
        "host without port": replaced(sites["plain"], {"$http_host": "$host"}),
        "no proto": replaced(sites["tls"], {"proxy_set_header X-Forwarded-Proto $scheme;": ""}),
        "shortened path": replaced(sites["subpath"], {"127.0.0.1:8000;": "127.0.0.1:8000/;"}),
    }
    for kind, text in sites.items():
        upstream = f"127.0.0.1:{behind[MISTAKES.get(kind, kind)]}"
        sites[kind] = replaced(text, {"listen 443": f"listen {ports[kind]}", "127.0.0.1:8000": upstream})
    user = "user root;" if os.getuid() == 0 else ""
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, user=user, servers="\n".join(sites.values())))
    process = run(stack, program("nginx"), "-p", folder, "-c", settings)
    wait_for(process, f"http://localhost:{ports['plain']}/health/")
    return ports


def caddy(stack, folder, behind):
    """Start Caddy in front of the Parlours whose ports are `behind`. Return the sites' ports by kind."""
    ports, (pem, key) = {kind: free_port() for kind in KINDS}, certificate(folder)
    whole, shared = example("caddyfile"), example("caddyfile", 1)
    sites = {
        "plain": replaced(whole, {"chat.example.org {": f"http://localhost:{ports['plain']} {{"}),
        "tls": replaced(whole, {"chat.example.org {": f"https://localhost:{ports['tls']} {{\n    tls {pem} {key}"}),
        "subpath": replaced(shared, {"example.org {": f"https://localhost:{ports['subpath']} {{\n    tls {pem} {key}"}),
    }
    sites = [replaced(text, {"127.0.0.1:8000": f"127.0.0.1:{behind[kind]}"}) for kind, text in sites.items()]
    settings = folder / "Caddyfile"
    settings.write_text(CADDY.format(folder=folder, sites="\n".join(sites)))
    log = stack.enter_context((folder / "caddy.log").open("w"))
    command = [program("caddy"), "run", "--config", settings, "--adapter", "caddyfile"]
    process = run(stack, *command, env=os.environ | {"HOME": str(folder)}, stdout=log, stderr=log)
    wait_for(process, f"http://localhost:{ports['plain']}/health/")
    return ports
