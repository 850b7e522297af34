import type { Cloud, Project } from './cloud.ts';
import { hexFor, uuidFor } from './ids.ts';
import { addRule } from './manila/rules.ts';
import { addShare, type NewShare } from './manila/shares.ts';
import { addServer, makeNetwork, type NewPort, type NewServer } from './nova/servers.ts';

const serverId = (name: string) => uuidFor(`server/${name}`);
const shareId = (name: string) => uuidFor(`share/${name}`);

/** Ids in the demo cloud for examples and tests; the same after each start. */
export const DEMO = {
  projectId: hexFor('project/demo'),
  otherProjectId: hexFor('project/other'),
  privateNetworkId: uuidFor('network/private'),
  storageNetworkId: uuidFor('network/storage'),
  shareNetworkId: uuidFor('share-network/storage'),
  /** web-01: ACTIVE, with one fixed IPv4 address on `private`. */
  serverId: serverId('web-01'),
  /** db-01: ACTIVE, on both networks. */
  twoNetworkServerId: serverId('db-01'),
  /** api-01: ACTIVE, with an IPv6 address beside its IPv4 one. */
  ipv6ServerId: serverId('api-01'),
  shutoffServerId: serverId('db-04'),
  errorServerId: serverId('batch-01'),
  buildServerId: serverId('test-01'),
  /** In project `other`. */
  otherServerId: serverId('other-web-01'),
  nfsShareId: shareId('home-dirs'),
  cifsShareId: shareId('office-docs'),
  cephfsShareId: shareId('ml-models'),
  /** db-backups: NFS, on a share network whose neutron network is `storage`. */
  storageShareId: shareId('db-backups'),
  creatingShareId: shareId('new-archive'),
  errorShareId: shareId('restore-test'),
  /** In project `other`. */
  otherShareId: shareId('other-files'),
  /** In project `other`, and public. */
  publicShareId: shareId('public-mirror'),
} as const;

/** Creation time of the demo cloud: fixed, so that a restart shows the same times. */
const BEGINNING = Date.UTC(2025, 2, 3, 8, 0, 0);
const MINUTE = 60_000;

/** Adds the projects, users, networks, flavors and types of every sandbox. */
export function seedBasics(cloud: Cloud): void {
  const project = (name: string): Project => ({ id: hexFor(`project/${name}`), name });
  const [demo, other, admin, service] = [project('demo'), project('other'), project('admin'), project('service')];
  const user = (name: string, home: Project, roles: string[]) =>
    cloud.users.push({ id: hexFor(`user/${name}`), name, password: 'secret', grants: [{ project: home, roles }] });
  user('demo', demo, ['member', 'reader']);
  user('reader', demo, ['reader']);
  user('bystander', demo, ['load-balancer_member']);
  user('colleague', demo, ['member', 'reader']);
  user('other', other, ['member', 'reader']);
  user('admin', admin, ['admin', 'member', 'reader']);
  user('gateway', service, ['admin', 'service']);
  user('nova', service, ['service']);
  // in two projects, of which she chooses one after signing in
  const grants = [demo, other].map((project) => ({ project, roles: ['member', 'reader'] }));
  cloud.users.push({ id: hexFor('user/maria'), name: 'maria', password: 'secret', grants });
  cloud.networks.push(
    makeNetwork('private', '10.10.0.0/24', 'fd10::/64'),
    makeNetwork('storage', '10.20.0.0/24', 'fd20::/64'),
  );
  cloud.flavors.push(
    { id: '2', name: 'm1.small', vcpus: 1, ram: 2048, disk: 20 },
    { id: '3', name: 'm1.medium', vcpus: 2, ram: 4096, disk: 40 },
    { id: '4', name: 'm1.large', vcpus: 4, ram: 8192, disk: 80 },
  );
  cloud.shareTypes.push(
    { id: uuidFor('type/default'), name: 'default', hasShareServers: false },
    { id: uuidFor('type/dhss_true'), name: 'dhss_true', hasShareServers: true },
  );
  const storage = cloud.networks[1];
  if (!storage) return;
  const network = {
    id: DEMO.shareNetworkId,
    name: 'storage',
    projectId: demo.id,
    network: storage,
    createdAt: BEGINNING,
  };
  cloud.shareNetworks.set(network.id, network);
}

/** Adds the demo cloud: 40 servers and 25 shares in `demo`, five of each in `other`. */
export function seedDemo(cloud: Cloud): void {
  for (const [index, server] of demoServers().entries()) seedServer(cloud, server, index);
  for (const [index, share] of demoShares().entries()) seedShare(cloud, share, index);
  seedRules(cloud);
}

