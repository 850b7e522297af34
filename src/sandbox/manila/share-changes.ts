import { type Cloud, isAdmin, type Share } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, type Json, objectIn } from '../http.ts';
import { later } from '../work.ts';
import { requireMember } from './access.ts';
import { checkMetadata } from './access-validation.ts';
import { requireQuota } from './options.ts';
import { addShareMessage } from './rules.ts';
import { shareDetail } from './view.ts';

const ACCEPTED = { status: 202, contentType: 'text/html; charset=UTF-8' } as const;

/** extend and shrink: `extending` or `shrinking` for one step, then the new size (manila share/api.py). */
export function resize(cloud: Cloud, call: Call, share: Share, action: 'extend' | 'shrink', body: Json): ApiResponse {
  requireMember(call.token);
  const size = Number(body.new_size);
  if (!Number.isInteger(size)) throw bad('New share size must be specified as an integer.');
  if (share.isSoftDeleted) {
    throw new ApiError(403, 'forbidden', `Cannot ${action} share '${share.id}' since it has been soft deleted.`);
  }
  if (share.status !== 'available' && !(action === 'shrink' && share.status === DATA_LOSS)) {
    const valid = action === 'extend' ? "must be 'available'" : `must in (available, ${DATA_LOSS})`;
    throw bad(
      `Invalid share: Share ${share.id} status ${valid} to ${action}, but current status is: ${share.status}..`,
    );
  }
  if (action === 'extend' && size <= share.size) {
    const why = `New size for extend must be greater than current size. (current: ${share.size}, extended: ${size}).`;
    throw bad(`Invalid input received: ${why}`);
  }
  if (action === 'shrink' && (size >= share.size || size <= 0)) {
    const why = 'New size for shrink must be less than current size and greater than 0';
    throw bad(`Invalid input received: ${why} (current: ${share.size}, new: ${size}).`);
  }
  if (action === 'extend') requireQuota(cloud, share.projectId, { shares: 0, gigabytes: size - share.size });
  share.status = action === 'extend' ? 'extending' : 'shrinking';
  later(cloud, cloud.stepMs, () => endResize(cloud, call, share, size));
  return ACCEPTED;
}

const DATA_LOSS = 'shrinking_possible_data_loss_error';

/** A back end that would lose data refuses: the share keeps its size, and a message says why (manila share/manager.py). */
function endResize(cloud: Cloud, { requestId }: Call, share: Share, size: number): void {
  share.status = 'available';
  share.updatedAt = Date.now();
  if (size >= share.usedGib) share.size = size;
  else addShareMessage(cloud, share, requestId, 'refusedShrink');
}

/** PUT /shares/{id}: `display_name`, `display_description` and `is_public`; other keys, `name` too, are ignored. */
export function update(cloud: Cloud, call: Call, share: Share): ApiResponse {
  requireMember(call.token);
  const body = objectIn(call.body, 'share');
  if (!body) throw new ApiError(422, 'unprocessableEntity', 'Unable to process the contained instructions');
  for (const key of ['display_name', 'display_description'] as const) {
    const text = body[key];
    if (typeof text === 'string' && text.length > 255) throw bad(`${key} can not be greater than 255 characters.`);
  }
  if (share.isSoftDeleted) {
    throw new ApiError(403, 'forbidden', `Share '${share.id} cannot be updated, since it has been soft deleted.`);
  }
  requirePublicPolicy(call, body.is_public);
  if ('display_name' in body) share.name = body.display_name as string | null;
  if ('display_description' in body) share.description = body.display_description as string | null;
  if (typeof body.is_public === 'boolean') share.isPublic = body.is_public;
  share.updatedAt = Date.now();
  return { status: 200, body: { share: shareDetail(cloud, share, call) } };
}

/** Only administrators make a share public (manila api/common.py, validate_public_share_policy). */
export function requirePublicPolicy({ token }: Call, isPublic: unknown): void {
  if (isPublic !== true || isAdmin(token)) return;
  throw new ApiError(403, 'forbidden', "User is not authorized to set 'is_public' to True in the request.");
}

/** POST /shares/{id}/metadata adds pairs, PUT replaces all. */
export function writeMetadata(call: Call, share: Share, mode: 'add' | 'replace'): ApiResponse {
  requireMember(call.token);
  const given = objectIn(call.body, 'metadata');
  if (!given) throw bad('Malformed request body');
  const metadata = Object.fromEntries(Object.entries(given).map(([key, text]) => [key, String(text)]));
  checkMetadata(metadata);
  share.metadata = mode === 'add' ? { ...share.metadata, ...metadata } : metadata;
  return { status: 200, body: { metadata: share.metadata } };
}

/** DELETE /shares/{id}/metadata/{key}. */
export function removeMetadata(call: Call, share: Share): ApiResponse {
  requireMember(call.token);
  const { [call.params.key ?? '']: gone, ...rest } = share.metadata;
  if (gone === undefined) throw new ApiError(404, 'itemNotFound', 'Metadata item is not found.');
  share.metadata = rest;
  return { status: 200, contentType: 'application/json' };
}

function bad(message: string): ApiError {
  return new ApiError(400, 'badRequest', message);
}
