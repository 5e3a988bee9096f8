import { expect, it } from "vitest";
import { createApiWorld, VIEWER } from "./testing/api-world.ts";

it("outgoing events are listed with their endpoints, and a test is sent by operators only", async () => {
  const events = [{ url: "https://a.example/in", secrets: ["EVENTS_SECRET"], types: ["run.finished" as const] }];
  const world = createApiWorld({ events });
  expect((await world.json("POST", "/api/v1/events/test", { token: VIEWER })).status).toBe(403);
  expect(await world.json("POST", "/api/v1/events/test")).toMatchObject({ status: 202, body: { endpoints: 1 } });
  const { body } = await world.json("GET", "/api/v1/events", { token: VIEWER });
  expect(body).toMatchObject({
    endpoints: [{ url: "https://a.example/in", types: ["run.finished"] }],
    events: [{ type: "test", state: "waiting", tries: 0, status: null }],
  });
  expect((await createApiWorld().json("POST", "/api/v1/events/test")).status).toBe(409);
});

it("an endpoint's address holds secrets: viewers see its host and the path's first part", async () => {
  const secrets = ["EVENTS_SECRET"];
  const urls = [
    "https://hooks.example.com/services/T0/B0/SECRETPATH?token=SECRETQUERY",
    "https://hooks.example.com/in?token=SECRETQUERY",
    "https://hooks.example.com:8443/in",
    "https://hooks.example.com/",
  ];
  const world = createApiWorld({ events: urls.map((url) => ({ url, secrets })) });
  await world.json("POST", "/api/v1/events/test");
  const seen = async (token?: string) => {
    const { body } = await world.json("GET", "/api/v1/events", token === undefined ? {} : { token });
    const { endpoints, events } = body as { endpoints: { url: string }[]; events: { endpoint: string }[] };
    return [endpoints.map(({ url }) => url), events.map(({ endpoint }) => endpoint).reverse()];
  };
  const shown = [
    "https://hooks.example.com/services/…",
    "https://hooks.example.com/in…",
    "https://hooks.example.com:8443/in",
    "https://hooks.example.com/",
  ];
  expect(await seen(VIEWER)).toEqual([shown, shown]);
  expect(await seen()).toEqual([urls, urls]);
});
