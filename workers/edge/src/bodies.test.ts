import { expect, it } from "vitest";
import { route } from "./route.ts";
import { ORIGIN, setup } from "./testing/setup.ts";

/* The edge takes no body. Its routes, and paths that are none, × methods that bring one: not a byte of it is read. */

const PATHS = [
  "/images/photo?w=800",
  "/images/",
  "/info/photo",
  "/originals/photo?exp=1&s=x",
  "/healthz",
  "/",
  "/nothing",
];
const METHODS = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];

function counted() {
  let read = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        read += 1;
        controller.enqueue(new Uint8Array(65_537));
      },
    },
    { highWaterMark: 0 },
  );
  return { body, read: () => read };
}

it.each(PATHS)("a body to %s is not read, whatever the method and whether its length is declared", async (path) => {
  for (const method of METHODS)
    for (const headers of [{}, { "Content-Length": "40000000" }, { "Content-Type": "application/json" }]) {
      const { edge, sent } = setup();
      const { body, read } = counted();
      const init = { method, headers, body, duplex: "half" } as RequestInit;
      const { status } = await route(new Request(`${ORIGIN}${path}`, init), edge, () => undefined);
      expect([method, status, read(), sent]).toEqual([method, method === "OPTIONS" ? 204 : 405, 0, []]);
    }
});
