import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The response to one request: a JSON value, a text sent as it is, or a function. */
type Answer = object | string | ((response: ServerResponse) => void);

/** Nova's metadata service as a guest sees it. */
export interface MetadataService {
  /** As `metadata_url`. */
  readonly url: string;
  /** The paths asked for, oldest first. */
  readonly requests: string[];
  vendordata: Answer;
  metadata: Answer;
  /** Sets vendordata to what the gateway answers, as Nova passes it on. */
  list(...fstab: string[]): void;
  /** Sets the items of the server metadata. */
  items(meta: Record<string, string>): void;
  close(): Promise<void>;
}

/** One line of fstab as the gateway writes it. */
export function nfs(mountPoint: string, source = `10.20.0.11:/shares${mountPoint}`, options = 'rw'): string {
  return `${source} ${mountPoint} nfs ${options},nosuid,nodev,_netdev 0 0`;
}

export async function startMetadataService(): Promise<MetadataService> {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    service.requests.push(path);
    if (path === '/openstack/latest/vendor_data2.json') answer(response, service.vendordata);
    else if (path === '/openstack/latest/meta_data.json') answer(response, service.metadata);
    else response.writeHead(404).end('not found');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const service: MetadataService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/openstack/latest`,
    requests: [],
    vendordata: { static: {} },
    metadata: metadata(),
    list: (...fstab) => {
      service.vendordata = { static: {}, shares: shares(...fstab) };
    },
    items: (meta) => {
      service.metadata = metadata(meta);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return service;
}

/** The answer of the gateway for these lines. */
export function shares(...fstab: string[]): Record<string, unknown> {
  return { version: 1, fstab: fstab.map((line) => `${line}\n`).join(''), refreshSeconds: 60, shares: [] };
}

/** meta_data.json of Nova; `meta` is absent when the server has none. */
export function metadata(meta?: Record<string, string>): Record<string, unknown> {
  return { uuid: '015e6114-b5b7-4954-8dda-fe018172e80b', ...(meta ? { meta } : {}), hostname: 'srv', launch_index: 0 };
}

function answer(response: ServerResponse, body: Answer): void {
  if (typeof body === 'function') body(response);
  else
    response.writeHead(200, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : python(body));
}

/** As Python's json.dumps writes it: a space after `:` and `,`, and ASCII only. */
export function python(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${python(key)}: ${python(member)}`);
    return `{${members.join(', ')}}`;
  }
  const text = JSON.stringify(value);
  return text.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
