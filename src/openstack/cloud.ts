import { Agent } from 'undici';
import { type EndpointChoice, trimTrailingSlashes } from './catalog.ts';
import type { FinishedCall } from './http/call.ts';
import { type Circuits, createCircuits } from './http/circuit.ts';
import { createProjectLimit, type ProjectLimit } from './http/project-limit.ts';
import { createReaders, type Readers } from './http/readers.ts';
import type { Flights } from './http/single-flight.ts';
import type { ServiceName } from './services.ts';

/** How to connect to a cloud. */
export interface CloudSettings {
  /** Keystone's URL, with or without `/v3`. */
  readonly authUrl: string;
  /** null: the first region of the catalog, by name. */
  readonly region: string | null;
  readonly interface: EndpointChoice['interface'];
  /** Region and interface of single services. */
  readonly services?: Partial<Record<ServiceName, Partial<Pick<EndpointChoice, 'region' | 'interface'>>>>;
  /** CA certificates in PEM, which replace the system's. */
  readonly caCert?: string;
  /** A client certificate and its key in PEM. */
  readonly clientCert?: { readonly cert: string; readonly key: string };
  /** Disables the verification of server certificates. */
  readonly insecure?: boolean;
  /** URLs that replace the catalog's. They may contain `%(project_id)s` and `%(user_id)s`. */
  readonly endpointOverrides: Partial<Record<ServiceName, string>>;
  /** Deadline of one call including its retries, in ms. */
  readonly timeoutMs: number;
  /** Maximum number of connections to one service. */
  readonly connections: number;
  /** Maximum number of them that one project uses at the same time; default: all. */
  readonly connectionsPerProject?: number;
}

/** This process's state for one cloud: connections, negotiated microversions and reads in flight. */
export interface Cloud {
  readonly settings: CloudSettings;
  /** Keystone's URL with `/v3` and without a trailing slash. */
  readonly authUrl: string;
  readonly agent: Agent;
  /** The negotiated microversion by service and endpoint. A failed negotiation is not kept. */
  readonly microversions: Map<string, Promise<string>>;
  /** Reads in flight, which identical requests join. */
  readonly inFlight: Flights;
  /** Whom Nova or Manila has let read lately. */
  readonly readers: Readers;
  /** The connections that each project uses. */
  readonly projectLimit: ProjectLimit;
  /** Whether calls are sent to a service that keeps failing. */
  readonly circuits: Circuits;
  /** Number of calls that are sent or waiting for a connection. */
  calls: number;
  /** Called after each call, with its outcome. */
  readonly onCall?: ((call: FinishedCall) => void) | undefined;
}

/** Maximum size of a response. A page of 1,000 servers is about 2 MiB. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/** Keystone, Nova and Manila have one origin each; many more mean that a catalog is broken. */
const MAX_ORIGINS = 32;

/** Maximum number of a project's calls to one service that wait for one of its connections. */
const MAX_WAITING_PER_PROJECT = 1000;

/** Creates the state for a cloud without opening a connection. Release it with `closeCloud`. */
export function createCloud(settings: CloudSettings, { onCall }: Pick<Cloud, 'onCall'> = {}): Cloud {
  const { connections, connectionsPerProject = connections } = settings;
  return {
    settings,
    authUrl: identityUrl(settings.authUrl),
    agent: createAgent(settings, connections),
    microversions: new Map(),
    inFlight: new Map(),
    readers: createReaders(),
    projectLimit: createProjectLimit(connectionsPerProject, MAX_WAITING_PER_PROJECT),
    circuits: createCircuits(),
    calls: 0,
    onCall,
  };
}

/** A pool of at most `connections` connections to each service. */
export function createAgent(
  settings: Pick<CloudSettings, 'timeoutMs' | 'insecure' | 'caCert' | 'clientCert'>,
  connections: number,
): Agent {
  return new Agent({
    connections,
    pipelining: 1,
    maxOrigins: MAX_ORIGINS,
    maxResponseSize: MAX_RESPONSE_BYTES,
    connect: {
      timeout: Math.min(settings.timeoutMs, 5000),
      rejectUnauthorized: !settings.insecure,
      ...(settings.caCert === undefined ? {} : { ca: settings.caCert }),
      ...settings.clientCert,
    },
  });
}

/** The cloud as text: the same for every spelling of its settings, so that two texts tell whether two clouds are one. */
export function describeCloud({ authUrl, region }: Pick<CloudSettings, 'authUrl' | 'region'>): string {
  const { href } = new URL(identityUrl(authUrl));
  return `${href.replace(/\/v3$/, '')} (${region === null ? 'default region' : `region ${region}`})`;
}

/** Aborts the calls in flight, which reject as `unreachable`, and closes the connections. */
export async function closeCloud(cloud: Cloud): Promise<void> {
  await cloud.agent.destroy();
}

function identityUrl(authUrl: string): string {
  const trimmed = trimTrailingSlashes(authUrl);
  return /\/v\d[\d.]*$/.test(trimmed) ? trimmed : `${trimmed}/v3`;
}
