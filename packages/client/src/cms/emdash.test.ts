import { afterEach, describe, expect, it, vi } from "vitest";
import { prewarmStorage } from "./emdash.ts";

/** A storage of EmDash 0.32 that keeps its files in memory, with the methods in a class as EmDash's own have them. */
class MemoryStorage {
  readonly files = new Map<string, string>();

  async upload({ key, body }: { key: string; body: Uint8Array; contentType: string }) {
    this.files.set(key, new TextDecoder().decode(body));
    return { key, url: `/file/${key}`, size: body.byteLength };
  }
  async download(key: string) {
    const body = new Response(this.files.get(key)).body as ReadableStream<Uint8Array>;
    if (!this.files.has(key)) throw new Error("File not found");
    return { body, contentType: "application/json", size: 1 };
  }
  async delete(key: string): Promise<void> {
    this.files.delete(key);
  }
  async exists(key: string) {
    return this.files.has(key);
  }
  async list({ prefix = "" } = {}) {
    // As EmDash's local storage lists: one folder, and none for a prefix that ends in a slash; the newest file first.
    const keys = [...this.files.keys()].filter((key) => key.startsWith(prefix) && !prefix.endsWith("/")).reverse();
    return { files: keys.map((key) => ({ key, size: 1, lastModified: new Date() })) };
  }
  async getSignedUploadUrl({ key }: { key: string }) {
    return { url: `https://bucket.example.com/${key}`, method: "PUT" as const, headers: {}, expiresAt: "" };
  }
  getPublicUrl(key: string) {
    return `/file/${key}`;
  }
}

const own = new MemoryStorage();
const storage = prewarmStorage(own, {
  client: { baseUrl: "https://images.example.com" },
  hook: { url: "https://control.example.com/hooks/uploads", secret: `whsec_${btoa("a".repeat(32))}` },
});

/** What the hook was told, as `type id`, and the ids of the deliveries; it answers `status`. */
function hookThatAnswers(status: number) {
  const [told, ids]: [string[], string[]] = [[], []];
  vi.stubGlobal("fetch", async (_: string, { body, headers }: { body: string; headers: Record<string, string> }) => {
    const { type, data } = JSON.parse(body);
    told.push(`${type} ${data.items[0].id}`);
    ids.push(headers["webhook-id"] ?? "none");
    return new Response(null, { status });
  });
  return { told, ids };
}

const body = new TextEncoder().encode("bytes");
const upload = (key: string) => storage.upload({ key, body, contentType: "image/jpeg" });
const kept = () => [...own.files.keys()].filter((key) => key.startsWith("prewarm/"));

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  own.files.clear();
});

describe("the hook is told", () => {
  it("of an upload once its file is stored, and of a deletion once it is gone", async () => {
    const { told } = hookThatAnswers(202);
    expect(await upload("01J.jpg")).toEqual({ key: "01J.jpg", url: "/file/01J.jpg", size: 5 });
    expect(own.files.get("01J.jpg")).toBe("bytes");
    await storage.delete("01J.jpg");
    expect(told).toEqual(["image.uploaded 01J.jpg", "image.deleted 01J.jpg"]);
    expect([...own.files]).toEqual([]);
  });

  it("of no other file: backups, plugins, films and documents", async () => {
    const { told } = hookThatAnswers(202);
    for (const key of ["backups/a.json", "plugins/a/icon.png", "01J.mp4", "01J.pdf", "01J.svg", "01J"]) {
      await upload(key);
      await storage.delete(key);
    }
    expect(told).toEqual([]);
  });

  it("of nothing where the file could not be stored", async () => {
    const { told } = hookThatAnswers(202);
    const full = new MemoryStorage();
    full.upload = () => Promise.reject(new Error("no space"));
    const options = { client: { baseUrl: "" }, hook: { url: "https://control.example.com/hooks/a", secret: "AAAA" } };
    const file = { key: "01J.jpg", body, contentType: "image/jpeg" };
    await expect(prewarmStorage(full, options).upload(file)).rejects.toThrow("no space");
    expect(told).toEqual([]);
  });
});

describe("a hook that is away", () => {
  it("ends no upload, and is told in order and under the same ids at the next upload", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    vi.spyOn(Date, "now").mockReturnValueOnce(1_000_000_000_000).mockReturnValueOnce(1_000_000_000_001);
    const away = hookThatAnswers(503);
    await upload("a.jpg");
    vi.spyOn(Date, "now").mockReturnValue(1_000_000_001_000);
    await storage.delete("a.jpg");
    expect(kept()).toHaveLength(2);
    const back = hookThatAnswers(202);
    vi.spyOn(Date, "now").mockReturnValue(1_000_000_002_000);
    await upload("b.jpg");
    expect(back.told).toEqual(["image.uploaded a.jpg", "image.deleted a.jpg", "image.uploaded b.jpg"]);
    expect(back.ids[0]).toBe(away.ids[0]);
    expect(kept()).toEqual([]);
  });

  it("is told no more of what it will never take, nor of a delivery that was written by half", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    hookThatAnswers(422);
    await upload("a.jpg");
    expect(kept()).toEqual([]);
    own.files.set("prewarm/delivery-1-half.json", '{"type":');
    const { told } = hookThatAnswers(202);
    await upload("b.jpg");
    expect([told, kept()]).toEqual([["image.uploaded b.jpg"], []]);
  });
});

it("shows an image by a warm URL that no srcset of Astro's service has, and leaves other files where they are", () => {
  expect(storage.getPublicUrl("01J.jpg")).toBe("https://images.example.com/images/01J.jpg?w=1440&f=jpeg");
  expect(storage.getPublicUrl("01J.pdf")).toBe("/file/01J.pdf");
});

it("lets no upload pass the server by, or nothing would announce it", async () => {
  await expect(storage.getSignedUploadUrl({ key: "01J.jpg" })).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
});

it("leaves the storage's other methods as they are", async () => {
  own.files.set("x", "1");
  expect(await storage.exists("x")).toBe(true);
});
