import { swap } from "./upgrade.ts";

/**
 * Defines `<prewarm-img>`, an element around an `<img>`, which needs no script itself. The element removes the
 * placeholder when the picture has loaded, so that it does not show behind transparent pixels. With the attribute
 * `upgrade` it replaces an original by the variant as soon as that is stored. Does nothing on a server.
 */
export function definePrewarmImg(name = "prewarm-img"): void {
  if (typeof customElements === "undefined" || customElements.get(name)) return;
  customElements.define(
    name,
    class extends HTMLElement {
      stop = new AbortController();

      connectedCallback(): void {
        // The parser may not have reached the `<img>` yet. `load` does not bubble, but a capturing listener gets it.
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
