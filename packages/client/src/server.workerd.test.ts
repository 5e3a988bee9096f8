import { verify } from "@prewarm/shared/signature";
import { expect, it } from "vitest";
import { createPrewarm } from "./create-prewarm.ts";
import { signAttrs, signImage } from "./server.ts";

it("a Worker writes and signs URLs that the edge takes", async () => {
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
  const photo = { id: "für/a b.jpg", v: "2" };
  const whole = createPrewarm({ baseUrl: "https://images.example.com", access: "private" });
  urls.push(new URL(whole.imageUrl({ ...photo, sig: await signImage(photo, "key") }, { width: 640 })));
  for (const { pathname, search } of urls) expect(await verify(pathname, search, ["key"], { noise: [] }, 0)).toBe("ok");
});
