declare module '*.css';

/** File names of Monaco's workers beside the page's script, put in by scripts/build.mjs. */
declare const EDITOR_WORKER: string;
declare const JSON_WORKER: string;
declare const GRAPHQL_WORKER: string;
