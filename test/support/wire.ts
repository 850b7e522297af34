import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** A wire to a TCP server, which can be cut. */
export interface Wire {
  /** Of its near end, on loopback. */
  port: number;
  /** Where it goes from now on, on loopback. */
  leadTo(port: number): void;
  /** Breaks all connections, and says how many; new ones are taken. */
  cut(): number;
  close(): Promise<void>;
}

/** Lays a wire on a free port. */
export async function layWire(target: number): Promise<Wire> {
  let to = target;
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    const far = createConnection(to, '127.0.0.1');
    clients.add(client);
    client
      .on('error', () => undefined)
      .on('close', () => {
        clients.delete(client);
        far.destroy();
      });
    far.on('error', () => undefined).on('close', () => client.destroy());
    client.pipe(far);
    far.pipe(client);
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
    leadTo(port) {
      to = port;
    },
    cut,
    async close() {
      cut();
      server.close();
    },
  };
}
