/** The path of helm; see helm.mjs. */
export declare function findHelm(): string;
/** Renders the chart with `helm template` and these arguments; throws with helm's message. */
export declare function renderChart(...args: string[]): string;
/** The text of deploy/kubernetes/gateway.yaml. */
export declare function renderManifests(): string;
