/** In a worker: handles the calls of the process that started it (`Worker.call`). */
export function handleCalls(handlers: Record<string, (call: never) => unknown>): void {
  process.on('message', async (call: { id: number; method: string }) => {
    const handler = handlers[call.method];
    if (!handler) return;
    process.send?.({ id: call.id, result: await handler(call as never) });
  });
}
