import { mkdirSync, writeFileSync } from "node:fs";
import { breakpoints, createTransformer } from "@prewarm/client/unpic";
import { Image } from "@unpic/react/base";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { options } from "./options.mjs";

const transformer = createTransformer(options);
const image = (props) => createElement(Image, { transformer, breakpoints: breakpoints(options), ...props });

const page = createElement(
  "main",
  null,
  image({ src: "/landscape.jpg", width: 800, height: 533, alt: "A landscape", priority: true }),
  image({ src: "/phone.jpg", width: 320, height: 240, alt: "From a phone" }),
  image({ src: "/portrait.jpg?v=2", width: 256, aspectRatio: 2 / 3, alt: "Upright" }),
  image({ src: "/hero.jpg", layout: "fullWidth", aspectRatio: 16 / 9, alt: "A hero" }),
  image({
    src: "/cut-out.png",
    layout: "fixed",
    width: 320,
    height: 320,
    alt: "Cut out",
    operations: { fit: "cover" },
  }),
  image({ src: "/faces.jpg", width: 600, height: 346, alt: "Faces", operations: { quality: 60 } }),
  image({ src: "/albums/été 2026/plage.webp", width: 400, height: 297, alt: "On the beach" }),
  image({ src: "/logo.svg", width: 120, height: 120, alt: "A logo" }),
);
mkdirSync("dist", { recursive: true });
writeFileSync("dist/index.html", `<!doctype html>${renderToStaticMarkup(page)}`);
