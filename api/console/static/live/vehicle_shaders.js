// The marker: a drop that points ahead while moving, a disc while standing, a ring when silent, with a pulse when alerted.
// Most vehicles are plain and drawn with fewer operations a pixel.

export const VERTEX = `#version 300 es
precision highp float;
in vec4 path;
in vec4 times;
in vec3 look;
uniform mat4 matrix;
uniform float now, size, bearing, ratio, special;
flat out vec3 shown;
flat out vec3 pose;
void main() {
  float span = max(times.y - times.x, 1.0);
  float t = clamp((now - times.x) / span, 0.0, 1.0);
  float course = radians(mix(times.z, times.w, min(t * 3.0, 1.0)) - bearing);
  float grown = look.z > 0.5 ? 1.3 : 1.0;
  float extent = look.y + look.z > 0.5 ? 2.2 : 1.45; // a pulse or a ring needs room; for the rest each pixel counts
  shown = look;
  pose = vec3(cos(course), sin(course), extent);
  bool elsewhere = (look.y + look.z > 0.5) != (special > 0.5); // the other pass draws it
  gl_PointSize = 2.0 * size * grown * ratio * extent;
  gl_Position = elsewhere ? vec4(2.0, 2.0, 2.0, 1.0) : matrix * vec4(mix(path.xy, path.zw, t), 0.0, 1.0);
}`;

const SPOT = `
vec2 spotOf(vec2 at) { // where in the marker, with its tip ahead
  vec2 corner = vec2(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0);
  return vec2(corner.x * pose.x - corner.y * pose.y, corner.x * pose.y + corner.y * pose.x) * pose.z;
}`;

export const PLAIN = `#version 300 es
precision highp float;
flat in vec3 shown;
flat in vec3 pose;
uniform float size, ratio;
uniform vec3 colours[5];
out vec4 colour;
${SPOT}
void main() {
  vec2 spot = spotOf(gl_PointCoord);
  float sharp = size * ratio * 0.9;
  float middle = length(spot);
  vec2 outward = vec2(0.876, 0.483);
  float along = dot(vec2(abs(spot.x), spot.y) - 0.56 * outward, vec2(-0.483, 0.876));
  float ahead = dot(vec2(abs(spot.x), spot.y), outward) - 0.56;
  float moving = 1.0 - min(shown.x, 1.0);
  float shape = mix(middle - 0.58, along < 0.0 ? middle - 0.56 : ahead, moving);
  float cover = clamp(0.5 - (shape - 0.17) * sharp, 0.0, 1.0);
  float fill = clamp(0.5 - shape * sharp, 0.0, 1.0);
  float hole = clamp(0.5 - (middle - 0.06 - 0.14 * shown.x) * sharp, 0.0, 1.0) * (1.0 - moving);
  colour = vec4(mix(colours[4], colours[int(shown.x + 0.5)], fill * (1.0 - hole)) * cover, cover);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
flat in vec3 shown;
flat in vec3 pose;
uniform float now, size, ratio;
uniform vec3 colours[5];
out vec4 colour;
${SPOT}

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
  vec2 spot = spotOf(gl_PointCoord);
  float soft = 1.1 / (size * ratio);
  int state = int(shown.x + 0.5);
  float shape = state == 0 ? drop(spot) : length(spot) - 0.58;
  float rim = shape - 0.17;
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
