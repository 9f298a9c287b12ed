// The marker: a drop that points ahead while moving, a disc while standing, a ring when silent, with a pulse when alerted.

export const VERTEX = `#version 300 es
precision highp float;
in vec2 corner;
in vec4 path;
in vec4 times;
in vec3 look;
uniform mat4 matrix;
uniform vec2 view;
uniform float now, size, bearing, ratio;
out vec2 spot;
flat out vec3 shown;
void main() {
  float span = max(times.y - times.x, 1.0);
  float t = clamp((now - times.x) / span, 0.0, 1.0);
  float course = radians(mix(times.z, times.w, min(t * 3.0, 1.0)) - bearing);
  vec4 middle = matrix * vec4(mix(path.xy, path.zw, t), 0.0, 1.0);
  float grown = look.z > 0.5 ? 1.3 : 1.0;
  float extent = look.y + look.z > 0.5 ? 2.2 : 1.45; // a pulse or a ring needs room; for the rest each pixel counts
  vec2 offset = corner * size * grown * ratio * extent;
  float c = cos(course), s = sin(course);
  spot = vec2(corner.x * c - corner.y * s, corner.x * s + corner.y * c) * extent;
  shown = look;
  gl_Position = vec4(middle.xy + offset / view * 2.0 * middle.w, middle.z, middle.w);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
in vec2 spot;
flat in vec3 shown;
uniform float now, size, ratio;
uniform vec3 colours[5];
out vec4 colour;

float drop(vec2 p) { // signed distance to a disc drawn out to a point ahead along its tangents
  const float radius = 0.56, tip = 1.16;
  vec2 q = vec2(abs(p.x), p.y);
  float cosine = radius / tip, sine = sqrt(1.0 - cosine * cosine);
  vec2 outward = vec2(sine, cosine);
  float along = dot(q - radius * outward, vec2(-cosine, sine));
  if (along < 0.0) return length(q) - radius;
  if (along < tip * sine) return dot(q, outward) - radius;
  return length(q - vec2(0.0, tip));
}

vec4 over(vec4 below, vec3 tint, float cover) { return below * (1.0 - cover) + vec4(tint * cover, cover); }

void main() {
  float soft = 1.1 / (size * ratio);
  int state = int(shown.x + 0.5);
  float shape = state == 0 ? drop(spot) : length(spot) - 0.58;
  float rim = shape - 0.17;
  if (shown.y + shown.z < 0.5 && rim > 0.25) discard;
  vec4 here = vec4(0.0);
  if (shown.y > 0.5) {
    float beat = fract(now / 1600.0);
    float ring = abs(length(spot) - (0.8 + beat * 1.2)) - 0.07;
    here = over(here, colours[3], smoothstep(soft, -soft, ring) * (1.0 - beat) * 0.9);
    here = over(here, colours[3], smoothstep(0.45, 0.0, length(spot) - 0.85) * 0.30);
  }
  here = over(here, vec3(0.0), smoothstep(0.25, 0.0, rim) * 0.22);
  here = over(here, shown.y > 0.5 ? colours[3] : colours[4], smoothstep(soft, -soft, rim));
  here = over(here, colours[state], smoothstep(soft, -soft, shape));
  if (state == 1) here = over(here, colours[4], smoothstep(soft, -soft, length(spot) - 0.2));
  if (state == 2) here = over(here, colours[4], smoothstep(soft, -soft, length(spot) - 0.34));
  if (shown.z > 0.5) here = over(here, colours[state], smoothstep(soft, -soft, abs(length(spot) - 1.25) - 0.07));
  if (here.a < 0.004) discard;
  colour = here;
}`;
