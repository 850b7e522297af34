import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** A TCP proxy on loopback whose connections a test can cut. */
export interface TcpProxy {
  /** The port that it listens on. */
  port: number;
  /** Forwards new connections to this port of loopback. */
  forwardTo(port: number): void;
  /** Destroys all connections and returns how many; new ones are accepted. */
  cut(): number;
  close(): Promise<void>;
}

/** Starts a proxy to `target` on a free port. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  let to = target;
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(to, '127.0.0.1');
    clients.add(client);
    client
      .on('error', () => undefined)
      .on('close', () => {
        clients.delete(client);
        upstream.destroy();
      });
    upstream.on('error', () => undefined).on('close', () => client.destroy());
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    const count = clients.size;
    for (const client of clients) client.destroy();
    return count;
  };
  return {
    port: (server.address() as AddressInfo).port,
    forwardTo(port) {
      to = port;
    },
    cut,
    async close() {
      cut();
      server.close();
    },
  };
}
