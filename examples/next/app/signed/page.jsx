import { createPrewarm } from "@prewarm/client";
import { signAttrs } from "@prewarm/client/server";

const prewarm = createPrewarm({ baseUrl: "https://images.example.com", signing: "all" });
const photo = { id: "photo.jpg", width: 2400, height: 1600 };

/** A server component: what signs, and the key, stay on the server. */
export default async function Page() {
  const key = process.env.SIGNING_KEYS?.split(",")[0] ?? "";
  const signed = await signAttrs(prewarm.attrs(photo, { width: 720 }), key, { lifetime: 86_400 });
  const { src, srcset, sizes, width, height } = signed;
  return <img src={src} srcSet={srcset} sizes={sizes} width={width} height={height} alt="The harbour" loading="lazy" />;
}
