import { verify } from "@prewarm/shared/signature";
import { expect, it } from "vitest";
import { createPrewarm } from "./create-prewarm.ts";
import { signAttrs } from "./server.ts";

it("a Worker writes and signs what the edge takes", async () => {
  const prewarm = createPrewarm({ baseUrl: "https://images.example.com" });
  const { src, srcset = "" } = await signAttrs(prewarm.attrs("für/a b.jpg", { width: 640, ratio: "4:3" }), "key");
  const urls = [src, ...srcset.split(", ").map((candidate) => candidate.split(" ")[0] ?? "")].map(
    (url) => new URL(url),
  );
  expect(urls.map(({ searchParams }) => searchParams.get("w"))).toEqual([
    "640",
    "320",
    "480",
    "640",
    "828",
    "1080",
    "1440",
  ]);
  for (const { pathname, search } of urls) expect(await verify(pathname, search, ["key"], { noise: [] }, 0)).toBe("ok");
});
