import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { MetricsRegistry } from './metrics.ts';

/** The port that OpenTelemetry's Prometheus exporter uses too: where METRICS_PORT is not set. */
const DEFAULT_PORT = 9464;

export interface MetricsServer {
  /** Where the metrics are; null if they are not served. */
  readonly url: string | null;
  close(): Promise<void>;
}

/**
 * Serves `GET /metrics` on a port of its own. A port that is in use is an error, except for the default one: then a warning
 * names the setting, since several gateways on one host must start without settings for it.
 */
export async function serveMetrics(
  metrics: MetricsRegistry,
  { host, port, log }: { host: string; port: number | undefined; log: Logger },
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url?.split('?', 1)[0] !== '/metrics') return void response.writeHead(404).end();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      (error: unknown) => {
        log.error({ err: error }, 'collecting the metrics failed');
        response.writeHead(500).end();
      },
    );
  });
  try {
    await listen(server, host, port ?? DEFAULT_PORT);
  } catch (error) {
    if (port !== undefined || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    log.warn({ port: DEFAULT_PORT }, 'No metrics are served: their port is in use. Set METRICS_PORT to another one');
    return { url: null, close: async () => {} };
  }
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
