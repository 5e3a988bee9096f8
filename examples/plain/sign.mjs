import { createPrewarm } from "@prewarm/client";
import { signAttrs, signImage, signUrl } from "@prewarm/client/server";

const key = process.env.SIGNING_KEYS?.split(",")[0] ?? "";
const prewarm = createPrewarm({ baseUrl: "https://images.example.com", access: "private" });
const photo = { id: "photo.jpg", width: 2400, height: 1600 };

/** One signature for every width: of the markup below, and of what a loader asks for from the source. */
const sig = await signImage(photo, key, { lifetime: 86_400 });
export const whole = prewarm.img({ ...photo, sig }, { width: 720, alt: "The harbour at dawn" });
export const source = `/photo.jpg?sig=${sig}`;
/** Each URL by itself. Good for a day at least; the URLs stay the same for a day. */
export const attributes = await signAttrs(prewarm.attrs(photo, { width: 720 }), key, { lifetime: 86_400 });
/** What is not in the closed set is written out and signed. */
export const free = await signUrl("https://images.example.com/images/photo.jpg?w=700&h=500&f=webp", key);
