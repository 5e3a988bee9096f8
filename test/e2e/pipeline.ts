import sharp from "sharp";
import { expect } from "vitest";
import { idOfKey } from "../../packages/shared/src/variant-key.ts";
import { ask, isVariant, type TestStack, until } from "./stack.ts";

/* What the pipeline does in any release, and between two of them. */

export const imageUrl = ({ edgeUrl }: TestStack, path: string) => `${edgeUrl}/images/${path}`;

export function storedImage(stack: TestStack, path: string) {
  return until(`${path} is served`, () => ask(imageUrl(stack, path)), isVariant);
}

/** Jobs of an image, whatever they are made from. */
export function jobsOf({ emulator }: TestStack, id: string): number {
  return emulator?.control.jobs().filter(({ metadata }) => idOfKey(String(metadata.key)) === id).length ?? 0;
}

/** A call of the control API as an operator; GET without a body. */
export async function control(stack: TestStack, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`${stack.controlUrl}/api/v1/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Record<string, unknown>;
}

/** The first viewer is sent to the original; later ones get the variant from R2, then from the cache. */
export async function firstViewer(stack: TestStack): Promise<void> {
  const path = "landscape.jpg?w=400&f=webp";
  const first = await ask(imageUrl(stack, path));
  expect(first.status).toBe(302);
  expect(first.headers.get("location")).toBe(stack.originalsUrl.replace("{id}", "landscape.jpg"));
  expect(first.headers.get("cache-control")).toBe("private, no-store");
  expect(first.cache).toBe("edge; fwd=uri-miss, store; fwd=uri-miss; detail=enqueued");

  const second = await storedImage(stack, path);
  expect(second.cache).toBe("edge; fwd=uri-miss, store; hit");
  expect(second.headers.get("content-type")).toBe("image/webp");
  expect(second.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(await sharp(second.body).metadata()).toMatchObject({ format: "webp", width: 400, height: 267 });

  const third = await until(
    "the cache has it",
    () => ask(imageUrl(stack, path)),
    (answer) => answer.cache === "edge; hit",
  );
  expect(third.body.equals(second.body)).toBe(true);
  expect(third.headers.get("etag")).toBe(second.headers.get("etag"));
}

/** Fifty first requests at once are answered at once, and make one job. */
export async function crowd(stack: TestStack): Promise<void> {
  const path = "phone.jpg?w=640";
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(imageUrl(stack, path))));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([302]));
  await storedImage(stack, path);
  expect(jobsOf(stack, "phone.jpg")).toBe(1);
}

/** A job that fails once is tried again and stored, though nobody asks any more. */
export async function failureTriedAgain(stack: TestStack): Promise<void> {
  stack.emulator?.control.addFault({ on: "create", fault: { type: "failed" }, times: 1 });
  const { run } = await control(stack, "warm", { items: [{ id: "landscape.jpg", transforms: ["w=640&f=jpeg"] }] });
  const done = await until(
    "the variant is stored at its second attempt",
    () => control(stack, `runs/${run}`),
    ({ state }) => state === "done",
  );
  expect(done).toMatchObject({ states: { stored: 1, dead: 0 } });
  const { jobs } = await control(stack, `jobs?run=${run}`);
  expect(jobs).toMatchObject([{ state: "stored", attempts: 1 }]);
}
