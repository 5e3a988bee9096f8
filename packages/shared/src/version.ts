/** This release's version; the packages' `version` says the same. */
export const VERSION = "0.1.0";
