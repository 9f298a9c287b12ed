// All vehicles in two draw calls. The graphics card moves them between fixes, so that thousands cost no more than a few.

import { Fleet } from "./fleet.js";
import { channels, colours } from "./palette.js";
import { FRAGMENT, PLAIN, VERTEX } from "./vehicle_shaders.js";

const FLOATS = 11; // from x y, to x y, begin, end, course from, course to, state, alerted, chosen
const ATTRIBUTES = [["path", 4, 0], ["times", 4, 4], ["look", 3, 8]]; // name, floats, where they begin
const UNIFORMS = ["matrix", "now", "size", "bearing", "colours", "ratio", "special"];
const STATES = { moving: 0, standing: 1, silent: 2, unknown: 2 };

export class VehicleLayer {
  id = "vehicles";
  type = "custom";
  renderingMode = "2d";
  #drawn = -1;
  #count = 0;
  #anchor = [0, 0];

  constructor(fleet) {
    this.fleet = fleet;
    this.chosen = null;
    this.theme();
  }

  theme() {
    const c = colours();
    this.colours = [c.moving, c.standing, c.silent, c.alert, c.rim].flatMap(channels);
  }

  changed() {
    this.#drawn = -1;
  }

  onAdd(map, gl) {
    this.map = map;
    this.passes = [link(gl, PLAIN), link(gl, FRAGMENT)].map((program) => ({ program, places: uniforms(gl, program) }));
    this.shape = gl.createVertexArray();
    this.buffer = gl.createBuffer();
    gl.bindVertexArray(this.shape);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    ATTRIBUTES.forEach(([, size, offset], place) => {
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, FLOATS * 4, offset * 4);
    });
    gl.bindVertexArray(null);
  }

  render(gl, { defaultProjectionData }) {
    const now = performance.now();
    if (this.#drawn !== this.fleet.version || now > this.again) this.#upload(gl, now);
    if (this.#count === 0) return;
    gl.bindVertexArray(this.shape);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    const matrix = shifted(defaultProjectionData.mainMatrix, this.#anchor);
    this.passes.forEach((pass, special) => this.#draw(gl, pass, special, matrix, now));
    gl.bindVertexArray(null);
  }

  #draw(gl, { program, places }, special, matrix, now) {
    gl.useProgram(program);
    gl.uniformMatrix4fv(places.matrix, false, matrix);
    gl.uniform1f(places.now, now - this.origin);
    gl.uniform1f(places.ratio, window.devicePixelRatio || 1);
    gl.uniform1f(places.size, sizeAt(this.map.getZoom(), this.#count));
    gl.uniform1f(places.bearing, this.map.getBearing());
    gl.uniform1f(places.special, special);
    gl.uniform3fv(places.colours, this.colours);
    gl.drawArrays(gl.POINTS, 0, this.#count);
  }

  /** Places are told relative to the middle of the view: single precision over the whole world is two metres coarse. */
  #upload(gl, now) {
    const { lng, lat } = this.map.getCenter();
    const sine = Math.sin((lat * Math.PI) / 180);
    this.#anchor = [lng / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
    this.origin = now - 60_000;
    const drawn = this.fleet.all().filter((vehicle) => vehicle.glide);
    const values = new Float32Array(drawn.length * FLOATS);
    drawn.forEach((vehicle, index) => this.#write(values, index * FLOATS, vehicle));
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    this.#count = drawn.length;
    this.#drawn = this.fleet.version;
    this.again = now + 5000;
  }

  #write(values, at, vehicle) {
    const [x, y] = this.#anchor;
    const { from, to, begin, end, courseFrom, courseTo } = vehicle.glide;
    values[at] = from[0] - x;
    values[at + 1] = from[1] - y;
    values[at + 2] = to[0] - x;
    values[at + 3] = to[1] - y;
    values[at + 4] = begin - this.origin;
    values[at + 5] = end - this.origin;
    values[at + 6] = courseFrom;
    values[at + 7] = courseTo;
    values[at + 8] = STATES[Fleet.state(vehicle)];
    values[at + 9] = vehicle.alerted ? 1 : 0;
    values[at + 10] = vehicle.vehicle_id === this.chosen ? 1 : 0;
  }
}

function sizeAt(zoom, count) {
  const crowd = count > 10_000 ? 0.45 : count > 2000 ? 0.6 : count > 300 ? 0.8 : 1;
  return Math.min(30, Math.max(9, 9 + (zoom - 8) * 2.2)) * Math.min(1, crowd + Math.max(0, zoom - 12) * 0.15);
}

function shifted(matrix, [x, y]) {
  const m = Array.from(matrix);
  for (let row = 0; row < 4; row += 1) m[12 + row] += m[row] * x + m[4 + row] * y;
  return new Float32Array(m);
}

function uniforms(gl, program) {
  return Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]));
}

function link(gl, fragment) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  ATTRIBUTES.forEach(([name], place) => gl.bindAttribLocation(program, place, name));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  return program;
}
