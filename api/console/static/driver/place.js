// Where the phone is, if it says so in time; nothing waits for it longer than that.
const PATIENCE_MS = 4000;

/** Calls `tell` with whether the phone is kept from saying where it is, now and whenever that changes. */
export async function watchRefusal(tell) {
  if (!navigator.geolocation) return tell(true);
  const permission = await navigator.permissions?.query({ name: "geolocation" }).catch(() => null);
  if (!permission) return;
  const say = () => tell(permission.state === "denied");
  permission.addEventListener("change", say);
  say();
}

export function place() {
  if (!navigator.geolocation) return Promise.resolve({});
  return new Promise((resolve) => {
    const never = setTimeout(() => resolve({}), PATIENCE_MS);
    const found = ({ coords }) => {
      clearTimeout(never);
      resolve({ longitude_deg: coords.longitude, latitude_deg: coords.latitude, accuracy_m: Math.min(100_000, Math.max(0, coords.accuracy)) });
    };
    navigator.geolocation.getCurrentPosition(found, () => (clearTimeout(never), resolve({})), {
      enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 30_000,
    });
  });
}
