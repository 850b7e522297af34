/** The arguments of the mutations on shares and snapshots. Each function throws BAD_USER_INPUT. */
import type { CreateSnapshotRequest, UpdateShareRequest } from '../attachments/shares/changes.ts';
import type { CreateShareRequest, DeleteShareRequest } from '../attachments/shares/commands.ts';
import { GatewayError } from '../errors.ts';
import { optionalUuid, uuid } from './arguments.ts';
import type {
  CreateShareInput,
  CreateSnapshotInput,
  DeleteShareInput,
  ResizeShareInput,
  UpdateShareInput,
} from './generated.ts';

/** Manila's limits of names, of metadata keys and of metadata values. */
const MAX_NAME = 255;
const MAX_VALUE = 1023;
/** Keys of the gateway's own metadata, and of the storage driver's. */
const RESERVED = ['nmg_', '__'];
const MAX_KEY_LENGTH = 128;
const MAX_GRACE_SECONDS = 600;
/** Maximum number of metadata pairs or keys in one request. */
const MAX_PAIRS = 100;

/** The arguments of `createShare`. */
export function createShareRequest(input: CreateShareInput): CreateShareRequest {
  const { protocol, idempotencyKey = null } = input;
  if (protocol === 'UNKNOWN') throw bad('protocol', 'one of the protocols', protocol);
  if (idempotencyKey !== null && (idempotencyKey.length < 1 || idempotencyKey.length > MAX_KEY_LENGTH)) {
    throw bad('idempotencyKey', `1 to ${MAX_KEY_LENGTH} characters`, `${idempotencyKey.length}`);
  }
  const optional = {
    name: nameOf('name', input.name),
    description: nameOf('description', input.description),
    share_type: nameOf('shareType', input.shareType),
    share_network_id: optionalUuid('shareNetworkId', input.shareNetworkId) ?? undefined,
    availability_zone: nameOf('availabilityZone', input.availabilityZone),
    snapshot_id: optionalUuid('snapshotId', input.snapshotId) ?? undefined,
  };
  const metadata = pairsOf('metadata', input.metadata);
  const share = {
    size: sizeOf(input.sizeGib),
    share_proto: protocol,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined && value !== '')),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
  return { share, idempotencyKey };
}

/** The arguments of `resizeShare`. */
export function resizeShareRequest({ shareId, sizeGib }: ResizeShareInput) {
  return { shareId: uuid('shareId', shareId), sizeGib: sizeOf(sizeGib) };
}

/** The arguments of `deleteShare`. */
export function deleteShareRequest(input: DeleteShareInput): DeleteShareRequest {
  const seconds = input.unmountGraceSeconds ?? 0;
  if (seconds < 0 || seconds > MAX_GRACE_SECONDS)
    throw bad('unmountGraceSeconds', `0 to ${MAX_GRACE_SECONDS}`, seconds);
  return { shareId: uuid('shareId', input.shareId), detach: input.detach ?? false, unmountGraceSeconds: seconds };
}

/** The arguments of `updateShare`. */
export function updateShareRequest(input: UpdateShareInput): UpdateShareRequest {
  const removeMetadata = [...new Set(input.removeMetadata ?? [])];
  if (removeMetadata.length > MAX_PAIRS)
    throw bad('removeMetadata', `at most ${MAX_PAIRS} keys`, removeMetadata.length);
  for (const key of removeMetadata) checkKey('removeMetadata', key);
  return {
    shareId: uuid('shareId', input.shareId),
    name: nameOf('name', input.name),
    description: nameOf('description', input.description),
    setMetadata: pairsOf('setMetadata', input.setMetadata),
    removeMetadata,
  };
}

/** The arguments of `createSnapshot`. */
export function createSnapshotRequest(input: CreateSnapshotInput): CreateSnapshotRequest {
  return {
    shareId: uuid('shareId', input.shareId),
    name: nameOf('name', input.name),
    description: nameOf('description', input.description),
    metadata: pairsOf('metadata', input.metadata),
  };
}

function sizeOf(size: number): number {
  if (size >= 1) return size;
  throw bad('sizeGib', 'at least 1', size);
}

function nameOf(argument: string, text: string | null | undefined): string | undefined {
  if (text && text.length > MAX_NAME) throw bad(argument, `at most ${MAX_NAME} characters`, text.length);
  return text ?? undefined;
}

function pairsOf(argument: string, map: Readonly<Record<string, string>> | null | undefined): Record<string, string> {
  const pairs = Object.entries(map ?? {});
  if (pairs.length > MAX_PAIRS) throw bad(argument, `at most ${MAX_PAIRS} pairs`, pairs.length);
  for (const [key, value] of pairs) {
    checkKey(argument, key);
    if (value.length < 1 || value.length > MAX_VALUE) {
      throw bad(`${argument}.${key}`, `1 to ${MAX_VALUE} characters`, value.length);
    }
  }
  return Object.fromEntries(pairs);
}

function checkKey(argument: string, key: string): void {
  if (key.length < 1 || key.length > MAX_NAME) throw bad(argument, `keys of 1 to ${MAX_NAME} characters`, key.length);
  const prefix = RESERVED.find((one) => key.startsWith(one));
  if (prefix) throw bad(argument, `keys that do not begin with ${RESERVED.join(' or ')}`, key);
}

function bad(argument: string, expected: string, got: string | number): GatewayError {
  return new GatewayError('BAD_USER_INPUT', `${argument}: expected ${expected}, got ${JSON.stringify(got)}`);
}
