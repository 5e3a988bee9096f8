import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { setup } from "../testing/setup.ts";

/** Sends these bytes and gives the answer's status; null when the connection ends without one. */
function raw(base: string, head: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(base).port), "127.0.0.1", () => socket.write(`${head}\r\n\r\n`));
    let text = "";
    const done = () => resolve(text === "" ? null : Number(text.split(" ")[1]));
    socket.on("data", (chunk) => {
      text += chunk;
      socket.end();
    });
    socket.on("close", done);
    socket.on("error", reject);
  });
}

const LINES = [
  "GET //",
  "GET ///x",
  "GET http://",
  "GET http://[",
  "GET http://evil.example/__emulator/reset",
  "GET //[::1",
  "OPTIONS *",
  "GET /%",
  "GET /%E0%A4%A/x",
  "GET /jobs?%",
  "POST //",
  "GET \\\\",
  "BREW /",
];

describe("whatever is asked", () => {
  it.each(LINES)("%s leaves both servers alive", async (line) => {
    const { emulator, call } = await setup();
    for (const base of [emulator.apiUrl, emulator.outputUrl]) {
      const status = await raw(base, `${line} HTTP/1.1\r\nHost: ${new URL(base).host}\r\nConnection: close`);
      expect(status === null || (status >= 400 && status < 500)).toBe(true);
      expect((await fetch(`${base}/none`)).status).toBeGreaterThanOrEqual(400);
    }
    expect((await call("/jobs?limit=1")).status).toBe(200);
  });

  it.each(["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", ""])(
    "the host %j is refused by both",
    async (host) => {
      const { emulator } = await setup();
      for (const base of [emulator.apiUrl, emulator.outputUrl])
        expect(await raw(base, `GET /jobs HTTP/1.1\r\nHost: ${host}\r\nConnection: close`)).toBe(421);
    },
  );

  it.each(["localhost", "localhost:1", "127.0.0.1", "[::1]:9"])("the host %s is this machine's", async (host) => {
    const { emulator } = await setup();
    expect(await raw(emulator.apiUrl, `GET /jobs HTTP/1.1\r\nHost: ${host}\r\nConnection: close`)).toBe(401);
  });
});

describe("the side channel", () => {
  const reset = async (headers: Record<string, string>, apiKey: string | null = "k") => {
    const { emulator, call } = await setup({ apiKey });
    await call("/jobs", { headers: { authorization: "Bearer k" } });
    const { status } = await fetch(`${emulator.apiUrl}/__emulator/reset`, { method: "POST", headers });
    return [status, emulator.control.requests().length];
  };

  it("takes calls with the key only", async () => {
    expect(await reset({})).toEqual([401, 1]);
    expect(await reset({ authorization: "Bearer wrong" })).toEqual([401, 1]);
    expect(await reset({}, null)).toEqual([401, 1]);
    expect(await reset({ authorization: "Bearer k" })).toEqual([200, 0]);
  });

  it.each([
    [{ origin: "https://evil.example" }],
    [{ origin: "null" }],
    [{ "sec-fetch-site": "cross-site" }],
    [{ "sec-fetch-site": "same-site" }],
  ])("refuses another site's page, even with the key: %j", async (headers) => {
    expect(await reset({ authorization: "Bearer k", ...headers } as Record<string, string>)).toEqual([403, 1]);
  });
});
