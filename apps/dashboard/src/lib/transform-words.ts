/** A transform in words: `w=1440&q=high&f=webp` is `1440 px · webp · high`. What is no transform stays as it is. */
export function transformWords(transform: string): string {
  const given = new URLSearchParams(transform);
  const [w, h, fit, pos] = ["w", "h", "fit", "pos"].map((name) => given.get(name));
  const crop = [fit !== "cover" && fit, pos].filter(Boolean).join(" ");
  const preset = given.get("p");
  const parts = [sizeWords(w ?? null, h ?? null), crop, given.get("f"), given.get("q")];
  return preset === null && given.has("f") ? parts.filter(Boolean).join(" · ") : transform;
}

function sizeWords(w: string | null, h: string | null): string {
  if (w === null && h === null) return "full size";
  if (h === null) return `${w} px`;
  return w === null ? `${h} px high` : `${w} × ${h} px`;
}

/** A variant in short: `avif 1440 px`. */
export function nameOf(transform: string): string {
  const format = new URLSearchParams(transform).get("f");
  return [format, transformWords(transform).split(" · ")[0]].filter(Boolean).join(" ");
}
