// Where a vehicle is drawn between two fixes. Pure: time is an argument, places are Web Mercator in [0, 1].

const FAR = 5000 / 40_075_017; // beyond this a vehicle jumps: gliding there would be a lie
const LONGEST_MS = 20_000;
const SHORTEST_MS = 250;

export function mercator(longitude, latitude) {
  const sine = Math.sin((Math.max(-85.05, Math.min(85.05, latitude)) * Math.PI) / 180);
  return [longitude / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

export function geographic([x, y]) {
  return [(x - 0.5) * 360, (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI];
}

/** The shorter way round, in degrees from -180 to 180. */
export function turn(from, to) {
  return ((((to - from) % 360) + 540) % 360) - 180;
}

export function standstill(place, course, now) {
  return { from: place, to: place, courseFrom: course, courseTo: course, begin: now, end: now, heardAt: now, interval: null };
}

/** The glide that follows `glide` when a fix at `place` becomes known `now`; it lasts as long as fixes have been apart lately. */
export function onward(glide, place, course, now) {
  const heard = Math.min(Math.max(now - glide.heardAt, SHORTEST_MS), LONGEST_MS);
  const interval = glide.interval === null ? heard : 0.6 * glide.interval + 0.4 * heard;
  const [x, y, shown] = at(glide, now);
  const step = Math.hypot(place[0] - x, place[1] - y);
  const from = step > FAR ? place : [x, y];
  const heading = course ?? (step > 1e-8 ? bearing([x, y], place) : shown);
  return { from, to: place, courseFrom: shown, courseTo: shown + turn(shown, heading), begin: now, end: now + interval * 1.05, heardAt: now, interval };
}

/** [x, y, course in degrees] at a moment. It turns in the first third of the way. */
export function at(glide, now) {
  const span = glide.end - glide.begin;
  const t = span > 0 ? Math.min(Math.max((now - glide.begin) / span, 0), 1) : 1;
  const r = Math.min(t * 3, 1);
  return [
    glide.from[0] + (glide.to[0] - glide.from[0]) * t,
    glide.from[1] + (glide.to[1] - glide.from[1]) * t,
    glide.courseFrom + (glide.courseTo - glide.courseFrom) * r,
  ];
}

function bearing([x1, y1], [x2, y2]) {
  return (Math.atan2(x2 - x1, y1 - y2) * 180) / Math.PI;
}
