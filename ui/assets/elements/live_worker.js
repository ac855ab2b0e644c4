// One stream of the server's events for all tabs of a browser: a shared worker hears it and passes
// it on. Nobody listens while no tab is open.
const tabs = new Set();
let stream = null;
let last = null;
// Refused, as where the session is over, a stream does not come back by itself.
const AGAIN_AFTER = 5_000;

function listen() {
  if (stream || !tabs.size) return;
  stream = new EventSource("/api/events");
  stream.addEventListener("data", ({ data }) => {
    last = data;
    for (const tab of tabs) tab.postMessage(last);
  });
  stream.onerror = () => {
    if (stream?.readyState !== EventSource.CLOSED) return;
    stream = null;
    setTimeout(listen, AGAIN_AFTER);
  };
}

function join(tab) {
  tabs.add(tab);
  if (last) tab.postMessage(last);
  listen();
}

function leave(tab) {
  tabs.delete(tab);
  if (tabs.size) return;
  stream?.close();
  stream = last = null;
}

onconnect = ({ ports: [tab] }) => {
  tab.onmessage = ({ data }) => (data === "leave" ? leave(tab) : join(tab));
  join(tab);
};
