// The outline of the world (Natural Earth, by the world-atlas package), drawn when there are no tiles.

import "../vendor/topojson-client/dist/topojson-client.min.js";

export async function showGround(map) {
  const answer = await fetch(new URL("../vendor/world-atlas/countries-50m.json", import.meta.url));
  const world = await answer.json();
  const { feature, mesh } = globalThis.topojson;
  map.getSource("land").setData(feature(world, world.objects.countries));
  map.getSource("borders").setData(mesh(world, world.objects.countries));
}
