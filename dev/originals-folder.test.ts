import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { tempFolder } from "../test/temp-folder.ts";
import { type FileChange, openOriginalsFolder } from "./originals-folder.ts";
import { startOriginals } from "./originals-server.ts";

function folderWith(files: Record<string, string>): string {
  const folder = join(tempFolder("prewarm-photos-"), "photos");
  mkdirSync(folder);
  writeFileSync(join(folder, "../secret.jpg"), "secret");
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const FILES = {
  "a.jpg": "a",
  "trip/día 1/b & c?.PNG": "b",
  ".env.jpg": "hidden",
  ".git/x.jpg": "hidden",
  "notes.txt": "n",
};

describe("a folder of originals", () => {
  it("has files by their names as they are", async () => {
    const folder = folderWith(FILES);
    const { find, some } = await openOriginalsFolder(folder);
    expect(await find("a.jpg")).toBe(join(folder, "a.jpg"));
    expect(await find("trip/día 1/b & c?.PNG")).toBe(join(folder, "trip/día 1/b & c?.PNG"));
    expect(await some(5)).toEqual(["a.jpg", "trip/día 1/b & c?.PNG"]);
    expect(await some(1)).toEqual(["a.jpg"]);
    const odd = { "00 100% & more#1?.jpg": "o", "01-large.jpg": "l", "plain.jpg": "p" };
    const names = folderWith(odd);
    truncateSync(join(names, "01-large.jpg"), 200_000_000);
    expect(await (await openOriginalsFolder(names)).some(2)).toEqual(["plain.jpg", "00 100% & more#1?.jpg"]);
  });

  it.each([
    "../secret.jpg",
    "trip/../../secret.jpg",
    "trip",
    "",
    "/",
    "a.jpg/",
    "a.jpg/x",
    ".env.jpg",
    ".git/x.jpg",
    "./a.jpg",
    "trip//b",
    "a.jpg\0",
    "..\\secret.jpg",
    "nobody.jpg",
    "link-out.jpg",
    "linked/secret.jpg",
  ])("has nothing under %j", async (id) => {
    const folder = folderWith(FILES);
    symlinkSync(join(folder, "../secret.jpg"), join(folder, "link-out.jpg"));
    symlinkSync(join(folder, ".."), join(folder, "linked"));
    expect(await (await openOriginalsFolder(folder)).find(id)).toBeNull();
  });

  it("serves nothing outside over HTTP either, however the way out is written", async () => {
    const { find } = await openOriginalsFolder(folderWith(FILES));
    const server = await startOriginals(find, 0);
    const status = (path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        // Not fetch: that would mend the path before it is sent.
        const { port } = new URL(server.url.replace("{id}", ""));
        request({ host: "127.0.0.1", port, path }, (answer) => resolve(answer.resume().statusCode))
          .on("error", reject)
          .end();
      });
    expect(await status("/originals/a.jpg")).toBe(200);
    expect(await status("/originals/trip/d%C3%ADa%201/b%20&%20c%3F.PNG")).toBe(200);
    for (const path of [
      "../secret.jpg",
      "..%2Fsecret.jpg",
      "%2e%2e/secret.jpg",
      "%2e%2e%2fsecret.jpg",
      "trip/..%2f..%2fsecret.jpg",
      "%",
      "%00",
    ])
      expect([path, await status(`/originals/${path}`)]).toEqual([path, 404]);
    await server.close();
  });

  it("tells a new picture and one that is gone once each, whether it was asked for before, and nothing of other files", async () => {
    const folder = folderWith(FILES);
    const changes: FileChange[] = [];
    const { find, watch } = await openOriginalsFolder(folder);
    await find("a.jpg");
    const stop = watch((change) => changes.push(change));
    rmSync(join(folder, "a.jpg"));
    writeFileSync(join(folder, "new.jpg"), "1");
    writeFileSync(join(folder, "new.jpg"), "12");
    writeFileSync(join(folder, "notes.txt"), "more");
    writeFileSync(join(folder, ".new.jpg.part"), "1");
    renameSync(join(folder, ".new.jpg.part"), join(folder, "trip/moved.webp"));
    const told = () => changes.toSorted((one, other) => (one.id < other.id ? -1 : 1));
    await vi.waitFor(() => expect(changes).toHaveLength(3), 60_000);
    expect(told()).toEqual([
      { id: "a.jpg", at: null, wasAsked: true },
      { id: "new.jpg", at: statSync(join(folder, "new.jpg")).ctimeMs, wasAsked: false },
      { id: "trip/moved.webp", at: expect.any(Number), wasAsked: false },
    ]);
    stop();
  });

  it("is refused in words when it is none", async () => {
    const folder = folderWith(FILES);
    await expect(openOriginalsFolder(join(folder, "nowhere"))).rejects.toThrow("ORIGINALS_DIR is not there");
    await expect(openOriginalsFolder(join(folder, "a.jpg"))).rejects.toThrow("ORIGINALS_DIR is no folder");
  });
});
