import type { IconName } from "../ui/icon.tsx";

type Place = readonly [href: string, name: string, key: string];

/** The pages that the menu shows: each with the letter that follows `g`, and its icon. */
export const NAV: readonly (readonly [...Place, icon: IconName])[] = [
  ["/", "Overview", "o", "overview"],
  ["/jobs", "Jobs", "j", "jobs"],
  ["/runs", "Runs", "r", "runs"],
  ["/images", "Images", "i", "images"],
  ["/usage", "Usage", "u", "serving"],
  ["/steering", "Steering", "s", "steering"],
  ["/system", "System", "y", "system"],
];

/** The parts of a page that have more than one: the first has the page's own address. */
export const PARTS: Record<string, readonly (readonly [href: string, name: string])[]> = {
  Jobs: [
    ["/jobs", "List"],
    ["/jobs/causes", "Causes"],
  ],
  Usage: [
    ["/usage", "Views"],
    ["/usage/costs", "Costs"],
    ["/usage/sites", "Sites"],
  ],
};

/** Every place that a key or the palette goes to. */
export const PLACES: readonly Place[] = [
  ...NAV.map(([href, name, key]) => [href, name, key] as const),
  ["/jobs/causes", "Causes", "c"],
  ["/usage/costs", "Costs", "m"],
  ["/usage/sites", "Sites", "w"],
];