const series = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}-${String(index + 1).padStart(2, '0')}`);

/** The demo servers: names, and properties that differ from the default. */
function demoServers(): (NewServer & { name: string })[] {
  const special: Record<string, Omit<NewServer, 'name'>> = {
    'db-04': { status: 'SHUTOFF' },
    'build-03': { status: 'SHUTOFF' },
    'jupyter-02': { status: 'SUSPENDED' },
    'test-01': { status: 'BUILD', taskState: 'spawning', launchedAt: null, ports: [] },
    'batch-01': {
      status: 'ERROR',
      host: null,
      launchedAt: null,
      fault: { code: 500, message: 'No valid host was found. There are not enough hosts available.', at: BEGINNING },
    },
    'db-01': {
      metadata: { role: 'primary' },
      tags: ['production'],
      volumeIds: [uuidFor('volume/db-01')],
      imageId: null,
    },
    'gitlab-01': { isLocked: true, lockedReason: 'ask the platform team first' },
    'web-01': { metadata: { role: 'frontend' }, tags: ['production', 'web'], keyName: 'demo-key' },
  };
  const mine = [
    ...series('web', 8),
    ...series('api', 4),
    ...series('db', 4),
    ...series('cache', 3),
    ...series('worker', 10),
    ...series('build', 4),
    ...['bastion-01', 'gitlab-01', 'jupyter-01', 'jupyter-02', 'monitor-01', 'batch-01', 'test-01'],
  ].map((name) => ({ name, project: 'demo', ...special[name] }));
  const others = [...series('other-web', 3), ...series('other-db', 2)].map((name) => ({ name, project: 'other' }));
  return [...mine, ...others];
}

function seedServer(cloud: Cloud, server: NewServer & { name: string }, index: number): void {
  const createdAt = BEGINNING + index * MINUTE;
  const isPlaced = server.host !== null && server.status !== 'BUILD';
  const flavor = cloud.flavors[server.name.startsWith('db') ? 2 : index % 2];
  addServer(cloud, {
    id: serverId(server.name),
    createdAt,
    updatedAt: createdAt + MINUTE,
    launchedAt: createdAt + MINUTE,
    host: `compute-${1 + (index % 3)}`,
    ...(flavor && { flavor }),
    ...server,
    ports: isPlaced ? portsFor(server.name, index) : [],
  });
}

/** A port on `private`, for some servers another on `storage`; api-* with IPv6; bastion-01 and web-02 with a floating address. */
function portsFor(name: string, index: number): NewPort[] {
  const last = index + 11;
  const fixedIps = [`10.10.0.${last}`, ...(name.startsWith('api') ? [`fd10::${last.toString(16)}`] : [])];
  const floatingIps = name === 'bastion-01' || name === 'web-02' ? [`198.51.100.${last}`] : [];
  const isOnStorage = /^(db|cache)-|^worker-0[1-5]$/.test(name);
  return [
    { network: 'private', fixedIps, floatingIps },
    ...(isOnStorage ? [{ network: 'storage', fixedIps: [`10.20.0.${last + 100}`] }] : []),
  ];
}

function demoShares(): (NewShare & { name: string })[] {
  const of = (protocol: string, names: string) => names.split(' ').map((name) => ({ name, protocol, project: 'demo' }));
  const ceph: Record<string, string> = { __mount_options: 'fs=cephfs' };
  const special: Record<string, Omit<NewShare, 'name'>> = {
    'home-dirs': { description: 'Home directories of the team', size: 100, metadata: { owner: 'platform' } },
    'build-cache': { metadata: { purpose: 'ci', owner: 'platform' }, size: 50 },
    datasets: { size: 500, metadata: { owner: 'research' } },
    'db-backups': { shareNetworkId: DEMO.shareNetworkId, size: 200 },
    'new-archive': { status: 'creating' },
    'restore-test': { status: 'error' },
    'public-mirror': { isPublic: true },
  };
  const mine = [
    ...of('NFS', 'home-dirs build-cache web-assets web-uploads media-library logs-archive datasets gitlab-lfs'),
    ...of('NFS', 'ci-artifacts db-dumps db-backups new-archive restore-test'),
    ...of('CIFS', 'office-docs finance-reports design-files profiles scans legal-archive'),
    ...of('CEPHFS', 'ml-models k8s-volumes jupyter-home simulation-results video-transcode hpc-scratch'),
  ];
  const others = of('NFS', 'other-files other-logs other-backups public-mirror other-scratch');
  return [...mine, ...others.map((share) => ({ ...share, project: 'other' }))].map((share) => ({
    ...share,
    ...(share.protocol === 'CEPHFS' && { metadata: ceph }),
    ...special[share.name],
  }));
}

function seedShare(cloud: Cloud, share: NewShare & { name: string }, index: number): void {
  const createdAt = BEGINNING + index * MINUTE;
  const type = cloud.shareTypes[share.shareNetworkId ? 1 : 0];
  addShare(cloud, { id: shareId(share.name), createdAt, updatedAt: createdAt, ...(type && { type }), ...share });
}

/** Adds some access rules: whole networks, users, one that failed. */
function seedRules(cloud: Cloud): void {
  const rule = (
    name: string,
    accessType: string,
    accessTo: string,
    accessLevel: 'rw' | 'ro',
    state: 'active' | 'error' = 'active',
  ) => {
    const share = cloud.shares.get(shareId(name));
    if (!share) return;
    const at = BEGINNING + 120 * MINUTE;
    addRule(cloud, share, {
      id: uuidFor(`rule/${name}/${accessTo}`),
      accessType,
      accessTo,
      accessLevel,
      state,
      createdAt: at,
      updatedAt: at,
    });
  };
  rule('media-library', 'ip', '10.10.0.0/24', 'ro');
  rule('datasets', 'ip', '10.20.0.0/24', 'rw');
  rule('finance-reports', 'user', 'accounting', 'rw');
  rule('legal-archive', 'user', 'lawyers', 'ro', 'error');
}
