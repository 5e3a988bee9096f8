import { sqliteAdapter } from "@payloadcms/db-sqlite";
import { prewarmPlugin } from "@prewarm/client/payload";
import { buildConfig } from "payload";
import sharp from "sharp";

const { PREWARM_URL: baseUrl, PREWARM_HOOK: url, PREWARM_SECRET: secret } = process.env;

export default buildConfig({
  secret: process.env.PAYLOAD_SECRET,
  db: sqliteAdapter({ client: { url: "file:./payload.db" } }),
  sharp,
  plugins: [prewarmPlugin({ client: { baseUrl }, hook: { url, secret }, collections: { media: "" } })],
  collections: [
    { slug: "media", upload: { staticDir: "media" }, fields: [{ name: "alt", type: "text" }] },
    {
      slug: "pages",
      versions: { drafts: true },
      fields: [
        { name: "title", type: "text" },
        { name: "hero", type: "upload", relationTo: "media" },
      ],
    },
  ],
});
