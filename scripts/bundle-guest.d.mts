/** The installer as one text; see bundle-guest.mjs. */
export declare function bundleInstaller(): string;
