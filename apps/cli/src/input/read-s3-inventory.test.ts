import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { emptyDirectory } from "../../test/testing/run-prewarm.ts";
import { plainNamer, reads } from "../../test/testing/text.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { createNamer } from "./namer.ts";
import { type Inventory, readManifest, readS3Inventory } from "./read-s3-inventory.ts";

const SCHEMA = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass";
const DATE = "config/2026-11-29T01-00Z";

/** A line as S3 writes it: every cell in quotes. */
function line(key: string, { latest = true, marker = false, etag = "e1", storage = "STANDARD" } = {}): string {
  const cells = ["shop", key, "v1", `${latest}`, `${marker}`, "10", "2026-11-28T09:00:00.000Z", etag, storage];
  return `${cells.map((cell) => `"${cell}"`).join(",")}\n`;
}

interface Given {
  files?: Record<string, string>;
  manifest?: Record<string, unknown>;
  inventory?: Partial<Inventory>;
}

/** An inventory on disk, in the folders that S3 makes. */
function setup({ files = {}, manifest = {}, inventory = {} }: Given) {
  const cwd = emptyDirectory();
  const write = (path: string, bytes: string | Buffer): void => {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), bytes);
  };
  const listed = Object.entries(files).map(([name, text]) => {
    const bytes = name.endsWith(".gz") ? gzipSync(text) : Buffer.from(text);
    write(`config/data/${name}`, bytes);
    return {
      key: `inventories/shop/config/data/${name}`,
      size: bytes.length,
      MD5checksum: createHash("md5").update(bytes).digest("hex"),
    };
  });
  const document = { sourceBucket: "shop", fileFormat: "CSV", fileSchema: SCHEMA, files: listed, ...manifest };
  write(`${DATE}/manifest.json`, JSON.stringify(document));
  const spec: Inventory = { manifest: `${DATE}/manifest.json`, data: null, prefix: "", ...inventory };
  const meter = { readBytes: 0, totalBytes: 0 };
  const { context } = createWorld({ cwd });
  return {
    cwd,
    meter,
    spec,
    context,
    write,
    read: (namer = plainNamer) => reads(readS3Inventory(spec, namer, meter, context)),
  };
}

