"""Two sites of few pages, each with its own words and layout: a studio with tables and dialogs, an office with a wizard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

Answer = Callable[[str, Mapping[str, str]], str]
_STYLE = "[hidden]{display:none!important}.veil{position:fixed;inset:0;background:#0009}.veil>div{background:#fff;margin:5em}"


@dataclass(slots=True)
class SmallSite:
    """A site that runs, and what was done there."""

    url: str = ""
    record: list[tuple[str, ...]] = field(default_factory=list)


def page(title: str, body: str) -> str:
    return (
        f"<!doctype html><html lang=en><title>{title}</title><style>{_STYLE}</style><body><h1>{title}</h1>{body}</body>"
    )


COURSES = [("Pottery", "Monday", "Ms Hill"), ("Pottery", "Wednesday", "Mr Dale"), ("Weaving", "Wednesday", "Ms Hill")]


def studio(record: list[tuple[str, ...]]) -> Answer:
    """A table of courses, a menu, dialogs."""
    booked = [["Ann", "Pottery", "Monday"], ["Ann", "Weaving", "Wednesday"], ["Ben", "Pottery", "Wednesday"]]
    menu = (
        "<nav><button aria-expanded=false onclick=\"document.getElementById('m').hidden=false;this.setAttribute('aria-expanded','true')\">Menu</button>"
        "<span id=m hidden><a href=/timetable>Timetable</a> <a href=/prices>Prices</a> <a href=/bookings>My bookings</a></span></nav>"
    )

    def timetable() -> str:
        rows = "".join(
            f"<tr><td>{name}</td><td>{day}</td><td>{who}</td><td><button onclick=ask({number})>Book</button></td></tr>"
            for number, (name, day, who) in enumerate(COURSES)
        )
        return page(
            "Crafts this term",
            f"""{menu}<table><tr><th>Course<th>When<th>Teacher<th></tr>{rows}</table>
            <div class=veil id=veil hidden><div role=dialog aria-label="Book a place"><form method=post action=/book>
            <input type=hidden name=course id=course><label>Participant <input name=who required></label>
            <label>Seats <input name=seats type=number value=1 min=1></label>
            <label><input type=checkbox name=ok required> I accept the house rules</label>
            <button type=button onclick="veil.hidden=true">Cancel</button> <button>Book now</button></form></div></div>
            <script>function ask(n) {{ course.value = n; veil.hidden = false; }}</script>""",
        )

    def bookings() -> str:
        rows = "".join(
            f"<tr><td>{who}</td><td>{name}</td><td>{day}</td><td><a href=/change/{n}>Change</a>"
            f" <button onclick=ask({n})>Cancel</button></td></tr>"
            for n, (who, name, day) in enumerate(booked)
        )
        return page(
            "Your bookings",
            f"""{menu}<table>{rows}</table><div class=veil id=veil hidden><div role=dialog aria-label="Sure?">
            <p>This place will be given to others.</p><form method=post action=/cancel><input type=hidden name=n id=n>
            <button>Yes, cancel it</button> <button type=button onclick="veil.hidden=true">Keep it</button></form></div></div>
            <script>function ask(i) {{ n.value = i; veil.hidden = false; }}</script>""",
        )

    def change(n: int) -> str:
        who, name, day = booked[n]
        days = "".join(
            f"<label><input type=radio name=day value={d} {'checked' if d == day else ''}> {d}</label>"
            for d in ("Monday", "Wednesday", "Friday")
        )
        return page(
            "Change a booking",
            f"""{menu}<p>{who}, {name}</p><form method=post action=/changed><input type=hidden name=n value={n}>
            <fieldset><legend>Weekday</legend>{days}</fieldset><button>Save</button> <a href=/bookings>Back</a></form>""",
        )

    def answer(path: str, form: Mapping[str, str]) -> str:
        if path == "/book":
            record.append(("book", *COURSES[int(form["course"])][:2], form["who"], form["seats"]))
            return page("Thank you", "<p>Your place is booked.</p>")
        if path == "/cancel":
            record.append(("cancel", *booked.pop(int(form["n"]))))
            return bookings()
        if path == "/changed":
            booked[int(form["n"])][2] = form["day"]
            record.append(("change", *booked[int(form["n"])]))
            return bookings()
        if path.startswith("/change/"):
            return change(int(path.rsplit("/", 1)[1]))
        pages = {"/timetable": timetable, "/bookings": bookings}
        return pages[path]() if path in pages else page("Craft studio", f"{menu}<p>Clay, wool and paper.</p>")

    return answer


def office(record: list[tuple[str, ...]]) -> Answer:
    """A wizard of three pages, a shop with a basket, and a box to write a letter."""
    kept: dict[str, str] = {}
    nav = (
        "<nav><a href=/permits>Parking permits</a> <a href=/shop>Town shop</a> <a href=/report>Report a fault</a></nav>"
        '<form action=/find><input type=search name=q placeholder="Search the site"><button>Search</button></form>'
    )
    footer = "<footer><form method=post action=/letter><p>Our newsletter</p><label>Email <input name=email type=email required></label><button>Subscribe</button></form></footer>"
    details = (
        "<label>Full name <input name=full_name required></label><label>Street <input name=street required></label>"
        "<label>House number <input name=house></label>"
    )
    zone = (
        "<fieldset><legend>Zone</legend><label><input type=radio name=zone value=n required> North</label>"
        "<label><input type=radio name=zone value=s required> South</label></fieldset>"
        "<label>First day <input type=date name=start_date required></label>"
    )
    wizard = {"/permits/1": ("Your details", details), "/permits/2": ("Zone and start", zone)}
    goods = ("Town map", "Flag", "Mug")
    basket: dict[str, int] = {}

    def step(path: str) -> str:
        title, fields = wizard[path]
        target = "/permits/2" if path.endswith("1") else "/permits/3"
        return page(
            f"Parking permit: {title}",
            f"{nav}<form method=post action={target}>{fields}<button type=button>Cancel</button><button>Next</button></form>{footer}",
        )

    def shop(said: str = "") -> str:
        rows = "".join(
            f"<li><b>{name}</b> <form method=post action=/basket/{n}><label>Quantity <input type=number name=quantity value=1></label>"
            "<button>Add to basket</button></form></li>"
            for n, name in enumerate(goods)
        )
        return page(
            "Town shop",
            f"{nav}<p>{said}</p><ul>{rows}</ul><a href=/basket>Basket ({sum(basket.values())})</a>{footer}",
        )

    def till(wrong: str = "") -> str:
        lines = "".join(f"<li>{count} x {name}</li>" for name, count in basket.items())
        alert = f"<p role=alert>{wrong}</p>" if wrong else ""
        return page(
            "Your basket",
            f"{nav}{alert}<ul>{lines}</ul><form method=post action=/order><label>Name on the parcel <input name=name required></label>"
            "<a href=/shop>Continue shopping</a> <button>Place order</button></form>",
        )

    def answer(path: str, form: Mapping[str, str]) -> str:
        kept.update(form)
        if path in wizard:
            return step(path)
        if path == "/permits/3":
            said = ", ".join(kept.get(key, "") for key in ("full_name", "street", "zone", "start_date"))
            return page("Parking permit: look it over", f"{nav}<p>{said}</p><form method=post action=/permits/done><button name=go value=1>Submit application</button></form>")  # fmt: skip
        if path == "/permits/done":
            record.append(("permit", kept["full_name"], kept["street"], kept["zone"], kept["start_date"]))
            return page("We received it", "<p>You will hear from us.</p>")
        if path.startswith("/basket/"):
            name = goods[int(path.rsplit("/", 1)[1])]
            basket[name] = basket.get(name, 0) + int(form["quantity"])
            return shop(f"{name} is in your basket.")
        if path == "/order":
            if "Nobody" in form["name"]:
                return till("We do not send parcels to nobody.")
            record.extend(("order", name, str(count), form["name"]) for name, count in basket.items())
            return page("Thank you for your order", nav)
        if path == "/letter":
            record.append(("subscribe", form["email"]))
            return page("You are subscribed", nav)
        pages = {"/shop": shop, "/basket": till}
        if path in pages:
            return pages[path]()
        if path == "/permits":
            return page("Parking permits", f"{nav}<p>For residents.</p><a href=/permits/1>Apply for a permit</a> <a href=/cancel>Cancel a permit</a>{footer}")  # fmt: skip
        return page("Town office", f"{nav}<p>Welcome.</p>{footer}")

    return answer


@contextmanager
def serve(build: Callable[[list[tuple[str, ...]]], Answer]) -> Iterator[SmallSite]:
    """The site, until the block ends."""
    site = SmallSite()
    answer = build(site.record)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            self._say({key: values[0] for key, values in parse_qs(body).items()})

        def _say(self, form: dict[str, str]) -> None:
            said = answer(urlsplit(self.path).path, form).encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
