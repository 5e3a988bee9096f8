import { createServer } from "node:http";
import { startEmulator } from "@prewarm/ittybit-emulator/server";
import sharp from "sharp";
import { expect, it } from "vitest";
import { listen } from "../../dev/listen.ts";
import { ask, startTestStack, until } from "./stack.ts";

it.each(["reference", "guide", "sdk", "v2025"] as const)(
  "works with any server that speaks the %s dialect, and with any origin",
  async (profile) => {
    const photo = await sharp({ create: { width: 1200, height: 800, channels: 3, background: "#385" } })
      .jpeg()
      .toBuffer();
    const origin = createServer((request, response) => {
      if (request.url === "/pictures/red%20fox.jpg")
        response.writeHead(200, { "content-type": "image/jpeg", "content-length": photo.length }).end(photo);
      else response.writeHead(404).end();
    });
    const originPort = await listen(origin, 0);
    const ittybit = await startEmulator({ profile, apiKey: "another-key", strict: true });
    const stack = await startTestStack({
      ittybitApiUrl: ittybit.apiUrl,
      ittybitApiKey: "another-key",
      originalsUrl: `http://localhost:${originPort}/pictures/{id}.jpg`,
    });
    try {
      const url = `${stack.edgeUrl}/images/red%20fox?w=400`;
      const first = await ask(url);
      expect(first.status).toBe(302);
      expect(first.headers.get("location")).toBe(`http://localhost:${originPort}/pictures/red%20fox.jpg`);
      const variant = await until(
        "the variant is served",
        () => ask(url),
        (answer) => answer.status === 200,
      );
      expect(await sharp(variant.body).metadata()).toMatchObject({ format: "webp", width: 400, height: 267 });
      expect(ittybit.control.stats().createdJobs).toBe(1);
    } finally {
      await stack.close();
      await ittybit.close();
      origin.close();
    }
  },
);

it("keeps serving originals while Ittybit refuses the key, says so, and goes on when the breaker is reset", async () => {
  const stack = await startTestStack();
  try {
    const api = (path: string, init?: RequestInit) =>
      fetch(`${stack.controlUrl}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
      });
    const fault = stack.emulator!.control.addFault({ fault: { type: "status", status: 402 }, on: "any" });
    const url = `${stack.edgeUrl}/images/hero.jpg?w=640`;
    expect((await ask(url)).status).toBe(302);
    const stats = await until(
      "the breaker opens",
      async () =>
        (await api("/api/v1/stats")).json() as Promise<{
          health: { sentence: string };
          gate: { breaker: { state: string } };
          states: Record<string, number>;
        }>,
      (seen) => seen.gate.breaker.state !== "closed",
    );
    expect(stats.health.sentence).toMatch(/402/);
    expect(stats.states.dead).toBe(0);
    expect((await ask(url)).status).toBe(302);
    stack.emulator!.control.removeFault(fault);
    expect(
      (await api("/api/v1/gate", { method: "PATCH", body: JSON.stringify({ breaker: { state: "closed" } }) })).status,
    ).toBe(200);
    await until(
      "the variant is served",
      () => ask(url),
      (answer) => answer.status === 200,
    );
  } finally {
    await stack.close();
  }
});
