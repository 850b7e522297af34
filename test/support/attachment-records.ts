import type { Attachment, AttachmentEvent } from '../../src/attachments/attachment.ts';
import type { Observation, ObservedRule } from '../../src/attachments/reconcile/decide.ts';
import { isAttachmentEvent, type LogEvent } from '../../src/attachments/store/contract.ts';
import { anAttachment } from './attachments.ts';

/** An attachment as `attachShare` creates it, with readable ids and the given changes. */
export function record(change: Partial<Attachment> = {}): Attachment {
  return anAttachment({
    projectId: 'project-1',
    serverId: 'server-1',
    shareId: 'share-1',
    targets: [{ accessTo: '10.0.0.5', ruleId: null, isOwned: false, state: null }],
    requestId: 'req-11111111-1111-4111-8111-111111111111',
    userId: 'user-1',
    version: 1,
    ...change,
  });
}

/** A managed rule in a state. */
export function rule(state: string | null, change: Partial<ObservedRule> = {}): ObservedRule {
  return { id: 'rule-1', state, level: 'rw', isOurs: true, isShared: false, ...change };
}

/** What upstream shows: the given rules, an existing server and share, an export location. */
export function observation(rules: (ObservedRule | null)[], change: Partial<Observation> = {}): Observation {
  return { server: 'present', share: 'present', isExported: true, rules, ...change };
}

/** The entry of a log as an event of an attachment; throws for one of a share. */
export function attachmentEvent(event: LogEvent): AttachmentEvent {
  if (!isAttachmentEvent(event)) throw new Error(`Expected an event of an attachment, got ${event.type}`);
  return event;
}

/** The entries of a log as events of attachments; throws for one of a share. */
export function attachmentEvents(events: readonly LogEvent[]): AttachmentEvent[] {
  return events.map(attachmentEvent);
}
