import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { live } from "../lib/live.ts";
import { imageUrl } from "../lib/paths.ts";
import { Thumb } from "../ui/thumb.tsx";

const SHOWN = 12;
/** While variants are stored the pictures change so often, in ms. */
const EVERY_MS = 15_000;

/** Pictures of the images that were stored last; they are asked for anew only after more was stored. */
export function Newest({ stored }: { stored: number }) {
  const round = useSlowly(stored);
  const query = { sort: "latest", limit: SHOWN } as const;
  const resource = useResource(`newest ${round}`, (signal) => ask("GET /api/v1/images", { query, signal }), null);
  const images = (resource.data.value?.images ?? []).filter((one) => one.stored > 0);
  const frames = Math.max(0, SHOWN - images.length);
  return (
    <ul class="newest" aria-label="The newest variants">
      {images.map(({ id }) => (
        <li key={id}>
          <a href={imageUrl(id)} aria-label={id} title={id}>
            <Thumb id={id} />
          </a>
        </li>
      ))}
      {Array.from({ length: frames }, (_, index) => (
        <li key={index} class="blank" aria-hidden="true" />
      ))}
    </ul>
  );
}

/** The number, at most every `EVERY_MS`. */
function useSlowly(number: number): number {
  const [kept, keep] = useState({ number, at: 0 });
  useEffect(() => {
    if (number === kept.number || !live.value) return;
    const wait = Math.max(0, kept.at + EVERY_MS - Date.now());
    const timer = setTimeout(() => keep({ number, at: Date.now() }), wait);
    return () => clearTimeout(timer);
  }, [number, kept]);
  return kept.number;
}
