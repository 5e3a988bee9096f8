import { expect, it } from "vitest";
import { noteUnstaged, putStaged } from "../store/staged.ts";
import { accept, createApiWorld, jobsOf, key, START } from "./testing/api-world.ts";

const KEYS = [key("photo", 400), key("photo", 800)];
const FACTS = { size: null, etag: null, type: "jpeg", frames: 1, alpha: false } as const;

type World = ReturnType<typeof createApiWorld>;

/** What the page of a job says of its input. */
async function inputOf(world: World, search = ""): Promise<unknown> {
  const [job] = await jobsOf(world, `search=${search}`);
  return (await world.json("GET", `/api/v1/jobs/${job?.job}`)).body.input;
}

function world(keys: readonly string[] = KEYS, ...options: Parameters<typeof createApiWorld>): World {
  const one = createApiWorld(...options);
  accept(one, [...keys]);
  return one;
}

it("is the staged copy, once there is one, and says before what will be done", async () => {
  const one = world();
  expect(await inputOf(one)).toBe("The original is staged before its jobs are made, so that its origin sends it once.");
  await putStaged(one.bucket.bucket, { id: "photo", v: null, number: START * 1000 }, new Uint8Array(9), FACTS);
  expect(await inputOf(one)).toMatch(/^Ittybit reads staged bytes at a signed address of the edge/);
});

it("is the original's own address, with the reason", async () => {
  const noted = world();
  await noteUnstaged(noted.bucket.bucket, { id: "photo", v: null, number: START * 1000 }, "Its copy broke off twice.");
  const bucket = { sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] as const };
  const viewed = world();
  viewed.ledger.transactions.write((tx) => {
    for (const one of tx.rows.loadGroup("photo")) one.lane = 0;
  });
  const cases: [World, RegExp][] = [
    [noted, /own address, because the original could not be staged\. Its copy broke off twice\.$/],
    [world(KEYS.slice(0, 1)), /own address, because no other open job was ordered together with this one\.$/],
    [world(KEYS, {}, { unstaged: "SIGNING_KEYS is not set" }), /own address, because SIGNING_KEYS is not set\.$/],
    [viewed, /own address, because a viewer waits/],
    [world(KEYS, { sources: [...bucket.sources] }), /at a signed address of the edge, because it is in a bucket\.$/],
  ];
  for (const [one, sentence] of cases) expect(await inputOf(one)).toMatch(sentence);
});
