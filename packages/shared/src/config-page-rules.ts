import type { Config } from "./config.ts";
import type { Fault } from "./config-hook-rules.ts";
import { snapUp } from "./ladder.ts";
import { cropSizes } from "./upload-recipe.ts";

/** What `pages` demands of the settings that say which URLs are open: a URL of a page must need no signature. */
export function pageFaults(config: Config): Fault[] {
  return [...widthFaults(config), ...openFaults(config), ...cropFaults(config), ...presetFaults(config)];
}

/** A width between two rungs would be asked for and warmed as one rung, and told to browsers as another. */
function widthFaults({ ladder, pages }: Config): Fault[] {
  const offLadder = (["widths", "icons"] as const).flatMap((setting) =>
    pages[setting].flatMap((width, index) =>
      ladder.includes(width)
        ? []
        : [
            {
              path: `pages.${setting}[${index}]`,
              mend: `${width} is no rung: add it to ladder, or write ${snapUp(width, ladder)}`,
            },
          ],
    ),
  );
  const [first = 0] = pages.widths;
  const large = pages.icons.flatMap((width, index) =>
    width < first
      ? []
      : [{ path: `pages.icons[${index}]`, mend: `${width} is not below ${first}: write it in widths` }],
  );
  return [...offLadder, ...large];
}

/** Formats that pages ask for and that no unsigned URL may have. */
export function closedFormats({ formats, pages }: Config): string[] {
  return pages.formats.filter((format) => format !== "auto" && !formats.includes(format));
}

function openFaults(config: Config): Fault[] {
  const { qualities, pages } = config;
  const closed = (setting: "formats" | "qualities", names: readonly string[]) =>
    names.map((name) => ({
      path: `pages.${setting}`,
      mend: `${name} is not in ${setting}: add it there or write another`,
    }));
  return [
    ...closed("formats", closedFormats(config)),
    ...makeFaults(config),
    ...closed(
      "qualities",
      pages.qualities.filter((quality) => !qualities.includes(quality)),
    ),
  ];
}

/** `f=auto` becomes no other format, so nobody would ask for it. */
function makeFaults({ autoFormats, pages }: Config): Fault[] {
  const unasked = pages.make === "all" ? [] : pages.make.filter((format) => !autoFormats.includes(format));
  return unasked.map((format) => ({
    path: "pages.make",
    mend: `${format} is not in autoFormats: add it there, or write it in pages.formats`,
  }));
}

function cropFaults({ ladder, qualities, ratios, pages }: Config): Fault[] {
  return pages.ratios.flatMap((ratio, index) => {
    const path = `pages.ratios[${index}]`;
    if (pages.ratios.indexOf(ratio) < index) return [{ path, mend: `${ratio} stands there twice: leave one out` }];
    if (!ratios.includes(ratio))
      return [{ path, mend: `${ratio} is not in ratios: add it there or leave it out here` }];
    if (!qualities.includes("high"))
      return [{ path, mend: "crops have the quality high, which is not in qualities: add it there" }];
    return cropSizes([...pages.icons, ...pages.widths], ratio, ladder).length > 0
      ? []
      : [{ path, mend: "its height passes the ladder's top rung at every width of pages: leave it out" }];
  });
}

function presetFaults({ presets, pages }: Config): Fault[] {
  return pages.presets.flatMap((name, index) =>
    Object.hasOwn(presets, name)
      ? []
      : [
          {
            path: `pages.presets[${index}]`,
            mend: `there is no preset ${name}: add it to presets or leave it out here`,
          },
        ],
  );
}
