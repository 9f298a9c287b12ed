// How values are said to people, in their own time zone and units they drive by.

export const speed = (mps) => (mps === null || mps === undefined ? "" : `${Math.round(mps * 3.6)} km/h`);
export const clock = (time) => new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export function moment(time) {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  return today ? clock(time) : `${at.toLocaleDateString([], { day: "numeric", month: "short" })} ${clock(time)}`;
}

export function ago(time, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - new Date(time)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

export const counted = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

const POINTS = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
export const compass = (course) => (course === null || course === undefined ? "" : POINTS[Math.round(course / 45) % 8]);
export const sentence = (name) => name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());

const BRIEF = 12;

/** A long name by its end, which tells it from others; the whole of it belongs into a title. */
export const brief = (name) => (name.length <= BRIEF ? name : `…${name.slice(-8)}`);
