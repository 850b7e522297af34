/** What resolvers call: attach, detach, and reading what is attached. */
import type { Session } from '../openstack/session.ts';
import { attach } from './attach.ts';
import { attachmentId } from './attachment.ts';
import type { CommandOptions } from './command.ts';
import { detach } from './detach.ts';
import { openEventStream } from './events.ts';
import { resumeOnRead } from './reconcile/resume-on-read.ts';
import { createRecovery } from './recovery.ts';
import type { Attachments } from './service-contract.ts';

/** The attachments of this gateway. */
export function createAttachments(options: CommandOptions): Attachments {
  const { store, log } = options;
  const ensureKnown = createRecovery(store, log);
  // the marker and the records come in one round trip; the records are read again in the rare case that they were not complete
  const complete = async <T>(session: Session, read: () => Promise<T>): Promise<T> => {
    const { projectId } = session.identity;
    session.onRead?.();
    const [isKnown, answer] = await Promise.all([store.isRecovered(projectId), read()]);
    if (isKnown) return answer;
    await ensureKnown(session, projectId);
    return await read();
  };

  return {
    async attach(session, request) {
      // before anything goes upstream: a store that is away refuses here
      await ensureKnown(session, session.identity.projectId);
      return await attach(options, ensureKnown, session, request);
    },
    async detach(session, request) {
      await ensureKnown(session, session.identity.projectId);
      return await detach(options, ensureKnown, session, request);
    },
    async get(session, serverId, shareId) {
      const id = attachmentId(serverId, shareId);
      const record = await complete(session, () => store.get(session.identity.projectId, id));
      if (record) resumeOnRead(options, session, [record]);
      return record;
    },
    async list(session, listOptions) {
      const page = await complete(session, () => store.list(session.identity.projectId, listOptions));
      resumeOnRead(
        options,
        session,
        page.items.map((item) => item.attachment),
      );
      return page;
    },
    async listForServers(session, serverIds) {
      const lists = await complete(session, () => store.listForServers(session.identity.projectId, serverIds));
      resumeOnRead(options, session, lists.flat());
      return lists;
    },
    async listForShares(session, shareIds) {
      const lists = await complete(session, () => store.listForShares(session.identity.projectId, shareIds));
      resumeOnRead(options, session, lists.flat());
      return lists;
    },
    async subscribe(session, filter) {
      await ensureKnown(session, session.identity.projectId);
      return await openEventStream(store, session.identity.projectId, filter);
    },
  };
}
