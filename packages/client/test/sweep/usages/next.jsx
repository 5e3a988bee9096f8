"use client";
import Image, { getImageProps } from "next/image";
import { useEffect, useState } from "react";

const ALT = { alt: "" };
const wide = getImageProps({ ...ALT, src: "/landscape.jpg", width: 1200, height: 800, sizes: "100vw" }).props;
const cut = getImageProps({ ...ALT, src: "/portrait.jpg", width: 600, height: 900, sizes: "100vw" }).props;
const background = getImageProps({ ...ALT, src: "/hero.jpg", width: 640, height: 360 }).props.srcSet ?? "";
const tiny = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

/** An image that only a script puts into the page. */
function Late() {
  const [isHere, show] = useState(false);
  useEffect(() => show(true), []);
  return isHere ? <Image src="/faces.jpg" width={400} height={231} alt="" /> : null;
}

export default function Page() {
  return (
    <main>
      <Image src="/landscape.jpg" width={320} height={213} alt="" />
      <Image src="/landscape.jpg" width={800} height={533} alt="" sizes="(min-width: 800px) 33vw, 100vw" />
      <Image src="/hero.jpg" width={1024} height={576} alt="" priority sizes="100vw" />
      <div style={{ position: "relative", height: 300 }}>
        <Image src="/phone.jpg" fill alt="" />
      </div>
      <div style={{ position: "relative", height: 200, width: 200 }}>
        <Image src="/phone.jpg" fill alt="" sizes="200px" style={{ objectFit: "cover" }} />
      </div>
      <picture>
        <source media="(max-width: 600px)" srcSet={cut.srcSet} sizes={cut.sizes} />
        <img {...wide} alt="" />
      </picture>
      <Image src="/faces.jpg" width={600} height={346} alt="" quality={60} />
      <Image src="/faces.jpg" width={600} height={346} alt="" quality={100} />
      <Image src="/portrait.jpg?v=2" width={256} height={384} alt="" />
      <Image src="/portrait.jpg?v=2&ref=mail" width={512} height={768} alt="" quality={10} />
      <Image src="/albums/été 2026/plage.webp" width={400} height={297} alt="" />
      <Image src="https://images.example.com/images/hero.jpg" width={480} height={270} alt="" />
      <Image src="https://cms.example.org/a.jpg" width={400} height={300} alt="" />
      <Image src="/logo.svg" width={120} height={120} alt="" />
      <Image src="/small.jpg" width={120} height={80} alt="" />
      <Image src="/cut-out.png" width={64} height={64} alt="" />
      <Image src="/cut-out.png" width={300} height={300} alt="" placeholder="blur" blurDataURL={tiny} />
      <Image src="/landscape.jpg" width={4000} height={2667} alt="" />
      <div
        style={{ height: 100, backgroundImage: `image-set(${background.replace(/(\S+) (\dx)/g, 'url("$1") $2')})` }}
      />
      <Late />
    </main>
  );
}
