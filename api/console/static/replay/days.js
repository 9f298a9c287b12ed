// Days and times as the organisation's clock has them, whatever clock the browser goes by.

const DAY_MS = 86_400_000;

/** From the midnight at which a day (`2026-03-02`) begins in a time zone to that at which it ends, in Unix milliseconds. */
export function spanOf(day, zone) {
  const asUtc = Date.parse(`${day}T00:00Z`);
  return { since: midnight(asUtc, zone), until: midnight(asUtc + DAY_MS, zone) };
}

/** A function that says a moment by the clock of a time zone. */
export function clockOf(zone, shown) {
  const form = new Intl.DateTimeFormat([], { timeZone: zone, ...shown });
  return (moment) => form.format(new Date(moment));
}

function midnight(asUtc, zone) {
  const nearby = asUtc - aheadOfUtc(asUtc, zone);
  return asUtc - aheadOfUtc(nearby, zone); // the clock may have been put forward or back in between
}

function aheadOfUtc(at, zone) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }).formatToParts(at);
  const said = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(said.year, said.month - 1, said.day, said.hour, said.minute, said.second) - at;
}
