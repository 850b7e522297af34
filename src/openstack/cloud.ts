import { Agent } from 'undici';
import type { Flights } from './http/single-flight.ts';
import type { ServiceName } from './services.ts';

/** How to reach one cloud. */
export interface CloudSettings {
  /** Keystone's address, with or without `/v3`. */
  readonly authUrl: string;
  /** null: the first region that the catalog has. */
  readonly region: string | null;
  readonly interface: 'public' | 'internal' | 'admin';
  /** Certificates to trust instead of the system's, PEM. */
  readonly caCert?: string;
  /** Whether certificates are not checked. */
  readonly insecure?: boolean;
  /** Addresses that win over the catalog's. */
  readonly endpointOverrides: Partial<Record<ServiceName, string>>;
  /** How long one call may take with its retries, in ms. */
  readonly timeoutMs: number;
  /** Most connections to one service. */
  readonly connections: number;
}

/** What this process holds of a cloud: its connections, what it knows of its versions, and the reads under way. */
export interface Cloud {
  readonly settings: CloudSettings;
  /** With `/v3`, without a slash at the end. */
  readonly authUrl: string;
  readonly agent: Agent;
  /** The microversion in use by service and endpoint; a failed negotiation is not kept. */
  readonly microversions: Map<string, Promise<string>>;
  /** What is being read, to be shared by all who ask the same meanwhile. */
  readonly inFlight: Flights;
  /** How many calls are sent or wait for a connection. */
  calls: number;
}

/** The largest answer that is read: a page of 1,000 servers is about 2 MiB. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/** Keystone, Nova and Manila have an origin each; more than a few means that a catalog is broken. */
const MAX_ORIGINS = 32;

/** Opens no connection yet. `closeCloud` ends what it holds. */
export function createCloud(settings: CloudSettings): Cloud {
  const agent = new Agent({
    connections: settings.connections,
    pipelining: 1,
    maxOrigins: MAX_ORIGINS,
    maxResponseSize: MAX_RESPONSE_BYTES,
    connect: {
      timeout: Math.min(settings.timeoutMs, 5000),
      rejectUnauthorized: !settings.insecure,
      ...(settings.caCert === undefined ? {} : { ca: settings.caCert }),
    },
  });
  return {
    settings,
    authUrl: identityUrl(settings.authUrl),
    agent,
    microversions: new Map(),
    inFlight: new Map(),
    calls: 0,
  };
}

/** Ends calls under way, which then reject as unreachable, and closes the connections. */
export async function closeCloud(cloud: Cloud): Promise<void> {
  await cloud.agent.destroy();
}

function identityUrl(authUrl: string): string {
  const trimmed = authUrl.replace(/\/+$/, '');
  return /\/v\d[\d.]*$/.test(trimmed) ? trimmed : `${trimmed}/v3`;
}
