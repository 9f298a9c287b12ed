// The moment that is shown: it stands, runs as fast as wished, or is drawn along by hand.

import { $, say } from "../live/dom.js";

export class Player {
  #running = null;

  constructor(shown, clock) {
    this.shown = shown;
    this.clock = clock;
    this.slider = $("#moment");
    this.button = $("#play");
    this.slider.addEventListener("input", () => this.#show());
    this.button.addEventListener("click", () => this.toggle());
  }

  /** Unix seconds, from the first fix to the last. */
  begin(first, last) {
    this.stop();
    Object.assign(this.slider, { min: first, max: last, value: first, disabled: last <= first });
    this.#show();
  }

  get moment() {
    return Number(this.slider.value);
  }

  seek(moment) {
    this.slider.value = moment;
    this.#show();
  }

  toggle() {
    if (this.#running) return this.stop();
    if (this.moment >= Number(this.slider.max)) this.slider.value = this.slider.min;
    say(this.button, "Pause");
    let before = performance.now();
    let exact = this.moment;
    const step = (now) => {
      exact = (Math.abs(exact - this.moment) > 2 ? this.moment : exact) + ((now - before) / 1000) * Number($("#pace").value);
      before = now;
      this.seek(exact);
      if (exact >= Number(this.slider.max)) return this.stop();
      this.#running = requestAnimationFrame(step);
    };
    this.#running = requestAnimationFrame(step);
  }

  stop() {
    cancelAnimationFrame(this.#running);
    this.#running = null;
    say(this.button, "Play");
  }

  #show() {
    const text = this.clock(this.moment * 1000);
    say($("#clock"), text);
    this.slider.setAttribute("aria-valuetext", text);
    this.shown(this.moment);
  }
}
