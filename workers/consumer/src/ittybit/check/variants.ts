import type { Transform } from "@prewarm/shared/transform";
import { checkOutput, type Right } from "./essentials.ts";
import { ended, type Session, submit } from "./session.ts";

const BASE = { pos: null, quality: "high" } as const;

/** The formats and fits that Prewarm asks for, one small variant each. */
const VARIANTS: [name: string, transform: Transform][] = [
  ["avif", { ...BASE, fit: null, width: 120, height: null, format: "avif" }],
  ["jpeg, cover", { ...BASE, width: 100, height: 100, fit: "cover", format: "jpeg" }],
  ["png, contain", { ...BASE, width: 100, height: 80, fit: "contain", format: "png" }],
  ["webp, fill", { ...BASE, width: 80, height: 100, fit: "fill", format: "webp" }],
];

/** What came of one of them. */
export interface Tried {
  /** `jpeg, cover`. */
  name: string;
  transform: Transform;
  output: Right | { ok: false; message: string };
}

/** Makes them all at once. @throws Stop when one does not end, or Ittybit stops answering */
export function tryVariants(session: Session): Promise<Tried[]> {
  return Promise.all(VARIANTS.map(([name, transform], n) => tryVariant(session, 10 + n, name, transform)));
}

async function tryVariant(session: Session, n: number, name: string, transform: Transform): Promise<Tried> {
  const made = await submit(session, session.order(n, transform));
  if (made.kind !== "made")
    return { name, transform, output: { ok: false, message: "failure" in made ? made.failure.message : made.kind } };
  return { name, transform, output: await checkOutput(session, await ended(session, made.job.id), transform) };
}
