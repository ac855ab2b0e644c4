// When the data of a live part was read, and the bell that asks it to look again. It shows nothing
// itself: lists and maps hand in the place (document.wusongClocks) where it says the time, or since
// when there is no answer.

// Two refreshes by the clock, and a moment. By the browser's own clock, which nobody sets: a server
// that is dead cannot say so.
const LATE_AFTER = 9_000;
// Changes that come together are one look, and screens that hear together look one after another:
// the server says within how long (`spread`), by how many they are.
const TOGETHER = 150;

export default function (component) {
  const { data, setTriggerValue } = component;
  const bell = document.wusongBell ??= hang(data.worker);
  bell.shown = { ...data, received: performance.now() };
  const look = (seq) => setTriggerValue("changed", seq);
  bell.look = look;
  tell(bell);
  return () => { if (bell.look === look) bell.look = null; };
}

function tell({ shown }) {
  const late = !shown.fresh || performance.now() - shown.received > LATE_AFTER;
  const text = late ? shown.stale : shown.live;
  for (const place of document.wusongClocks ?? []) {
    if (!place.isConnected) { document.wusongClocks.delete(place); continue; }
    const name = late ? "data stale" : "data live";
    if (place.className !== name) place.className = name;
    if (place.textContent !== text) place.textContent = text;
  }
}

function hang(worker) {
  const bell = { shown: null, look: null, asked: null, heard: null, timer: null };
  const hear = (text) => {
    const { seq, fresh, spread = 0 } = JSON.parse(text);
    const told = JSON.stringify({ seq, fresh });
    if (bell.asked === told || (seq <= bell.shown.seq && fresh === bell.shown.fresh)) return;
    // The first of several changes says when, and the last what: a busy hour puts no look off.
    bell.heard = { seq, told };
    bell.timer ??= setTimeout(() => {
      bell.timer = null;
      if (!bell.look) return;
      bell.asked = bell.heard.told;
      bell.look(bell.heard.seq);
    }, TOGETHER + Math.random() * spread);
  };
  if (window.SharedWorker) {
    const { port } = new SharedWorker(worker, { name: "wusong-live" });
    port.onmessage = ({ data }) => hear(data);
    addEventListener("pagehide", () => port.postMessage("leave"));
    addEventListener("pageshow", ({ persisted }) => { if (persisted) port.postMessage("join"); });
  } else {
    new EventSource("/api/events").addEventListener("data", ({ data }) => hear(data));
  }
  setInterval(() => tell(bell), 1000);
  return bell;
}
