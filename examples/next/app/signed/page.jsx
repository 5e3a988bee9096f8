import { signImage } from "@prewarm/client/server";
import Image from "next/image";

/** A server component: what signs, and the key, stay on the server. */
export default async function Page() {
  const key = process.env.SIGNING_KEYS?.split(",")[0] ?? "";
  const sig = await signImage("photo.jpg", key, { lifetime: 86_400 });
  return <Image src={`/photo.jpg?sig=${sig}`} width={720} height={480} alt="The harbour" sizes="100vw" />;
}
