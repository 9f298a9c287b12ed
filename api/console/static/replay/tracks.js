// Where vehicles were at a moment of a past day. Pure: times are Unix seconds.

import { mercator, turn } from "../live/motion.js";

const LONGEST_GAP_S = 300; // across more than that nobody knows the way
const SLOWEST_MPS = 1.5;

/** Fixes as `/vehicles/{id}/track/places` tells them, without those that have no place. */
export function trackOf({ vehicle_id, fix_at, longitude_e7, latitude_e7, speed_mps, course_deg }) {
  const placed = fix_at.map((_, index) => index).filter((index) => longitude_e7[index] !== null);
  return {
    vehicleId: vehicle_id,
    at: placed.map((index) => fix_at[index]),
    degrees: placed.map((index) => [longitude_e7[index] / 1e7, latitude_e7[index] / 1e7]),
    speed: placed.map((index) => speed_mps[index]),
    course: placed.map((index) => course_deg[index]),
  };
}

/** The last fix at or before `moment`; -1 before the first. */
export function lastBefore(times, moment) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= moment) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** {degrees, place, course, state} between the fixes around `moment`; null before the first. */
export function stateAt(track, moment) {
  const index = lastBefore(track.at, moment);
  if (index < 0) return null;
  const [since, until] = [track.at[index], track.at[index + 1]];
  const isKnown = until !== undefined && until - since <= LONGEST_GAP_S;
  const part = isKnown ? (moment - since) / (until - since) : 0;
  const [a, b] = [track.degrees[index], track.degrees[isKnown ? index + 1 : index]];
  const degrees = [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part];
  const course = track.course[index] ?? 0;
  const isSilent = !isKnown && moment - since > LONGEST_GAP_S;
  return {
    degrees,
    place: mercator(...degrees),
    course: course + (isKnown ? turn(course, track.course[index + 1] ?? course) * part : 0),
    state: isSilent ? "silent" : (track.speed[index] ?? 0) >= SLOWEST_MPS ? "moving" : "standing",
    speedMps: isSilent ? null : track.speed[index],
  };
}

/** The way driven up to `moment`, as `shapes.trackShapes` wants it. */
export function drivenUntil(track, moment) {
  return track.at.slice(0, lastBefore(track.at, moment) + 1).map((at, index) => ({
    fix_time: at * 1000, longitude_deg: track.degrees[index][0], latitude_deg: track.degrees[index][1], speed_mps: track.speed[index],
  }));
}
