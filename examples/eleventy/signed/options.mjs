import { signImageSync } from "@prewarm/client/server";

const key = process.env.SIGNING_KEYS?.split(",")[0] ?? "";

export const options = {
  baseUrl: "https://images.example.com",
  access: "private",
  sign: (ref) => signImageSync(ref, key),
};
