import { createServer } from "node:http";
import { describe, expect, it, vi } from "vitest";
import { freePort, listen } from "./listen.ts";

describe("a free port", () => {
  it("is not given again where another would do: its server has not bound it yet", async () => {
    const edge = await freePort(0, false);
    expect(await freePort(edge, true)).not.toBe(edge);
  });

  it("is given again to who wants just that", async () => {
    const port = await freePort(0, false);
    expect(await freePort(port, false)).toBe(port);
  });

  it("is not given by another process, whose server has not bound it yet either", async () => {
    const port = await freePort(0, false);
    vi.resetModules();
    const elsewhere = await import("./listen.ts");
    expect(await elsewhere.freePort(port, true)).not.toBe(port);
  });

  it("that somebody asked for is not given to others", async () => {
    const server = createServer();
    const port = await listen(server, 0);
    await new Promise((resolve) => server.close(resolve));
    await freePort(port, false);
    expect(await freePort(port, true)).not.toBe(port);
  });
});
