import { useState } from "preact/hooks";
import { pictureUrl } from "../lib/paths.ts";

/** A small picture of an image, from what is stored of it; an empty square where nothing is. */
export function Thumb({ id }: { id: string }) {
  const [broken, setBroken] = useState<string | null>(null);
  if (broken === id) return <span class="thumb" aria-hidden="true" />;
  return <img class="thumb" src={pictureUrl(id)} alt="" loading="lazy" onError={() => setBroken(id)} />;
}
