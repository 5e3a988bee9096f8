import { signImageSync } from "@prewarm/client/server";

const key = process.env.SIGNING_KEYS?.split(",")[0] ?? "";

/** For pages that a server or a build renders and no script renders again. */
export const options = {
  baseUrl: "https://images.example.com",
  access: "private",
  sign: (ref) => signImageSync(ref, key),
};
