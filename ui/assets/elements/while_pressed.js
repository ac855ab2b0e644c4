// A refresh that comes while something in the element is being pressed waits until it is let go:
// drawn at once, it would put another button under the pointer, and the browser would drop the click.
const AT_MOST = 2_000;

export default function (draw) {
  return (component) => {
    const place = component.parentElement;
    const held = place.wusongHeld ??= watch(place);
    let clean;
    held.waiting = null;
    const now = () => { clean = draw(component); };
    if (held.pressed) held.waiting = now; else now();
    return () => {
      if (held.waiting === now) held.waiting = null;
      clean?.();
    };
  };
}

function watch(place) {
  const held = { pressed: false, waiting: null };
  const release = () => {
    held.pressed = false;
    held.waiting?.();
    held.waiting = null;
  };
  place.addEventListener("pointerdown", () => {
    held.pressed = true;
    const overdue = setTimeout(release, AT_MOST);
    const letGo = () => {
      clearTimeout(overdue);
      for (const name of ["pointerup", "pointercancel"]) document.removeEventListener(name, letGo, true);
      // The click comes after the pointer is up.
      setTimeout(release);
    };
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, letGo, true);
  });
  return held;
}
