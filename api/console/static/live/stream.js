// The live stream. The browser resumes by itself with the last event's id; we only say how it stands, and end it with the session.

const KINDS = ["hello", "positions", "events", "visits", "alerts"];
const QUIET_MS = 45_000; // the server says something at least every 15 s

export function follow(path, { heard, state, refused }) {
  let source;
  let isOver = false;
  let last = Date.now();

  const end = () => {
    isOver = true;
    source.close();
    state("signed_out");
  };

  const open = () => {
    if (isOver) return;
    source?.close();
    state("connecting");
    last = Date.now();
    source = new EventSource(path);
    source.addEventListener("open", () => state("live"));
    source.addEventListener("error", () => {
      if (isOver) return;
      state("lost");
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, 3000);
      refused();
    });
    source.addEventListener("signed_out", end);
    source.addEventListener("ping", () => (last = Date.now()));
    for (const kind of KINDS) {
      source.addEventListener(kind, (message) => {
        last = Date.now();
        heard(kind, JSON.parse(message.data));
      });
    }
  };

  setInterval(() => Date.now() - last > QUIET_MS && open(), 5000);
  addEventListener("online", open);
  addEventListener("offline", () => isOver || state("lost"));
  open();
  return { end };
}
