// GeoJSON made of what the API says.

const METRES_PER_DEGREE = 111_195;
const PIXELS_AT_ZOOM_11 = 512 * 2 ** 11 / 40_075_017; // per metre at the equator

export const collection = (features) => ({ type: "FeatureCollection", features });
const feature = (geometry, properties) => ({ type: "Feature", geometry, properties });

/** A polygon of 48 corners around a point. */
export function circle([longitude, latitude], radius) {
  const height = radius / METRES_PER_DEGREE;
  const width = height / Math.max(0.01, Math.cos((latitude * Math.PI) / 180));
  const corners = Array.from({ length: 49 }, (_, index) => {
    const angle = (index * Math.PI) / 24;
    return [longitude + width * Math.cos(angle), latitude + height * Math.sin(angle)];
  });
  return { type: "Polygon", coordinates: [corners] };
}

export function zoneShapes(zones) {
  return collection(
    zones.features.map(({ id, geometry, properties }) => {
      const shape = geometry.type === "Point" ? circle(geometry.coordinates, properties.radius_m) : geometry;
      const px = 2 * (properties.width_m ?? 0) * PIXELS_AT_ZOOM_11;
      return feature(shape, { id, kind: properties.kind, name: properties.name, px });
    }),
  );
}

export function routeShapes(trips, chosen) {
  const drawn = trips.filter((trip) => trip.route);
  return collection(drawn.map((trip) => feature(trip.route, { trip: trip.trip_id, chosen: trip.trip_id === chosen })));
}

export function stopShapes(trips, chosen) {
  const stops = trips.flatMap((trip) => trip.stops.map((stop, index) => [trip, stop, index]));
  return collection(
    stops.map(([trip, { name, place, visit }, index]) =>
      feature(
        { type: "Point", coordinates: [place.longitude_deg, place.latitude_deg] },
        { trip: trip.trip_id, number: String(index + 1), name, visit: visit.state, chosen: trip.trip_id === chosen },
      ),
    ),
  );
}

const LONGEST_GAP_MS = 300_000;

/** A line for each step of a track, so that each has its own speed; nothing is drawn across a gap. */
export function trackShapes(points) {
  const steps = [];
  for (let index = 1; index < points.length; index += 1) {
    const [a, b] = [points[index - 1], points[index]];
    if (a.longitude_deg === null || b.longitude_deg === null || new Date(b.fix_time) - new Date(a.fix_time) > LONGEST_GAP_MS) continue;
    const line = { type: "LineString", coordinates: [[a.longitude_deg, a.latitude_deg], [b.longitude_deg, b.latitude_deg]] };
    steps.push(feature(line, { speed: b.speed_mps ?? 0 }));
  }
  return collection(steps);
}

const STEPS_DEG = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20];

/** Meridians and parallels about `wanted` to a view: they show scale and motion where there is nothing else. */
export function gridShapes([west, south, east, north], wanted = 10) {
  const step = STEPS_DEG.find((degrees) => (east - west) / degrees < wanted) ?? 30;
  const lines = [];
  const line = (coordinates) => lines.push(feature({ type: "LineString", coordinates }, {}));
  for (let x = Math.floor(west / step) * step; x <= east; x += step) line([[x, south], [x, north]]);
  for (let y = Math.floor(south / step) * step; y <= north; y += step) line([[west, y], [east, y]]);
  return collection(lines);
}
