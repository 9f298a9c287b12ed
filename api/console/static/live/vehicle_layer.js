// All vehicles in one draw call. The graphics card moves them between fixes, so that thousands cost no more than a few.

import { Fleet } from "./fleet.js";
import { channels, colours } from "./palette.js";
import { FRAGMENT, VERTEX } from "./vehicle_shaders.js";

const FLOATS = 11; // from x y, to x y, begin, end, course from, course to, state, alerted, chosen
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
    this.program = link(gl);
    this.places = Object.fromEntries(["matrix", "view", "now", "size", "bearing", "colours", "ratio"].map((name) => [name, gl.getUniformLocation(this.program, name)]));
    this.shape = gl.createVertexArray();
    this.buffer = gl.createBuffer();
    gl.bindVertexArray(this.shape);
    const corners = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, corners);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    attribute(gl, this.program, "corner", 2, 0, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    attribute(gl, this.program, "path", 4, FLOATS, 0, 1);
    attribute(gl, this.program, "times", 4, FLOATS, 4, 1);
    attribute(gl, this.program, "look", 3, FLOATS, 8, 1);
    gl.bindVertexArray(null);
  }

  render(gl, { defaultProjectionData }) {
    const now = performance.now();
    if (this.#drawn !== this.fleet.version || now > this.again) this.#upload(gl, now);
    if (this.#count === 0) return;
    const canvas = this.map.getCanvas();
    gl.useProgram(this.program);
    gl.bindVertexArray(this.shape);
    gl.uniformMatrix4fv(this.places.matrix, false, shifted(defaultProjectionData.mainMatrix, this.#anchor));
    gl.uniform2f(this.places.view, canvas.width, canvas.height);
    gl.uniform1f(this.places.now, now - this.origin);
    gl.uniform1f(this.places.ratio, window.devicePixelRatio || 1);
    gl.uniform1f(this.places.size, sizeAt(this.map.getZoom(), this.#count));
    gl.uniform1f(this.places.bearing, this.map.getBearing());
    gl.uniform3fv(this.places.colours, this.colours);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.#count);
    gl.bindVertexArray(null);
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

function attribute(gl, program, name, size, stride, offset, divisor) {
  const place = gl.getAttribLocation(program, name);
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, size, gl.FLOAT, false, stride * 4, offset * 4);
  gl.vertexAttribDivisor(place, divisor);
}

function link(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  return program;
}
