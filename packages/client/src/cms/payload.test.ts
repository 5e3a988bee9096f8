import { afterEach, describe, expect, it, vi } from "vitest";
import { prewarmPlugin } from "./payload.ts";

const plugin = prewarmPlugin({
  client: { baseUrl: "https://images.example.com" },
  hook: { url: "https://control.example.com/hooks/cms", secret: `whsec_${btoa("a".repeat(32))}` },
  collections: { media: "cms/" },
});

type Hook = (args: object) => Promise<unknown>;
interface Media {
  hooks: { beforeChange: Hook[]; afterChange: Hook[]; afterDelete: Hook[] };
  fields: { name: string; hooks?: { afterRead: ((args: object) => unknown)[] } }[];
}
interface Task {
  slug: string;
  handler(args: object): Promise<unknown>;
}

const own = vi.fn();
const config = plugin({
  collections: [
    { slug: "media", upload: true, fields: [{ name: "alt" }], hooks: { afterChange: [own] } },
    { slug: "users", fields: [] },
  ],
  jobs: { tasks: [{ slug: "mails" }] },
});
const media = config.collections[0] as unknown as Media;
const task = config.jobs.tasks.find(({ slug }) => slug === "prewarm") as unknown as Task;

/** What the hook was told, as `type id v`, and the focal point if it was told; it answers `status`. */
function hookThatAnswers(status: number): string[] {
  const told: string[] = [];
  vi.stubGlobal("fetch", async (_: string, { body }: { body: string }) => {
    const { type, data } = JSON.parse(body);
    const { id, v, focal } = data.items[0];
    told.push([type, id, v, focal === undefined ? "" : JSON.stringify(focal)].join(" ").trim());
    return new Response(null, { status });
  });
  return told;
}
const queue = vi.fn();
const req = { payload: { logger: { warn: () => {} }, jobs: { queue } } };
afterEach(() => {
  vi.unstubAllGlobals();
  queue.mockReset();
});

const image = { filename: "sea side.jpg", mimeType: "image/jpeg", width: 1600, height: 900, prewarmVersion: "a1" };
const change = (doc: object, previousDoc?: object) => media.hooks.afterChange.at(-1)?.({ doc, previousDoc, req });

describe("a document with an image", () => {
  it("has a ref with its version and size, and URLs for readers without the client", () => {
    const field = media.fields.find(({ name }) => name === "prewarm");
    expect(field?.hooks?.afterRead[0]?.({ siblingData: image })).toMatchObject({
      id: "cms/sea side.jpg",
      v: "a1",
      width: 1600,
      height: 900,
      src: "https://images.example.com/images/cms/sea%20side.jpg?w=1920&f=auto&v=a1",
      srcset: expect.stringContaining("?w=1440&f=auto&v=a1 1440w, "),
    });
    expect(field?.hooks?.afterRead[0]?.({ siblingData: { ...image, mimeType: "application/pdf" } })).toBeNull();
  });

  it("gets a version of its bytes, and keeps it while they stay", async () => {
    const before = (data: object, file?: object) => media.hooks.beforeChange[0]?.({ data, req: { ...req, file } });
    const a = await before({}, { data: new Uint8Array([1]) });
    expect(a).toEqual({ prewarmVersion: expect.stringMatching(/^[0-9a-f]{8}$/) });
    expect(await before({}, { data: new Uint8Array([1]) })).toEqual(a);
    expect(await before({}, { data: new Uint8Array([2]) })).not.toEqual(a);
    expect(await before({ alt: "x" })).toEqual({ alt: "x" });
  });
});

describe("the hook is told", () => {
  it("of uploads and replacements, and of nothing where the bytes stay", async () => {
    const told = hookThatAnswers(202);
    await change(image);
    await change({ ...image, alt: "x" }, image);
    await change({ ...image, prewarmVersion: "b2" }, image);
    await change({ filename: "a.pdf", mimeType: "application/pdf" });
    expect(told).toEqual(["image.uploaded cms/sea side.jpg a1", "image.uploaded cms/sea side.jpg b2"]);
    expect(queue).not.toHaveBeenCalled();
  });

  it("of a focal point that is set, moved or taken back, and not of the centre that every upload has", async () => {
    const told = hookThatAnswers(202);
    const at = (focalX: number, focalY: number) => ({ ...image, focalX, focalY });
    await change(at(50, 50));
    await change(at(30, 20), at(50, 50));
    await change(at(0, 100), at(30, 20));
    await change({ ...at(0, 100), alt: "x" }, at(0, 100));
    await change(at(50, 50), at(0, 100));
    expect(told).toEqual(
      ["", " [0.3,0.2]", " [0,1]", " null"].map((focal) => `image.uploaded cms/sea side.jpg a1${focal}`),
    );
  });

  it("of a deletion, and of the old name where the new file has another", async () => {
    const told = hookThatAnswers(202);
    await media.hooks.afterDelete.at(-1)?.({ doc: image, req });
    await change({ ...image, filename: "b.jpg" }, image);
    expect(told).toEqual([
      "image.deleted cms/sea side.jpg",
      "image.deleted cms/sea side.jpg",
      "image.uploaded cms/b.jpg a1",
    ]);
  });

  it("again by a job of Payload, under the same id, unless the answer is final", async () => {
    hookThatAnswers(503);
    await change(image);
    expect(queue).toHaveBeenCalledWith({
      task: "prewarm",
      req,
      input: { id: expect.any(String), event: expect.objectContaining({ type: "image.uploaded" }) },
    });
    const [{ input }] = queue.mock.calls[0] as [{ input: object }];
    await expect(task.handler({ input })).rejects.toThrow("503");
    const told = hookThatAnswers(202);
    await task.handler({ input });
    expect(told).toEqual(["image.uploaded cms/sea side.jpg a1"]);
    queue.mockReset();
    hookThatAnswers(422);
    await change(image);
    expect(queue).not.toHaveBeenCalled();
  });
});

it("leaves other collections, other hooks and other tasks as they are", () => {
  expect(config.collections[1]).toEqual({ slug: "users", fields: [] });
  expect((media.hooks as unknown as { afterChange: unknown[] }).afterChange[0]).toBe(own);
  expect(config.jobs.tasks[0]).toEqual({ slug: "mails" });
});
