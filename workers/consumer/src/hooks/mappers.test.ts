import { defineConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import type { HookEvent } from "./hook-event.ts";
import { orderText } from "./hook-event.ts";
import { type DataMapper, mapByData } from "./mappers/map-body.ts";
import * as fixtures from "./testing/fixtures.ts";
import { RECIPES } from "./testing/recipes.ts";

const config = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] });
const map = (mapper: DataMapper, body: unknown) => mapByData(body, mapper, config);
const brief = (events: HookEvent[]) =>
  events.map((event) =>
    "id" in event ? `${event.kind} ${event.id}` : "code" in event ? `rejected ${event.code}` : event.kind,
  );

describe("native", () => {
  const native: DataMapper = { kind: "native" };
  it.each([
    [
      "an event",
      { type: "image.uploaded", timestamp: "2026-11-24T12:00:00Z", data: { items: [{ id: "a" }, { key: "b/c.jpg" }] } },
      ["upload a", "upload b/c.jpg"],
    ],
    ["an event of one item", { type: "image.uploaded", data: { id: "a" } }, ["upload a"]],
    ["a deletion", { type: "image.deleted", timestamp: 5, data: { items: [{ id: "a" }] } }, ["delete a"]],
    ["one item", { id: "a", v: "2", sourceEtag: "e", recipe: "social" }, ["upload a"]],
    ["an array", [{ id: "a" }, "b", 7], ["upload a", "upload b", "rejected body_invalid"]],
    ["another type", { type: "user.created", data: {} }, ["ignored"]],
    [
      "no pictures",
      [{ id: "doc.pdf" }, { id: "a", contentType: "text/html" }, { id: "logo.svg" }, { id: "film.mp4" }],
      ["ignored", "ignored", "ignored", "ignored"],
    ],
    ["both id and key, or neither", [{ id: "a", key: "a" }, {}], ["rejected body_invalid", "rejected body_invalid"]],
    [
      "a key that is no id",
      [{ key: "../secret" }, { key: "a//b" }],
      ["rejected source_unknown", "rejected source_unknown"],
    ],
  ])("reads %s", (_, body, expected) => expect(brief(map(native, body))).toEqual(expected));

  it.each([["a string"], [7], [null], [{ type: 5, data: {} }], [{ type: "image.uploaded" }]])(
    "refuses %j whole",
    (body) => {
      expect(() => map(native, body)).toThrow();
    },
  );

  it("takes nothing from the prototype", () => {
    const body = JSON.parse('{"__proto__": {"type": "image.uploaded", "data": {"id": "evil"}}, "id": "a"}');
    expect(brief(map(native, body))).toEqual(["upload a"]);
    expect(({} as Record<string, unknown>).type).toBeUndefined();
  });
});

describe("a focal point", () => {
  const paths: DataMapper = { kind: "json-path", id: "id", focal: "$.hotspot" };
  const told = (events: HookEvent[]) => events.map((event) => (event.kind === "upload" ? event.focal : event));

  it.each([
    [
      [0.25, 0.75],
      [0.25, 0.75],
    ],
    [{ x: 0.25, y: 0.75, width: 0.5 }, [0.25, 0.75]],
    [null, null],
    [undefined, undefined],
  ])("of an item %j is %j", (written, focal) => {
    expect(told(map({ kind: "native" }, { id: "a", focal: written }))).toEqual([focal]);
    expect(told(map(paths, { id: "a", hotspot: written }))).toEqual([focal]);
  });

  it.each([[[0.5]], [[0.5, 2]], ["0.5,0.5"], [{ x: 1 }], [7]])("of %j is rejected with its item alone", (written) => {
    const rejected = { kind: "rejected", code: "body_invalid", message: expect.stringContaining("from 0 to 1") };
    const items = [{ id: "a", focal: written }, { id: "b" }];
    expect(told(map({ kind: "native" }, items))).toEqual([rejected, undefined]);
    expect(told(map(paths, { id: "a", hotspot: written }))).toEqual([rejected]);
  });

  it("is not told by a sender whose mapper has no path to it", () => {
    expect(told(map({ kind: "json-path", id: "id" }, { id: "a", hotspot: [0, 0] }))).toEqual([undefined]);
  });
});

