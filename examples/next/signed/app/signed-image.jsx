import { signImage } from "@prewarm/client/server";
import Image from "next/image";

const key = process.env.SIGNING_KEYS?.split(",")[0] ?? "";

/** A server component: the code that signs, and the key, stay on the server. */
export async function SignedImage({ id, v = "", ...props }) {
  const sig = await signImage({ id, v }, key);
  return <Image src={`/${id}?v=${v}&sig=${sig}`} {...props} />;
}
