import { posters } from "@prewarm/legacy-urls/posters";
import { Webhook } from "standardwebhooks";
import { expect, it } from "vitest";
import { type ApiWorld, createApiWorld, HOOK_SECRET, START } from "../api/testing/api-world.ts";

const ITEMS = [{ id: "sea.mp4", contentType: "video/mp4" }, { id: "a.jpg" }, { id: "b.mp3" }, { id: "../x" }];

async function tell(world: ApiWorld, type: string, items: object[]) {
  const body = JSON.stringify({ type, data: { items } });
  const headers = {
    "webhook-id": type,
    "webhook-timestamp": String(Math.floor(START / 1000)),
    "webhook-signature": new Webhook(HOOK_SECRET).sign(type, new Date(START), body),
  };
  return (await world.json("POST", "/hooks/uploads", { token: null, body, headers })).body;
}

it("a film that a hook names stands for its posters, and what is rejected keeps its place", async () => {
  const world = createApiWorld({ legacy: [posters({ times: [0, 4.5] })] });
  const uploaded = await tell(world, "image.uploaded", ITEMS);
  expect(uploaded).toMatchObject({ accepted: 6, ignored: 1, rejected: [{ index: 3, code: "id_invalid" }] });
  expect(await tell(world, "image.deleted", [{ id: "sea.mp4" }])).toMatchObject({ purged: 2 });
});

it("a film is ignored where the configuration has no posters", async () => {
  const world = createApiWorld();
  expect(await tell(world, "image.uploaded", ITEMS)).toMatchObject({ accepted: 2, ignored: 2 });
});

it("a list to warm and a purge that name a film mean its posters", async () => {
  const world = createApiWorld({ legacy: [posters({ times: [0, 4.5] })] });
  const body = JSON.stringify({ items: ["sea.mp4", { id: "turned.mov", recipe: "upload" }, "a.jpg"] });
  const { accepted, items } = (await world.json("POST", "/api/v1/warm", { body })).body;
  expect({ accepted, items }).toMatchObject({ accepted: 10 });
  const { status } = await world.json("DELETE", "/api/v1/images/sea.mp4");
  expect(status).toBe(202);
  const poster = (await world.json("GET", "/api/v1/images/sea.mp4%2Ft%3D4.5.mp4")).body;
  expect(poster.purge).not.toBeNull();
});