describe("S3 and its likes", () => {
  const s3: DataMapper = { kind: "s3" };
  const { s3Record, eventBridge, minio } = fixtures;
  it.each([
    [
      "a key with a plus, a space and a percent sign",
      { Records: [s3Record("ObjectCreated:Put", "a+b/c%2Bd/e%25.jpg")] },
      ["upload a b/c+d/e%.jpg"],
    ],
    ["UTF-8", { Records: [s3Record("ObjectCreated:Copy", "%C3%A9t%C3%A9.jpg")] }, ["upload été.jpg"]],
    [
      "a multipart upload and a deletion",
      {
        Records: [
          s3Record("ObjectCreated:CompleteMultipartUpload", "a"),
          s3Record("ObjectRemoved:DeleteMarkerCreated", "b"),
        ],
      },
      ["upload a", "delete b"],
    ],
    [
      "a key whose encoding is broken",
      { Records: [s3Record("ObjectCreated:Put", "%E0%A4%A")] },
      ["rejected id_invalid"],
    ],
    [
      "a key that climbs",
      { Records: [s3Record("ObjectCreated:Put", "..%2F..%2Fetc%2Fpasswd")] },
      ["rejected source_unknown"],
    ],
    ["other events", { Records: [s3Record("ObjectRestore:Completed", "a")] }, ["ignored"]],
    [
      "records that are none",
      { Records: [5, { eventName: "ObjectCreated:Put" }] },
      ["rejected body_invalid", "rejected body_invalid"],
    ],
    [
      "the test event",
      { Service: "Amazon S3", Event: "s3:TestEvent", Time: "2026-11-24T12:00:00Z", Bucket: "originals" },
      ["ignored"],
    ],
    ["EventBridge, whose keys are not encoded", eventBridge("Object Created", "a+b%20c.jpg"), ["upload a+b%20c.jpg"]],
    ["EventBridge's deletion", eventBridge("Object Deleted", "a"), ["delete a"]],
    ["MinIO", minio, ["upload photos/my cat.jpg"]],
    [
      "SNS around it",
      { Type: "Notification", Message: JSON.stringify({ Records: [s3Record("ObjectCreated:Put", "a")] }) },
      ["upload a"],
    ],
    [
      "SNS's handshake, which is not followed",
      { Type: "SubscriptionConfirmation", SubscribeURL: "https://evil.example" },
      ["ignored"],
    ],
    [
      "our own variants and markers",
      {
        Records: [
          s3Record("ObjectCreated:Put", "variants/a/400-high.webp"),
          s3Record("ObjectCreated:Put", "dead/a/_"),
          s3Record("ObjectCreated:Put", "control/gate.json"),
        ],
      },
      ["ignored", "ignored", "ignored"],
    ],
    [
      "a user's own variants/",
      { Records: [s3Record("ObjectCreated:Put", "variants/of-a-theme.jpg")] },
      ["upload variants/of-a-theme.jpg"],
    ],
  ])("reads %s", (_, body, expected) => expect(brief(map(s3, body))).toEqual(expected));

  it("takes etag and order, which compare as hexadecimal numbers do", () => {
    const [first, second] = ["0FF", "100"].map(
      (sequencer) => map(s3, { Records: [s3Record("ObjectCreated:Put", "a", { eTag: '"e"', sequencer })] })[0],
    );
    expect(first).toMatchObject({ sourceEtag: "e" });
    expect(first?.kind === "upload" && second?.kind === "upload" && (first.order ?? "") < (second.order ?? "")).toBe(
      true,
    );
  });

  it("refuses buckets that are not named", () => {
    const body = { Records: [s3Record("ObjectCreated:Put", "a", { bucket: "other" })] };
    expect(brief(map({ kind: "s3", buckets: ["originals"] }, body))).toEqual(["rejected source_unknown"]);
    const bound = defineConfig({ sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] });
    expect(brief(mapByData(body, { kind: "s3" }, bound))).toEqual(["rejected source_unknown"]);
  });
});

