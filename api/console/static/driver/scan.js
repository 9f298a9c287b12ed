// Reads a bar or QR code from a picture, where the browser can; hand scanners type into the field by themselves.
import { make } from "../live/dom.js";

/** A button that fills `field` from the camera; null where the browser reads no codes. */
export function scanner(field) {
  if (!("BarcodeDetector" in window)) return null;
  const said = make("small", { role: "status" });
  const camera = make("input", { type: "file", accept: "image/*", capture: "environment", hidden: true, "aria-label": "Picture of the code" });
  camera.addEventListener("change", async () => {
    const [code] = await read(camera.files[0]).catch(() => []);
    said.textContent = code ? "" : "No code can be read in this picture.";
    if (!code) return;
    field.value = code.rawValue;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return make("div", {}, make("button", { type: "button", class: "button", onclick: () => camera.click() }, "Scan"), camera, " ", said);
}

async function read(file) {
  const picture = await createImageBitmap(file);
  try { return await new window.BarcodeDetector().detect(picture); } finally { picture.close(); }
}
