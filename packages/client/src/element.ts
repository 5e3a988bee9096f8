import { swap } from "./upgrade.ts";

/**
 * Defines `<prewarm-img>`, to stand around a real `<img>`, which is shown without any script. The element takes the placeholder away once
 * the picture is there, so that it does not shine through transparent ones; and with the attribute `upgrade` it swaps an image that came as
 * the original for its variant as soon as that is made. Does nothing on a server.
 */
export function definePrewarmImg(name = "prewarm-img"): void {
  if (typeof customElements === "undefined" || customElements.get(name)) return;
  customElements.define(
    name,
    class extends HTMLElement {
      stop = new AbortController();

      connectedCallback(): void {
        // The parser may not have come to the `<img>` yet; `load` does not bubble, but it can be caught on its way down.
        this.addEventListener("load", this, true);
        const image = this.querySelector("img");
        if (image?.complete && image.naturalWidth > 0) this.shown(image);
      }

      disconnectedCallback(): void {
        this.stop.abort();
        this.removeEventListener("load", this, true);
      }

      handleEvent({ target }: Event): void {
        if (target instanceof HTMLImageElement) this.shown(target);
      }

      shown(image: HTMLImageElement): void {
        image.style.background = "";
        const { connection } = navigator as Navigator & { connection?: { saveData?: boolean } };
        if (!this.hasAttribute("upgrade") || connection?.saveData) return;
        this.removeAttribute("upgrade"); // once
        void swap(image, this.stop.signal, 60_000);
      }
    },
  );
}
