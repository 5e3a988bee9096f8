import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { useSharedStack } from "./shared-stack.ts";

const stack = useSharedStack();

/** One request with exactly this path and these headers, which `fetch` would mend. */
function status(base: string, path: string, headers: Record<string, string> = {}, method = "GET"): Promise<number> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(base);
    const sent = request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end();
  });
}

const ports = (): Record<string, string> => ({
  edge: stack().edgeUrl,
  control: stack().controlUrl,
  "local Ittybit": stack().emulator?.apiUrl ?? "",
  outputs: stack().emulator?.outputUrl ?? "",
  originals: stack().originalsUrl.replace("{id}", ""),
});

describe("the local stack", () => {
  it.each(["edge", "control", "local Ittybit", "outputs", "originals"])(
    "refuses names that are not this machine's: %s",
    async (name) => {
      const base = ports()[name] ?? "";
      for (const path of ["/", "/healthz", "/api/v1/stats", "/assets/none.js"]) {
        expect(await status(base, path, { Host: "evil.example" })).toBe(421);
        expect(
          await status(base, path, { Host: `evil.example:${new URL(base).port}`, Origin: "http://evil.example" }),
        ).toBe(421);
      }
    },
  );

  it("is not fooled by the simulator's own headers", async () => {
    const bearer = { Authorization: `Bearer ${stack().adminToken}`, Host: "evil.example" };
    for (const more of [
      { "MF-Original-URL": `${stack().controlUrl}/api/v1/stats` },
      { "MF-Route-Override": "prewarm-consumer" },
      { "X-Forwarded-Host": "localhost" },
    ])
      expect(await status(stack().controlUrl, "/api/v1/stats", { ...bearer, ...more })).toBe(421);
  });

  it("answers under each of its names, by its own token only", async () => {
    for (const Host of ["localhost", "127.0.0.1", "[::1]"].map(
      (name) => `${name}:${new URL(stack().controlUrl).port}`,
    )) {
      expect(await status(stack().controlUrl, "/", { Host })).toBe(200);
      expect(
        await status(stack().controlUrl, "/api/v1/stats", { Host, Authorization: `Bearer ${stack().adminToken}` }),
      ).toBe(200);
    }
    for (const guess of ["local-admin", "local-viewer", "admin"])
      expect(await status(stack().controlUrl, "/api/v1/stats", { Authorization: `Bearer ${guess}` })).toBe(401);
  });

  it("survives any request line", async () => {
    for (const base of Object.values(ports()))
      for (const path of ["//", "///", "/%", "/%E0%A4%A", "http://evil.example/", "/originals/%"])
        expect([base, path, await status(base, path)]).toEqual([base, path, expect.toSatisfy((code) => code < 500)]);
    // The runtime itself answers this one, by 500 from the Workers.
    for (const base of Object.values(ports())) await status(base, "*", {}, "OPTIONS");
    expect(await status(stack().edgeUrl, "/healthz")).toBe(200);
    expect(await status(stack().controlUrl, "/healthz")).toBe(200);
    expect(await status(stack().emulator?.apiUrl ?? "", "/jobs")).toBe(401);
  });
});