describe("R2 and Cloud Storage", () => {
  const { r2Event, gcs } = fixtures;
  it.each([
    ["PutObject", "upload a+b.jpg"],
    ["CopyObject", "upload a+b.jpg"],
    ["CompleteMultipartUpload", "upload a+b.jpg"],
    ["DeleteObject", "delete a+b.jpg"],
    ["LifecycleDeletion", "delete a+b.jpg"],
    ["SomethingNew", "ignored"],
    ["__proto__", "ignored"],
  ])("reads R2's %s", (action, expected) => {
    expect(brief(map({ kind: "r2" }, r2Event(action, "a+b.jpg")))).toEqual([expected]);
  });

  it.each([
    ["an upload", gcs("OBJECT_FINALIZE", "a b.jpg"), ["upload a b.jpg"]],
    ["a deletion", gcs("OBJECT_DELETE", "a"), ["delete a"]],
    ["the deletion of what was replaced", gcs("OBJECT_DELETE", "a", { overwrittenByGeneration: "9" }), ["ignored"]],
    ["a change of metadata", gcs("OBJECT_METADATA_UPDATE", "a"), ["ignored"]],
  ])("reads Cloud Storage's %s", (_, body, expected) =>
    expect(brief(map({ kind: "gcs-pubsub" }, body))).toEqual(expected),
  );

  it("takes Cloud Storage's etag and generation", () => {
    const [event] = map({ kind: "gcs-pubsub" }, gcs("OBJECT_FINALIZE", "a"));
    expect(event).toMatchObject({ sourceEtag: "CJj=", order: orderText("1764000000000001") });
  });
});

describe("any JSON", () => {
  it.each([
    ["a version that could not stand in a key", { id: "a", v: "2/../3" }],
    ["an empty etag", { id: "a", etag: "" }],
    ["an etag that is too long", { id: "a", etag: "e".repeat(257) }],
    ["neither id nor key", { name: "a" }],
  ])("is refused item by item for %s", (_, item) => {
    const mapper: DataMapper = { kind: "json-path", items: "$[*]", id: "id", v: "v", sourceEtag: "etag" };
    expect(brief(map(mapper, [item, { id: "b", v: "2", etag: "e" }]))).toEqual(["rejected body_invalid", "upload b"]);
  });
});

describe("the recipes of docs/hooks.md", () => {
  it.each([
    ["cloudinary", fixtures.cloudinary, ["upload albums/dog"]],
    ["cloudinary", { ...fixtures.cloudinary, notification_type: "rename" }, ["ignored"]],
    ["supabase", fixtures.supabase("INSERT"), ["upload users/7/face.png"]],
    ["supabase", fixtures.supabase("UPDATE"), ["upload users/7/face.png"]],
    ["supabase-deletions", fixtures.supabase("DELETE"), ["delete users/7/face.png"]],
    ["supabase-deletions", fixtures.supabase("INSERT"), ["ignored"]],
    ["tusd", fixtures.tusd("post-finish"), ["upload tus/24e533e02ec3bc40"]],
    ["tusd", fixtures.tusd("post-create"), ["ignored"]],
    ["strapi", fixtures.strapi("media.create"), ["upload cat_5d2a"]],
    ["strapi", fixtures.strapi("media.delete"), ["delete cat_5d2a"]],
    ["strapi", fixtures.strapi("entry.create"), ["ignored"]],
    ["sanity", fixtures.sanity, ["upload abc-200x300.jpg"]],
  ] as const)("%s reads its sender's body", (name, body, expected) => {
    expect(brief(map(RECIPES[name].mapper, body))).toEqual(expected);
  });
});
