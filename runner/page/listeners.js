// Runs before any script of the page: remembers which elements listen for a press, when the page last changed, and what
// got the last click: a button that moves under the mouse gets none.
// Icon-only controls have neither role nor name; that they listen is the only sign that they are controls.
(() => {
  const LISTENS = Symbol.for("goaltrail.listens");
  const CHANGED = Symbol.for("goaltrail.changed");
  if (window[CHANGED] !== undefined) return;
  const hide = (object, key, value) =>
    Object.defineProperty(object, key, { value, enumerable: false, configurable: true, writable: true });
  hide(window, CHANGED, performance.now());
  const kinds = {
    click: "p", dblclick: "p", mousedown: "d", pointerdown: "d", touchstart: "d", mouseup: "p", pointerup: "p",
    mouseover: "h", mouseenter: "h", pointerenter: "h",
  };
  const original = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type, ...rest) {
    const kind = kinds[type];
    if (kind && this instanceof Element) hide(this, LISTENS, (this[LISTENS] || "") + kind);
    return original.call(this, type, ...rest);
  };
  const CLICKED = Symbol.for("goaltrail.clicked");
  hide(window, CLICKED, null);
  original.call(window, "click", event => { window[CLICKED] = event.composedPath()[0]; }, true);
  const watch = () => new MutationObserver(() => { window[CHANGED] = performance.now(); }).observe(
    document, { subtree: true, childList: true, attributes: true, characterData: true });
  watch();
})();