describe("readS3Inventory", () => {
  it("reads every file of the manifest, zipped or not, and decodes keys as forms are", async () => {
    const { read, meter, spec, context } = setup({
      files: {
        "a.csv.gz": line("red+coat%2B1.jpg") + line("caf%C3%A9%2Fcup.png"),
        "b.csv": line("plain", { etag: "" }),
      },
    });
    expect(await read()).toEqual([
      { id: "red coat+1.jpg", sourceEtag: "e1" },
      { id: "café/cup.png", sourceEtag: "e1" },
      { id: "plain" },
    ]);
    expect(meter.readBytes).toBe((await readManifest(spec, context)).totalBytes);
  });

  it("leaves out old versions, delete markers, folders and what is no picture", async () => {
    const rows = [
      line("old.jpg", { latest: false }),
      line("gone.jpg", { marker: true }),
      line("folder/"),
      line("notes.txt"),
      line("now.jpg"),
    ];
    expect(await setup({ files: { "a.csv.gz": rows.join("") } }).read()).toEqual([{ id: "now.jpg", sourceEtag: "e1" }]);
  });

  it("goes by the names in fileSchema, in whatever order and number", async () => {
    const manifest = { fileSchema: "Key, Bucket" };
    expect(await setup({ files: { "a.csv": '"a.jpg","shop"\n' }, manifest }).read()).toEqual([{ id: "a.jpg" }]);
  });

  it("cuts off a prefix and leaves out the keys beside it", async () => {
    const files = { "a.csv": line("originals/a.jpg") + line("thumbs/a.jpg") };
    expect(await setup({ files, inventory: { prefix: "originals/" } }).read()).toEqual([
      { id: "a.jpg", sourceEtag: "e1" },
    ]);
  });

  it("reads keys backwards through the sources of this bucket without a prefix", async () => {
    const sources = [
      { prefix: "old/", bucket: "ATTIC", key: "originals/{id}" },
      { prefix: "", bucket: "SHOP", key: "originals/{id}" },
    ];
    const { read } = setup({
      files: { "a.csv": line("originals/a.jpg") + line("x.jpg") },
      inventory: { prefix: null },
    });
    expect(await read(createNamer(defineConfig({ sources }), null))).toEqual([
      { id: "a.jpg", sourceEtag: "e1" },
      ["a.csv:2", "no configured source has this key"],
    ]);
  });

  it("tells a bad line by its file and number, and goes on", async () => {
    const rows = [
      line("%E0%A4%A.jpg"),
      '"shop","a.jpg"\n',
      line("b.jpg", { storage: "GLACIER" }),
      line("../c.jpg"),
      line("d.jpg"),
    ];
    expect(await setup({ files: { "a.csv.gz": rows.join("") } }).read()).toEqual([
      ["a.csv.gz:1", "the key's encoding is malformed"],
      ["a.csv.gz:2", "it has 2 cells, fileSchema has 9 columns"],
      ["a.csv.gz:3", "it is archived (GLACIER)"],
      ["a.csv.gz:4", expect.stringContaining("the segment . or ..")],
      { id: "d.jpg", sourceEtag: "e1" },
    ]);
  });

  it("reads nothing of a file whose MD5 is another", async () => {
    const { read, write } = setup({ files: { "a.csv": line("a.jpg") } });
    write("config/data/a.csv", line("b.jpg"));
    await expect(read()).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining("its MD5 differs"),
    });
  });

  it("takes the name of a file only, never a way out of the folder", async () => {
    const { read, spec, write, context } = setup({ files: { "a.csv": line("a.jpg") } });
    const manifest = JSON.parse(JSON.stringify(await readManifest(spec, context)));
    manifest.files[0].key = "../../../a.csv";
    write(spec.manifest, JSON.stringify(manifest));
    expect(await read()).toEqual([{ id: "a.jpg", sourceEtag: "e1" }]);
  });

  it.each([
    [{ fileFormat: "Parquet" }, "lists Parquet files, and only CSV can be read"],
    [{ fileFormat: "ORC" }, "lists ORC files, and only CSV can be read"],
    [{ fileSchema: "Bucket, Size" }, "its fileSchema has no column Key"],
    [{ files: "none" }, "is no manifest of an S3 Inventory: it.files is no list"],
  ])("refuses a manifest with %j", async (manifest, reason) => {
    await expect(setup({ manifest }).read()).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining(reason),
    });
  });

  it("says which listed file is not there", async () => {
    const files = [{ key: "data/lost.csv.gz", size: 1, MD5checksum: "0" }];
    await expect(setup({ manifest: { files } }).read()).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining("data/lost.csv.gz cannot be read"),
    });
  });
});

describe("readS3Inventory by URL", () => {
  const bytes = gzipSync(line("a.jpg"));
  const MD5checksum = createHash("md5").update(bytes).digest("hex");
  const file = { key: "inventories/shop/config/data/a.csv.gz", size: bytes.length, MD5checksum };
  const document = { sourceBucket: "shop", fileFormat: "CSV", fileSchema: SCHEMA, files: [file] };

  function fetched(inventory: Partial<Inventory>) {
    const asked: string[] = [];
    const { context } = createWorld({
      fetch: (url) => {
        asked.push(url);
        return url.endsWith(".json") ? Response.json(document) : new Response(bytes);
      },
    });
    const spec = { manifest: "https://s3.example.com/config/2026/manifest.json", data: null, prefix: "", ...inventory };
    const read = () => reads(readS3Inventory(spec, plainNamer, { readBytes: 0, totalBytes: null }, context));
    return { asked, read };
  }

  it.each([
    [{}, "https://s3.example.com/config/data/a.csv.gz"],
    [{ data: "https://cdn.example.com/inventory/" }, "https://cdn.example.com/inventory/a.csv.gz"],
  ])("finds the files with %j", async (inventory, url) => {
    const { asked, read } = fetched(inventory);
    expect(await read()).toEqual([{ id: "a.jpg", sourceEtag: "e1" }]);
    expect(asked.slice(1)).toEqual([url, url]);
  });
});
