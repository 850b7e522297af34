const files: Readonly<Record<string, string>> = { json: JSON_WORKER, graphql: GRAPHQL_WORKER };

/** Monaco, GraphiQL's editor, starts its workers from the page's own files: `worker-src 'self'` allows nothing else. */
Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker: (_id: string, label: string) => new Worker(new URL(files[label] ?? EDITOR_WORKER, import.meta.url)),
  },
});
