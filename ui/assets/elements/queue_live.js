// The time of the queue's data, apart from the list, which seldom changes while this always does. It
// shows nothing itself: the list shows it, and says so when no refresh has come for long.

export default function (component) {
  document.wusongLive = { ...component.data, received: Date.now() };
  document.dispatchEvent(new Event("wusong-live"));
}
