/** The browser's cache of the large files, filled by the worker as they come. */
export const SHELF = "adain-files";
/** The caches of everything else begin with this, one for each place and build. */
export const SHELL = "adain-page";
