/** What a look at attachments does for those that are not settled. */
import type { Session } from '../../openstack/session.ts';
import type { Attachment } from '../attachment.ts';
import type { CommandOptions } from '../command.ts';
import { isUnsettled } from '../record.ts';

/** After how long somebody else's look may observe an attachment that its own user left unsettled, in ms. */
const ABANDONED_AFTER_MS = 60_000;
/** How long after a refusal the same user's look does not try again to repair a stale attachment, in ms; attachShare does. */
const REFUSED_FOR_MS = 60_000;

/** An authenticated look at an unsettled attachment brings a token with which the worker can go on. */
export function resumeOnRead(
  { sessions, queue }: CommandOptions,
  session: Session,
  records: readonly Attachment[],
): void {
  for (const record of records) {
    const isStale = record.status === 'attached' && record.staleSince !== null && !isRefusedLately(record);
    if (!(isStale || isUnsettled(record.status))) continue;
    const isTheirs = record.userId === session.identity.userId;
    const isLeft = !isStale && Date.now() - Date.parse(record.statusSince) > ABANDONED_AFTER_MS;
    const isKnown = sessions.has(record.id);
    // the token at hand may have ended meanwhile: the user's latest one takes its place
    if (isTheirs) sessions.add(record.id, session);
    else if (isLeft) sessions.addObserver(record.id, session);
    else continue;
    // with a token at hand the work goes on, unless the pass that it was for broke off
    if (isKnown && queue.has(record.id)) continue;
    queue.enqueueAfter(record.projectId, record.id, 0);
  }
}

function isRefusedLately({ fault }: Attachment): boolean {
  return fault !== null && Date.now() - Date.parse(fault.at) < REFUSED_FOR_MS;
}
