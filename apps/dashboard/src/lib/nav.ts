type Place = readonly [href: string, name: string, key: string];

/** The pages that the menu shows, each with the letter that follows `g`. */
export const NAV = [
  ["/", "Overview", "o"],
  ["/jobs", "Jobs", "j"],
  ["/runs", "Runs", "r"],
  ["/images", "Images", "i"],
  ["/usage", "Usage", "u"],
  ["/steering", "Steering", "s"],
  ["/system", "System", "y"],
] as const satisfies readonly Place[];

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
  ...NAV,
  ["/jobs/causes", "Causes", "c"],
  ["/usage/costs", "Costs", "m"],
  ["/usage/sites", "Sites", "w"],
];
