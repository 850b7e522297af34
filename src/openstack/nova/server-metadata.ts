/** Items of a server's metadata, which its guest reads in `meta_data.json` some seconds later. */
import { orNull, path, request } from '../http/request.ts';
import { NOVA } from '../services.ts';
import type { Session } from '../session.ts';

/** Adds one item, or replaces it. A locked server is a 409; past the quota of 128 items Nova answers 403. */
export async function setServerMetadata(session: Session, serverId: string, key: string, value: string): Promise<void> {
  await request(session, NOVA, {
    method: 'POST',
    path: path`/servers/${serverId}/metadata`,
    body: { metadata: { [key]: value } },
    expects: 'metadata',
    idKey: null,
  });
}

/** Removes the item of a share; one that is not there is a 404, and counts as removed. A locked server is a 409. */
export async function deleteShareMetadata(session: Session, serverId: string, shareId: string): Promise<void> {
  const options = { method: 'DELETE' as const, path: path`/servers/${serverId}/metadata/share:${shareId}` };
  await orNull(request(session, NOVA, options));
}
