const files: Readonly<Record<string, string>> = { json: JSON_WORKER, graphql: GRAPHQL_WORKER };

/** How Monaco, the editor in GraphiQL, starts its workers: from our own files, as `worker-src 'self'` allows nothing else. */
Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker: (_id: string, label: string) => new Worker(new URL(files[label] ?? EDITOR_WORKER, import.meta.url)),
  },
});
