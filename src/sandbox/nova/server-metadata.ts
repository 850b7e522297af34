import type { Server } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, isObject } from '../http.ts';
import { touch } from './servers.ts';

/** Nova's default `[quota] metadata_items`. */
const QUOTA = 128;

/** Adds or replaces items of a server's metadata (nova api/openstack/compute/server_metadata.py). */
export function setMetadata({ body }: Call, server: Server): ApiResponse {
  checkUnlocked(server);
  const items = isObject(body) && isObject(body.metadata) ? Object.entries(body.metadata) : null;
  if (!items)
    throw new ApiError(
      400,
      'badRequest',
      "Invalid input for field/attribute metadata. Value: None. 'metadata' is a required property",
    );
  for (const [key, value] of items) {
    if (!/^[a-zA-Z0-9-_:. ]{1,255}$/.test(key))
      throw new ApiError(400, 'badRequest', `Invalid input for field/attribute metadata. Value: ${key}`);
    if (typeof value === 'string' && value.length <= 255) continue;
    throw new ApiError(
      400,
      'badRequest',
      `Invalid input for field/attribute ${key}. Value: ${value}. '${value}' is too long`,
    );
  }
  const metadata = { ...server.metadata, ...(Object.fromEntries(items) as Record<string, string>) };
  if (Object.keys(metadata).length > QUOTA)
    throw new ApiError(403, 'forbidden', 'Maximum number of metadata items exceeds 128');
  touch(server, { metadata });
  return { status: 200, body: { metadata } };
}

/** Removes one item. */
export function deleteMetadata({ params }: Call, server: Server): ApiResponse {
  checkUnlocked(server);
  const { [params.key ?? '']: removed, ...metadata } = server.metadata;
  if (removed === undefined) throw new ApiError(404, 'itemNotFound', 'Metadata item was not found');
  touch(server, { metadata });
  return { status: 204, contentType: 'application/json' };
}

function checkUnlocked(server: Server): void {
  if (server.isLocked) throw new ApiError(409, 'conflictingRequest', `Instance ${server.id} is locked`);
}
