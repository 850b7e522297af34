import type { Cloud, Flavor, Network, Port, Server } from '../cloud.ts';
import { hostIdFor, macFor, newUuid, uuidFor } from '../ids.ts';

/** A new interface: a network (by name or id) and addresses. */
export interface NewPort {
  network: string;
  fixedIps: readonly string[];
  floatingIps?: readonly string[];
}

/** Properties of a new server; by default a small ACTIVE one in project `demo`. */
export type NewServer = Partial<Omit<Server, 'ports' | 'projectId' | 'userId'>> & {
  project?: string;
  ports?: readonly NewPort[];
};

/** Adds a server without the steps of its creation. */
export function addServer(cloud: Cloud, { project = 'demo', ports, ...given }: NewServer): Server {
  const user = cloud.users.find((each) => each.grants[0]?.project.name === project);
  const projectId = user?.grants[0]?.project.id;
  if (!user || !projectId) throw new Error(`No project ${project} in the sandbox`);
  const id = given.id ?? newUuid();
  const now = given.createdAt ?? Date.now();
  const server: Server = {
    id,
    name: `server-${id.slice(0, 8)}`,
    projectId,
    userId: user.id,
    status: 'ACTIVE',
    taskState: null,
    host: 'compute-1',
    ports: [],
    flavor: cloud.flavors[0] as Flavor,
    imageId: uuidFor('image/debian-12'),
    volumeIds: [],
    keyName: null,
    description: null,
    metadata: {},
    tags: [],
    isLocked: false,
    lockedReason: null,
    fault: null,
    createdAt: now,
    updatedAt: now,
    launchedAt: now,
    terminatedAt: null,
    isCellDown: false,
    ...given,
  };
  server.ports = (ports ?? []).map((port, index) => makePort(cloud, `${id}/${index}`, port));
  cloud.servers.set(id, server);
  return server;
}

/** Changes a server's addresses, as attaching and detaching ports does. Nova does not change `updated` then (observed on 2025.1 and Zed). */
export function setServerAddresses(cloud: Cloud, id: string, ports: readonly NewPort[]): void {
  requireServer(cloud, id).ports = ports.map((port, index) => makePort(cloud, `${id}/${index}`, port));
}

function makePort(cloud: Cloud, key: string, { network, fixedIps, floatingIps = [] }: NewPort): Port {
  const found = cloud.networks.find((each) => each.id === network || each.name === network);
  if (!found) throw new Error(`No network ${network} in the sandbox`);
  return {
    id: uuidFor(`port/${key}/${found.id}`),
    network: found,
    mac: macFor(`${key}/${found.id}`),
    fixedIps,
    floatingIps,
  };
}

/** The server with an id. Throws if it does not exist. */
export function requireServer(cloud: Cloud, id: string): Server {
  const server = cloud.servers.get(id);
  if (!server) throw new Error(`No server ${id} in the sandbox`);
  return server;
}

/** Changes a server and its `updated` time. */
export function touch(server: Server, change: Partial<Server>): void {
  Object.assign(server, change, { updatedAt: Date.now() });
}

/** A network of two subnets. */
export function makeNetwork(name: string, v4: string, v6: string): Network {
  const subnet = (cidr: string, version: 4 | 6) => ({ id: uuidFor(`subnet/${name}/${version}`), cidr, version });
  return { id: uuidFor(`network/${name}`), name, subnets: [subnet(v4, 4), subnet(v6, 6)] };
}

/** The `hostId` of a server. */
export function hostIdOf(server: Server): string {
  return hostIdFor(server.projectId, server.host);
}
