import type { AttachShareCheckInput } from '../gql/graphql.ts';

/** Maximum number of pairs of one attach. */
export const MAX_PAIRS = 100;

/** A server and a share to attach to it. */
export interface Pair {
  readonly id: string;
  readonly serverId: string;
  readonly serverName: string;
  readonly shareId: string;
  readonly shareName: string;
}

/** What the user chose for all pairs. */
export interface Choice {
  /** May contain `{share}`, which stands for the share's name; empty: no mount point. */
  readonly mountPoint: string;
  readonly accessLevel: 'READ_WRITE' | 'READ_ONLY';
  readonly via: 'ACCESS_RULE' | 'VIRTIOFS';
  /** Clients, separated by commas or spaces; empty: the gateway chooses. */
  readonly accessTo: string;
  readonly tag: string;
}

export const FIRST_CHOICE: Choice = {
  mountPoint: '/mnt/{share}',
  accessLevel: 'READ_WRITE',
  via: 'ACCESS_RULE',
  accessTo: '',
  tag: '',
};

/** Every selected server with every selected share. */
export function pairsOf(servers: ReadonlyMap<string, string>, shares: ReadonlyMap<string, string>): Pair[] {
  return [...servers].flatMap(([serverId, serverName]) =>
    [...shares].map(([shareId, shareName]) => ({
      id: `${serverId}:${shareId}`,
      serverId,
      serverName,
      shareId,
      shareName,
    })),
  );
}

/** A share's name as a part of a path. */
const pathOf = (name: string) => name.replaceAll(/[^\w.-]+/g, '-').replace(/^\.+/, '') || 'share';

/** The arguments of `attachShareCheck`, which are those of `attachShare` without the way. */
export function inputOf(pair: Pair, choice: Choice): AttachShareCheckInput {
  const { serverId, shareId, shareName } = pair;
  const mountPoint = choice.mountPoint.trim().replaceAll('{share}', pathOf(shareName));
  const accessTo = choice.accessTo.split(/[\s,]+/).filter(Boolean);
  const tag = choice.tag.trim();
  return {
    serverId,
    shareId,
    accessLevel: choice.accessLevel,
    ...(mountPoint && { mountPoint }),
    ...(choice.via === 'ACCESS_RULE' && accessTo.length > 0 && { accessTo }),
    ...(choice.via === 'VIRTIOFS' && tag && { tag }),
  };
}
