// Colours of the map by theme. Panels have theirs in style/tokens.css; the meanings are the same.

const MAPS = {
  light: {
    water: "#d3dfe6", land: "#f1efe9", border: "#cfc9bb", grid: "#e4e0d6", street: "#ffffff", kerb: "#dfd9cb",
    route: "#8d97ab", chosen: "#3b6fb6", track: ["#0b7d73", "#d08a10", "#c2340f"], text: "#4a5163", halo: "#f6f4ef",
    zones: { depot: "#0f766e", red: "#be123c", fuel: "#a45a07", parking: "#3b6fb6", territory: "#7a6fae", other: "#7b8190" },
    rim: "#ffffff", moving: "#0b7d73", standing: "#d08a10", silent: "#7c8494", alert: "#be123c", spot: "#be123c",
  },
  dark: {
    water: "#0a101a", land: "#121a28", border: "#2c3950", grid: "#182235", street: "#26334a", kerb: "#0e1520",
    route: "#5b6b88", chosen: "#7cb1f5", track: ["#2dd4bf", "#fbbf24", "#fb7185"], text: "#a8b5c9", halo: "#0f1725",
    zones: { depot: "#2dd4bf", red: "#ff6b86", fuel: "#fbbf24", parking: "#7cb1f5", territory: "#a99df0", other: "#8a97ab" },
    rim: "#0b111b", moving: "#2dd4bf", standing: "#fbbf24", silent: "#94a3b8", alert: "#ff5c7c", spot: "#ff6b86",
  },
};

const VISITS = {
  light: { serviced: "#15803d", arrived: "#15803d", approaching: "#3b6fb6", probable: "#a3a31a", drive_by: "#d08a10", out_of_sequence: "#d08a10", skipped: "#7c8494", missed: "#be123c", no_data: "#7c8494", pending: "#ffffff" },
  dark: { serviced: "#4ade80", arrived: "#4ade80", approaching: "#7cb1f5", probable: "#d9e021", drive_by: "#fbbf24", out_of_sequence: "#fbbf24", skipped: "#94a3b8", missed: "#ff5c7c", no_data: "#64748b", pending: "#1d283b" },
};

export const theme = () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light");
export const colours = (name = theme()) => ({ ...MAPS[name], visits: VISITS[name] });

export function channels(hex) {
  const number = Number.parseInt(hex.slice(1), 16);
  return [(number >> 16) / 255, ((number >> 8) & 255) / 255, (number & 255) / 255];
}
