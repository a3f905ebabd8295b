// What a person sees of this document, as plain records in document order; one call, no side effects.
({ ignore, limit }) => {
  const LISTENS = Symbol.for("goaltrail.listens");
  const left_out = new Set(ignore ? document.querySelectorAll(ignore) : []);
  const SKIP = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "HEAD", "LINK", "META", "BR"]);
  const SHAPES = new Set(["circle", "rect", "polygon", "ellipse", "path", "line", "text", "polyline"]);
  const ROLES = new Set(["button", "link", "tab", "menuitem", "menuitemcheckbox", "menuitemradio", "option", "checkbox",
    "radio", "switch", "slider", "spinbutton", "treeitem", "textbox", "searchbox", "combobox", "gridcell"]);
  const IMPLIED = { A: "link", BUTTON: "button", SELECT: "combobox", TEXTAREA: "textbox", SUMMARY: "button",
    H1: "heading", H2: "heading", H3: "heading", H4: "heading", LI: "listitem", TR: "row", TD: "cell",
    TH: "columnheader", IMG: "img", DIALOG: "dialog", P: "paragraph", OPTION: "option", LABEL: "label" };
  const INPUTS = { checkbox: "checkbox", radio: "radio", button: "button", submit: "button", reset: "button",
    image: "button", range: "slider", number: "spinbutton", search: "searchbox", file: "file" };
  const clean = (text, most = 300) => (text || "").replace(/\s+/g, " ").trim().slice(0, most);
  const out = [];
  const forms = new Map();
  let count = 0;

  const role_of = e => {
    const given = e.getAttribute("role");
    if (given && given !== "presentation" && given !== "none") return given.split(" ")[0];
    if (e.tagName === "INPUT") return INPUTS[e.type] || "textbox";
    if (e.tagName === "SELECT" && (e.multiple || e.size > 1)) return "listbox";
    return e.isContentEditable && !(e.parentElement && e.parentElement.isContentEditable)
      ? "textbox" : IMPLIED[e.tagName] || "";
  };
  const words_of = ids => ids.split(/\s+/).map(id => document.getElementById(id)).filter(Boolean)
    .map(e => clean(e.innerText, 120)).join(" ");
  const label_of = e => {
    const by = e.getAttribute("aria-labelledby");
    if (by && words_of(by)) return words_of(by);
    if (e.getAttribute("aria-label")) return clean(e.getAttribute("aria-label"), 120);
    if (e.labels && e.labels.length) return Array.from(e.labels).map(l => {
      const copy = l.cloneNode(true);
      copy.querySelectorAll("select, textarea, script, style").forEach(inner => inner.remove());
      return clean(copy.textContent, 120);
    }).join(" ");
    return "";
  };
  // Positions and paths are kept: a list of a thousand rows would else be counted through a thousand times.
  const places = new Map(), paths = new Map(), ids = new Map();
  for (const e of Array.from(document.querySelectorAll("[id]"))) ids.set(e.id, (ids.get(e.id) || 0) + 1);
  const place_of = e => {
    if (!places.has(e)) {
      const seen = {}, family = e.parentElement ? Array.from(e.parentElement.children) : [e];
      for (const child of family) places.set(child, seen[child.localName] = (seen[child.localName] || 0) + 1);
      for (const child of family) if (seen[child.localName] === 1) places.set(child, 0);
    }
    return places.get(e);
  };
  const path_css = e => {
    if (!paths.has(e)) {
      const nth = place_of(e), step = nth ? `${e.localName}:nth-of-type(${nth})` : e.localName;
      const up = e.parentElement;
      const unique = e.id && /^[A-Za-z][\w-]*$/.test(e.id) && ids.get(e.id) === 1;
      paths.set(e, unique ? "#" + e.id : !up || up === document.documentElement ? step : `${path_css(up)} > ${step}`);
    }
    return paths.get(e);
  };
  const own_text = e => {
    let text = "";
    for (const child of Array.from(e.childNodes)) if (child.nodeType === 3) text += child.data + " ";
    return clean(text, 2000);
  };
  const covered = (e, box) => {
    const x = box.x + box.width / 2, y = box.y + box.height / 2;
    if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return false;
    const top = document.elementFromPoint(x, y);
    try {
      return !!top && top !== e && !e.contains(top) && !top.contains(e) && !(e.labels && Array.from(e.labels).includes(top))
        && !left_out.has(top);
    } catch {
      return false;  // a page that wraps its nodes: what lies on top cannot be compared with what was found
    }
  };

  const record = (e, path, style, box) => {
    const tag = e.localName, role = role_of(e), listens = e[LISTENS] || "";
    const shape = e instanceof SVGElement && SHAPES.has(tag);
    const field = tag === "input" || tag === "select" || tag === "textarea" || role === "textbox";
    const inherits = e.parentElement && getComputedStyle(e.parentElement).cursor === "pointer";
    const pointer = style.cursor === "pointer" && !inherits;
    const native = field || tag === "button" || tag === "a" || tag === "summary" || ROLES.has(role);
    // A container that listens for presses on what is inside is no control itself.
    const holds = !native && !!e.querySelector("a, button, input, select, textarea, [role=button], [role=menuitem], svg, canvas")
      || (!native && e.querySelectorAll("*").length > 12);
    const pressable = native || !holds && (listens.includes("p") || !!e.onclick || pointer);
    const draggable = e.draggable && tag !== "a" && tag !== "img"
      || /[dD]raggable|sortable-handle|resizable-(handle|se)|resize-handle/.test(e.getAttribute("class") || "")
      || (listens.includes("d") && !native && !holds);
    const own = shape ? clean(e.textContent, 200) : own_text(e);
    const paint = style.backgroundColor;
    const filled = paint && paint !== "rgba(0, 0, 0, 0)" && paint !== "transparent";
    const swatch = filled && !e.children.length && !own && box.width >= 3 && box.height >= 3;
    const scrolls = e.scrollHeight > e.clientHeight + 2 && /auto|scroll/.test(style.overflowY) || tag === "textarea";
    if (!(pressable || draggable || own || shape || swatch || scrolls || tag === "img" || tag === "canvas"
        || role === "dialog" || role === "alert" || role === "status" || role === "tabpanel" || role === "option" || e.isContentEditable)) return;
    const text = clean(e.innerText === undefined ? e.textContent : e.innerText, own.length > 300 ? 2000 : 300);
    const inner = e.querySelector("img[alt], svg title, [title], [aria-label]");
    const hint = clean(e.getAttribute("title") || e.getAttribute("alt") ||
      (inner && !text ? inner.getAttribute("alt") || inner.getAttribute("title") || inner.getAttribute("aria-label")
        || inner.textContent : ""), 120);
    const label = label_of(e);
    const button = tag === "input" && /^(button|submit|reset|image)$/.test(e.type);
    const data = { n: count, path, tag, role, own, label, hint, css: path_css(e),
      text: field ? "" : text, box: [box.x + scrollX, box.y + scrollY, box.width, box.height].map(v => Math.round(v * 10) / 10) };
    data.name = label || (button ? e.value : "") || (field ? "" : holds ? own.slice(0, 120) : text.slice(0, 120)) || hint;
    const words = [e.id, e.getAttribute("class"), e.getAttribute("name"), e.getAttribute("data-icon")].filter(
      w => typeof w === "string").join(" ");
    const icon = !text && e.firstElementChild && e.children.length <= 2 ? e.firstElementChild.getAttribute("class") || "" : "";
    data.tokens = clean(words + " " + icon, 160);
    if (pressable) data.press = true;
    if (draggable) data.drag = true;
    if (listens.includes("h")) data.hover = true;
    if (shape) {
      data.shape = tag;
      data.color = style.fill === "none" ? "" : style.fill;
      data.points = tag === "polygon" ? (e.getAttribute("points") || "").trim().split(/\s+/).length : 0;
    } else if (filled) data.color = paint;
    if (e.id) data.id = e.id;
    if (e.getAttribute("name")) data.attr = e.getAttribute("name");
    const test = e.getAttribute("data-testid") || e.getAttribute("data-test-id");
    if (test) data.test_id = test;
    const form = native && (e.form || e.closest("form"));
    if (form) data.form = forms.get(form) || 0;
    if (form && e.type === "submit" && form.method === "post") data.posts = true;
    if (field) {
      data.field = true;
      if (e.validity && e.validity.valueMissing || e.getAttribute("aria-required") === "true" && !e.value) data.missing = true;
      data.type = tag === "input" ? e.type : tag === "select" || tag === "textarea" ? tag : "rich";
      data.value = tag === "select" ? clean(e.selectedOptions.length ? e.selectedOptions[0].label : "", 200)
        : e.type === "password" ? "*".repeat(e.value.length) : String(e.value === undefined ? e.innerText : e.value).slice(0, 8000);
      if (e.placeholder) data.placeholder = clean(e.placeholder, 120);
      if (e.readOnly) data.readonly = true;
      if (e.multiple) data.multiple = true;
      for (const bound of ["min", "max", "step"]) if (e[bound]) data[bound] = e[bound];
      if (tag === "select") {
        data.options = Array.from(e.options).slice(0, 400).map(o => clean(o.label, 120));
        data.shut = Array.from(e.options).slice(0, 400).filter(o => o.disabled).map(o => clean(o.label, 120));
        data.chosen = Array.from(e.selectedOptions).map(o => clean(o.label, 120));
      }
    }
    if (e.type === "checkbox" || e.type === "radio") data.checked = e.checked;
    else if (e.getAttribute("aria-checked")) data.checked = e.getAttribute("aria-checked") === "true";
    const expanded = e.getAttribute("aria-expanded");
    if (expanded) data.expanded = expanded === "true";
    else if (tag === "summary") data.expanded = !!(e.parentElement && e.parentElement.open);
    if (e.getAttribute("aria-selected")) data.selected = e.getAttribute("aria-selected") === "true";
    if (e.getAttribute("aria-haspopup")) data.popup = true;
    if (e.matches(":disabled") || e.closest("[aria-disabled=true]")) data.disabled = true;
    if (document.activeElement === e) data.focused = true;
    if (scrolls) data.scroll = [e.scrollTop, e.scrollHeight, e.clientHeight].map(Math.round);
    if (box.width && covered(e, box)) data.covered = true;
    if (tag === "a" && e.getAttribute("href")) data.href = e.getAttribute("href");
    if (own) data.size = parseFloat(style.fontSize);
    out.push(data);
  };

  const walk = (e, path) => {
    if (out.length >= limit || SKIP.has(e.tagName) || left_out.has(e)) return;
    const style = getComputedStyle(e);
    if (style.display === "none") return;
    count += 1;
    const here = [...path, count];
    if (e.tagName === "FORM") forms.set(e, count);
    const box = e.getBoundingClientRect();
    const reachable = box.right + scrollX > -900 && box.bottom + scrollY > -9000;
    const shown = reachable && style.visibility === "visible" && (box.width > 0 || box.height > 0 || style.display === "contents");
    if (shown && !(style.opacity === "0" && e.tagName !== "INPUT")) record(e, here, style, box);
    if (e.tagName === "SELECT" || (e instanceof SVGElement && e.localName === "text")) return;
    if (!(style.overflow === "hidden" && (box.width < 2 || box.height < 2)))
      for (const child of Array.from((e.shadowRoot || e).children)) walk(child, here);
  };
  walk(document.body || document.documentElement, []);
  // As one string: Playwright takes four times as long to hand over a thousand records.
  return JSON.stringify({ url: location.href, title: document.title, elements: out, cut: out.length >= limit });
}
