// The live stream. The browser resumes by itself with the last event's id; we only say how it stands.

const KINDS = ["hello", "positions", "events", "visits", "alerts"];
const QUIET_MS = 45_000; // the server says something at least every 15 s

export function follow(path, { heard, state, refused }) {
  let source;
  let last = Date.now();

  const open = () => {
    source?.close();
    state("connecting");
    last = Date.now();
    source = new EventSource(path);
    source.addEventListener("open", () => state("live"));
    source.addEventListener("error", () => {
      state("lost");
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, 3000);
      refused();
    });
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
  addEventListener("offline", () => state("lost"));
  open();
}
