import { randomUUID } from 'node:crypto';
import type { Attachment, AttachmentViewStatus, EventType, NewEvent } from '../../src/attachments/attachment.ts';
import { attachmentId } from '../../src/attachments/attachment.ts';

/** An attachment that waits for its rule; say what matters to the test. */
export function anAttachment(given: Partial<Attachment> = {}): Attachment {
  const serverId = given.serverId ?? randomUUID();
  const shareId = given.shareId ?? randomUUID();
  return {
    id: attachmentId(serverId, shareId),
    projectId: 'aa8a1b6cfd1b4e6c9e6f2f3f0a5d7c11',
    serverId,
    shareId,
    mountPoint: null,
    accessLevel: 'rw',
    accessType: 'ip',
    requestedAccessTo: null,
    targets: [{ accessTo: '10.0.0.7', ruleId: null, isOwned: true, state: null }],
    status: 'attaching',
    isAccepted: false,
    previousStatus: null,
    reason: null,
    attempts: 0,
    failures: 0,
    fault: null,
    staleSince: null,
    requestId: null,
    userId: null,
    createdAt: '2025-06-01T10:00:00.000Z',
    updatedAt: '2025-06-01T10:00:00.000Z',
    statusSince: '2025-06-01T10:00:00.000Z',
    version: 0,
    ...given,
  };
}

/** The event of a change that leaves the attachment as given. */
export function anEvent(
  type: EventType,
  attachment: Attachment,
  status: AttachmentViewStatus = attachment.status,
): NewEvent {
  return {
    type,
    at: '2025-06-01T10:00:01.000Z',
    requestId: 'req-1',
    reason: null,
    attachment: { ...attachment, status },
  };
}
