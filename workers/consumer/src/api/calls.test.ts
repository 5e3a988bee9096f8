import { answerOf, JSON_CALLS } from "@prewarm/control-schema/calls";
import { describe, expect, it } from "vitest";
import { createApiWorld, jobsOf, key, warm, work } from "./testing/api-world.ts";

describe("what is answered has the fields of its schema and no others", async () => {
  const world = createApiWorld();
  const run = await warm(world, ["made", "dead", "refused", "waits"]);
  work(world, [key("made")], "stored");
  work(world, [key("dead")], "dead");
  work(world, [key("refused")], "refused");
  const [dead] = await jobsOf(world, "state=dead");
  await world.call("PATCH", "/api/v1/gate", { body: { paused: { bulk: { reason: "lunch" } } } });
  const filter = { state: "dead" };
  const { body: action } = await world.json("POST", "/api/v1/actions", { body: { action: "retry", filter } });
  await world.call("POST", "/api/v1/images/removed/remove", { body: { reason: "asked for" } });
  // R2 takes one put of the changes object a second.
  world.advance(2_000);
  const purge = { action: action.action, kind: "purge", ids: ["another"] };
  await world.call("POST", "/api/v1/image-actions", { body: purge });
  const params: Record<string, unknown> = {
    run,
    job: dead?.job,
    id: "made",
    action: action.action,
    key: "paused.bulk",
  };

  it.each(JSON_CALLS.filter((name) => name.startsWith("GET /api/")))("%s", async (name) => {
    const route = name.slice("GET ".length).replace("{id}/removal", "removed/removal").replace(/ids$/, "ids?run={run}");
    const path = route.replace(/\{(\w+)\}/g, (_, param: string) => String(params[param]));
    const { status, body } = await world.json("GET", path);
    expect(status).toBe(200);
    expect(answerOf(name).parse(body)).toEqual(body);
  });
});
