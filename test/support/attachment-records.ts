import type { Attachment } from '../../src/attachments/attachment.ts';
import type { Observation, SeenRule } from '../../src/attachments/machine.ts';

/** An attachment as it is just after `attachShare`, with what a test cares about changed. */
export function record(change: Partial<Attachment> = {}): Attachment {
  return {
    id: 'server-1:share-1',
    projectId: 'project-1',
    serverId: 'server-1',
    shareId: 'share-1',
    mountPoint: null,
    accessLevel: 'rw',
    accessType: 'ip',
    requestedAccessTo: null,
    targets: [{ accessTo: '10.0.0.5', ruleId: null, isOwned: false, state: null }],
    status: 'attaching',
    isAccepted: false,
    previousStatus: null,
    reason: null,
    attempts: 0,
    failures: 0,
    fault: null,
    staleSince: null,
    requestId: 'req-11111111-1111-4111-8111-111111111111',
    userId: 'user-1',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    statusSince: '2026-01-01T00:00:00.000Z',
    version: 1,
    ...change,
  };
}

/** A rule of ours in a state. */
export function rule(state: string | null, change: Partial<SeenRule> = {}): SeenRule {
  return { id: 'rule-1', state, level: 'rw', isOurs: true, isShared: false, ...change };
}

/** What upstream shows, with the rules given and all else well. */
export function seen(rules: (SeenRule | null)[], change: Partial<Observation> = {}): Observation {
  return { server: 'present', share: 'present', isExported: true, rules, ...change };
}
