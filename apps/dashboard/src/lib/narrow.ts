import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 760px)");

/** As wide as a phone: the width from which on the styles fold what stands beside the content. */
export const isNarrow = signal(query.matches);

query.addEventListener("change", ({ matches }) => {
  isNarrow.value = matches;
});
