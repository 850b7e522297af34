import type { Attachment } from '../../attachments/attachment.ts';
import type { AttachmentPage, ListOptions } from '../../attachments/store/contract.ts';
import { anyOf, optionalUuid } from '../arguments.ts';
import type { QueryShareAttachmentsArgs, ShareAttachmentFilter, ShareAttachmentStatus } from '../generated.ts';
import { decodeCursor } from './cursor.ts';
import { pageSize, toConnection } from './paging.ts';

type ReadAttachments = (options: ListOptions) => Promise<AttachmentPage>;
type ListedStatus = NonNullable<ListOptions['status']>[number];

/** The project's attachments as a connection, with the cursor of the event log when the list was read. */
export async function listAttachments(read: ReadAttachments, { first, after, filter }: QueryShareAttachmentsArgs) {
  const size = pageSize(first);
  const position = after ? decodeCursor('attachment', after).position : null;
  const statuses = anyOf(filter?.status);
  const listed = statuses?.filter(isListed).map((status) => status.toLowerCase() as ListedStatus);
  if (listed?.length === 0) return emptyPage(read, filter ?? {});
  const page = await read({ first: size, after: position, ...(listed && { status: listed }), ...idsOf(filter ?? {}) });
  const rows = page.items.map(({ position, attachment }) => ({ node: attachment, after: { position } }));
  const endPosition = page.endPosition ?? page.items.at(-1)?.position;
  return {
    ...toConnection(
      'attachment',
      { rows, hasNextPage: page.hasMore, end: endPosition ? { position: endPosition } : null },
      page.totalCount,
    ),
    eventCursor: page.cursor,
  };
}

/** A `DETACHED` attachment is in payloads and events only, never in a list. */
function isListed(status: ShareAttachmentStatus): boolean {
  return status !== 'DETACHED';
}

async function emptyPage(read: ReadAttachments, filter: ShareAttachmentFilter) {
  const { cursor } = await read({ first: 1, after: null, ...idsOf(filter) });
  return {
    ...toConnection<Attachment, 'attachment'>('attachment', { rows: [], hasNextPage: false, end: null }, 0),
    eventCursor: cursor,
  };
}

function idsOf({ serverId, shareId }: ShareAttachmentFilter) {
  const server = optionalUuid('filter.serverId', serverId);
  const share = optionalUuid('filter.shareId', shareId);
  return { ...(server && { serverId: server }), ...(share && { shareId: share }) };
}
