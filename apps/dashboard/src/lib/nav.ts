/** The pages that the menu shows, and the letter that follows `g`. */
export const NAV: readonly [href: string, name: string, key: string][] = [
  ["/", "Overview", "o"],
  ["/jobs", "Jobs", "j"],
  ["/runs", "Runs", "r"],
  ["/causes", "Causes", "c"],
  ["/images", "Images", "i"],
  ["/serving", "Serving", "v"],
  ["/coverage", "Coverage", "w"],
  ["/costs", "Costs", "m"],
  ["/steering", "Steering", "s"],
  ["/system", "System", "y"],
];
