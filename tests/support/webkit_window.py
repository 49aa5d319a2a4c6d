"""Opens the WebKitGTK window that a test drives through WebKitWebDriver.

WebDriver only lists the cookies of the open page. So this program also answers commands of the test: the test listens
on a port of loopback, and sends the name of a command in each line. Each answer is one line of JSON.

Arguments: the port, and the address of the SOCKS server for all hosts but loopback hosts.
"""

import json
import queue
import socket
import sys
import threading

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

VERSION = (WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
LOOPBACK = ["localhost", "127.0.0.0/8", "::1"]

# The data of an ephemeral context stays in memory.
context = WebKit2.WebContext.new_ephemeral()
context.set_automation_allowed(True)
data = context.get_website_data_manager()
proxy = WebKit2.NetworkProxySettings.new(f"socks5://{sys.argv[2]}", LOOPBACK)
data.set_network_proxy_settings(WebKit2.NetworkProxyMode.CUSTOM, proxy)
load_error = None


def on_automation_started(_context, session):
    info = WebKit2.ApplicationInfo()
    info.set_name("WebKitGTK")
    info.set_version(*VERSION)
    session.set_application_info(info)
    session.connect("create-web-view", create_view)


def create_view(_session):
    view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True)
    view.connect("load-failed", on_load_failed)
    view.connect("load-failed-with-tls-errors", on_tls_error)
    window = Gtk.Window()
    window.set_default_size(1200, 900)
    window.add(view)
    window.show_all()
    return view


def on_load_failed(_view, _event, uri, error):
    global load_error
    load_error = f"{uri}: {error.message}"
    return False


def on_tls_error(_view, uri, _certificate, errors):
    global load_error
    load_error = f"{uri}: {errors.value_nicks}"
    return False


def list_cookies(answer):
    def on_ready(manager, result):
        answer([describe(cookie) for cookie in manager.get_all_cookies_finish(result)])

    data.get_cookie_manager().get_all_cookies(None, on_ready)


def describe(cookie):
    expires = cookie.get_expires()
    return {
        "name": cookie.get_name(),
        "value": cookie.get_value(),
        "domain": cookie.get_domain(),
        "path": cookie.get_path(),
        "secure": cookie.get_secure(),
        "httpOnly": cookie.get_http_only(),
        "sameSite": cookie.get_same_site_policy().value_nick,
        "expires": expires and expires.to_unix(),
    }


def clear(kinds):
    def run(answer):
        data.clear(kinds, 0, None, lambda manager, result: answer(manager.clear_finish(result)))

    return run


def take_error(answer):
    global load_error
    answer(load_error)
    load_error = None


def set_certificate_check(policy):
    def run(answer):
        data.set_tls_errors_policy(policy)
        answer(True)

    return run


COMMANDS = {
    "list cookies": list_cookies,
    "clear cookies": clear(WebKit2.WebsiteDataTypes.COOKIES),
    # Also clears HSTS and the caches.
    "clear all": clear(WebKit2.WebsiteDataTypes.ALL),
    "take error": take_error,
    "check certificates": set_certificate_check(WebKit2.TLSErrorsPolicy.FAIL),
    "accept any certificate": set_certificate_check(WebKit2.TLSErrorsPolicy.IGNORE),
}


def run_commands():
    """Reads commands in a thread. Only the main thread may use GTK, so each command runs in the main thread."""
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
        with connection.makefile("rw", encoding="utf-8") as stream:
            for line in stream:
                answers = queue.Queue()
                GLib.idle_add(lambda command: command(answers.put) and False, COMMANDS[line.strip()])
                stream.write(json.dumps(answers.get()) + "\n")
                stream.flush()
    GLib.idle_add(Gtk.main_quit)


context.connect("automation-started", on_automation_started)
threading.Thread(target=run_commands, daemon=True).start()
Gtk.main()
