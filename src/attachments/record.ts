/** How a record changes. */
import type { OpenStackError } from '../openstack/errors.ts';
import type { Attachment, AttachmentView, Fault, Reason } from './attachment.ts';

/** A record in a new status: counters and deadline start anew. */
export function inStatus(
  record: Attachment,
  status: Attachment['status'],
  change: { fault?: Fault | null; reason?: Reason | null } = {},
): Attachment {
  const now = new Date().toISOString();
  return {
    ...record,
    status,
    fault: change.fault ?? null,
    reason: change.reason ?? null,
    previousStatus: status === 'detaching' ? record.status : null,
    // a server that is gone needs nobody's yes
    isAccepted: status === 'detaching' && change.reason === 'SERVER_DELETED',
    attempts: 0,
    failures: 0,
    updatedAt: now,
    statusSince: now,
  };
}

/** Whether a record in this status still has work to do. */
export function isUnsettled(status: AttachmentView['status']): boolean {
  return status === 'attaching' || status === 'detaching';
}

/** A fault for a refusal or a lost answer. */
export function faultOf(error: OpenStackError): Fault {
  return {
    code: 'UPSTREAM_REFUSED',
    message: error.message,
    at: new Date().toISOString(),
    openstackRequestId: error.openstackRequestId,
  };
}

/** For how long a record has been worked on, in ms. A stale attachment’s work begins long after its status did. */
export function elapsed(record: Attachment): number {
  return Date.now() - Math.max(Date.parse(record.statusSince), Date.parse(record.updatedAt));
}
