// Photos, made small before they are sent, and a pad to sign on.
import { make } from "../live/dom.js";

const LONGEST_PX = 1280;

/** A photo as a JPEG of at most 1280 pixels a side. */
export async function shrink(file) {
  const picture = await createImageBitmap(file).catch(() => {
    throw new Error("This picture cannot be read: take another one.");
  });
  const scale = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
  const canvas = make("canvas", { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
}

/** A canvas to sign on: `signed()` says whether anybody did, `blob()` is the PNG. */
export function pad() {
  const canvas = make("canvas", { class: "pad", width: 600, height: 200, role: "img", "aria-label": "Sign here" });
  const pen = canvas.getContext("2d");
  let strokes = 0;
  let last = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const next = at(event);
    Object.assign(pen, { lineWidth: 3, lineCap: "round", strokeStyle: "#1d2433" });
    pen.beginPath();
    pen.moveTo(...last);
    pen.lineTo(...next);
    pen.stroke();
    last = next;
    strokes += 1;
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (last = null));
  const clear = () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    strokes = 0;
  };
  return { canvas, clear, signed: () => strokes > 2, blob: () => new Promise((resolve) => canvas.toBlob(resolve, "image/png")) };
}
