import { useState } from "preact/hooks";

/** A small picture of an image, from what is stored of it; an empty square where nothing is. */
export function Thumb({ id }: { id: string }) {
  const [broken, setBroken] = useState<string | null>(null);
  if (broken === id) return <span class="thumb" aria-hidden="true" />;
  const src = `/api/v1/thumbs/${encodeURIComponent(id)}`;
  return <img class="thumb" src={src} alt="" loading="lazy" onError={() => setBroken(id)} />;
}
