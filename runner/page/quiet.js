// Resolves when nothing changed for `still` ms and no finite animation runs, or after `most` ms.
({ still, most }) => new Promise(done => {
  const CHANGED = Symbol.for("goaltrail.changed");
  const started = performance.now();
  const busy = () => document.getAnimations && document.getAnimations().some(a =>
    a.playState === "running" && a.effect && a.effect.getComputedTiming().endTime !== Infinity);
  const check = () => {
    const now = performance.now();
    const changed = Math.max(window[CHANGED] || 0, started);
    if (now - started >= most || (now - changed >= still && !busy())) done(Math.round(now - started));
    else setTimeout(check, 15);
  };
  setTimeout(check, Math.min(still, 15));
})
