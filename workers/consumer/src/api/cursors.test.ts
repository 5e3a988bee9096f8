import type { CallRow } from "@prewarm/control-schema/call";
import { CALLS } from "@prewarm/control-schema/calls";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { createApiWorld, warm } from "./testing/api-world.ts";

/* A cursor that a list has not written is refused: the first page in its place would be read twice, and no error shown. */

const hasCursor = (part: z.ZodType | undefined) => part instanceof z.ZodObject && "cursor" in part.shape;
const calls = Object.entries(CALLS as Record<string, CallRow>);
const lists = calls.filter(([, { query }]) => hasCursor(query)).map(([name]) => name);
const posts = calls.filter(([, { body }]) => hasCursor(body)).map(([name]) => name);

it("finds the lists in the table of calls", () => {
  expect(lists).toEqual(expect.arrayContaining(["GET /api/v1/runs", "GET /api/v1/jobs", "GET /api/v1/image-ids"]));
  expect(posts).toEqual(["POST /api/v1/doctor"]);
});

describe.each(["", "nonsense", "-1", "1.5", "1e3", "99999999999999999999", "1-0-", "rows-1", "5 rows", "after:"])(
  "%j",
  async (cursor) => {
    const world = createApiWorld();
    const run = await warm(world, ["a"]);
    const ask = (path: string) => world.json("GET", path.replace("{run}", run).replace("{id}", "a"));
    const query = `cursor=${encodeURIComponent(cursor)}`;

    it.each([...lists, "GET /api/v1/image-ids?folder=a/", `GET /api/v1/image-ids?run={run}`])("%s", async (name) => {
      const path = name.slice("GET ".length);
      const { status, body } = await ask(`${path}${path.includes("?") ? "&" : "?"}${query}`);
      expect([status, body.code]).toEqual([400, "parameter_invalid"]);
      if (path !== "/api/v1/image-ids")
        expect([body.parameter, body.detail]).toEqual(["cursor", expect.stringContaining("nextCursor")]);
    });

    // Of the doctor's an empty cursor is the beginning.
    it.each(cursor === "" ? [] : posts)("%s", async (name) => {
      const { status, body } = await world.json("POST", name.slice("POST ".length), { body: { cursor } });
      expect([status, body.code, body.detail]).toEqual([400, "body_invalid", expect.stringContaining("/cursor")]);
    });
  },
);
