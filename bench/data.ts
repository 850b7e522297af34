/** The cloud of every benchmark: the same servers, shares and attachments for all stacks. */
import type { Attachment } from '../src/attachments/attachment.ts';
import type { Share } from '../src/openstack/manila/types.ts';
import type { NovaServer } from '../src/openstack/nova/types.ts';

export const PROJECTS = 4;
export const SHARES = 50;

const pad = (number: number, length: number) => String(number).padStart(length, '0');
export const projectId = (number: number) => `${pad(number, 8)}000040008000000000000000`;
export const serverId = (number: number) => `5e7ae700-0000-4000-8000-${pad(number, 12)}`;
export const shareId = (number: number) => `50a7e000-0000-4000-8000-${pad(number, 12)}`;

/** About as long as a Fernet token; its number determines the project. */
export const tokenOf = (number: number) => `token-${pad(number, 4)}-${'x'.repeat(170)}`;
export const projectOfToken = (token: string) => projectId(Number(token.slice(6, 10)) % PROJECTS);

/** A server as Nova 2.96 lists it. */
export function novaServer(number: number, project: string): NovaServer {
  const id = serverId(number);
  return {
    id,
    name: `web-${pad(number, 4)}`,
    status: 'ACTIVE',
    tenant_id: project,
    user_id: 'cb990910d4214ff4a689c9d694660282',
    metadata: { seed: 'demo' },
    hostId: '817a42c04cca1b68457765fccbba75c2735eb7f42193754e9a28da56',
    image: {
      id: 'f9f85e87-a062-4ec9-860c-da3d0b9e0c88',
      links: [{ rel: 'bookmark', href: 'http://nova.example.org/images/f9f85e87-a062-4ec9-860c-da3d0b9e0c88' }],
    },
    flavor: { vcpus: 2, ram: 4096, disk: 20, ephemeral: 0, swap: 0, original_name: 'm1.medium', extra_specs: {} },
    created: '2026-11-22T16:19:17Z',
    updated: '2026-11-22T16:20:05Z',
    addresses: {
      private: [
        address(`10.10.${number >> 8}.${number & 255}`, 'fixed', number),
        address(`192.0.2.${number & 255}`, 'floating', number),
      ],
    },
    accessIPv4: '',
    accessIPv6: '',
    links: [
      { rel: 'self', href: `http://nova.example.org/v2.1/servers/${id}` },
      { rel: 'bookmark', href: `http://nova.example.org/servers/${id}` },
    ],
    'OS-DCF:diskConfig': 'MANUAL',
    progress: 0,
    'OS-EXT-AZ:availability_zone': 'nova',
    pinned_availability_zone: null,
    config_drive: '',
    key_name: null,
    'OS-SRV-USG:launched_at': '2026-11-22T16:20:05.000000',
    'OS-SRV-USG:terminated_at': null,
    'OS-EXT-STS:task_state': null,
    'OS-EXT-STS:vm_state': 'active',
    'OS-EXT-STS:power_state': 1,
    'os-extended-volumes:volumes_attached': [],
    locked: false,
    locked_reason: null,
    description: null,
    tags: [],
    trusted_image_certificates: null,
    'OS-EXT-SRV-ATTR:hostname': `web-${pad(number, 4)}`,
    security_groups: [{ name: 'default' }],
  };
}

function address(addr: string, type: 'fixed' | 'floating', number: number) {
  const mac = `fa:16:3e:00:${pad(number % 100, 2)}:13`;
  return { version: 4 as const, addr, 'OS-EXT-IPS:type': type, 'OS-EXT-IPS-MAC:mac_addr': mac };
}

/** A share as Manila 2.82 lists it. */
export function manilaShare(number: number, project: string): Share {
  return {
    id: shareId(number),
    size: 10 + (number % 90),
    availability_zone: 'nova',
    created_at: '2026-11-22T16:19:21.801259',
    status: 'available',
    name: `share-${pad(number, 4)}`,
    description: null,
    project_id: project,
    snapshot_id: null,
    share_network_id: null,
    share_proto: 'NFS',
    metadata: { seed: 'demo' },
    share_type: '5dc9ca81-a2c0-4a1d-a3d1-09b2c29584c7',
    is_public: false,
    snapshot_support: true,
    task_state: null,
    share_type_name: 'dhss_false',
    access_rules_status: 'active',
    replication_type: null,
    has_replicas: false,
    user_id: 'cb990910d4214ff4a689c9d694660282',
    create_share_from_snapshot_support: true,
    revert_to_snapshot_support: true,
    share_group_id: null,
    mount_snapshot_support: true,
    progress: '100%',
    is_soft_deleted: false,
    scheduled_to_be_deleted_at: null,
    source_backup_id: null,
  };
}

/** The share that is attached to a server in the benchmarks. */
export const shareOfServer = (number: number) => number % SHARES;

/** The record of an idle attachment. */
export function attachmentRecord(server: number, share: number, project: string): Attachment {
  const at = '2026-11-22T17:00:00.000Z';
  return {
    id: `${serverId(server)}:${shareId(share)}`,
    projectId: project,
    serverId: serverId(server),
    shareId: shareId(share),
    mountPoint: `/mnt/data-${server}`,
    accessLevel: 'rw',
    accessType: 'ip',
    requestedAccessTo: null,
    targets: [
      {
        accessTo: `10.10.${server >> 8}.${server & 255}`,
        ruleId: `41e00000-0000-4000-8000-${pad(server, 12)}`,
        isOwned: true,
        state: 'active',
      },
    ],
    status: 'attached',
    isAccepted: false,
    previousStatus: null,
    reason: null,
    attempts: 0,
    failures: 0,
    fault: null,
    staleSince: null,
    requestId: 'req-11111111-2222-4333-8444-555555555555',
    userId: 'cb990910d4214ff4a689c9d694660282',
    createdAt: at,
    updatedAt: at,
    statusSince: at,
    version: 0,
  };
}

/** The query that every stack gets: a page of servers with flavor, addresses, and attachments with their share. */
export const serversQuery = (first: number) => `query Servers { servers(first: ${first}) { nodes {
  id name status flavor { name vcpus ramMib } addresses { network address version type }
  sharesAttached { id status mountPoint accessLevel share { id name sizeGib status protocol } } } } }`;

/** The subscription of every listener; documents with different numbers differ. */
export const eventsDocument = (number: number) =>
  `subscription Events${number} { shareAttachmentEvents { cursor type at requestId
    attachment { id status mountPoint accessLevel serverId shareId createdAt updatedAt } } }`;
