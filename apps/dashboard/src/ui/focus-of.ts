import { useEffect } from "preact/hooks";
import { place } from "../lib/router.ts";

/** An address such as `/steering#limits` leads to its part: the first field there gets the focus. */
export function useFocusOf(id: string): void {
  useEffect(() => {
    if (location.hash !== `#${id}`) return;
    const part = document.getElementById(id);
    part?.scrollIntoView({ block: "nearest" });
    part?.querySelector<HTMLElement>("input:not([type=range]), button")?.focus();
  }, [place.value.hash]);
}
