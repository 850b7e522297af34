/** Who may read attachments: those whom Nova or Manila lets read their project. Their policies decide, not the gateway. */
import { GatewayError } from '../errors.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { mayListShares } from '../openstack/manila/client.ts';
import { mayListServers } from '../openstack/nova/client.ts';
import type { Session } from '../openstack/session.ts';

/** For how long a successful read of servers or shares says that the token may read, in ms. */
const FRESH_MS = 30_000;
/** The same while neither service answers: attachments stay readable for those who could read them shortly before. */
const STALE_MS = 600_000;

/**
 * Makes sure that Nova or Manila lets the token read its project. Makes no call where a read of servers or shares has
 * succeeded in the last 30 s; otherwise one small list of servers, and one of shares if Nova does not allow that.
 * @throws FORBIDDEN when neither allows it; OpenStackError when neither answers
 */
export async function ensureReadable(session: Session): Promise<void> {
  const { readers } = session.cloud;
  if (readers.ageMs(session) < FRESH_MS) return;
  const nova = await settled(mayListServers(session, 'own'));
  const isAllowed = nova === true || (await settled(mayListShares(session)));
  if (isAllowed === true) {
    readers.note(session);
    return;
  }
  const failure = [nova, isAllowed].find((outcome) => outcome instanceof Error);
  if (!failure)
    throw new GatewayError('FORBIDDEN', "Neither Nova nor Manila lets this token read its project's resources");
  const isRejected = failure instanceof OpenStackError && failure.outcome === 'final';
  if (!isRejected && readers.ageMs(session) < STALE_MS) return;
  throw failure;
}

/**
 * Whether Nova lets the token see the servers of all projects. Asked once in 30 s for a user's roles in a project, and while
 * Nova does not answer, its last answer counts.
 */
export async function seesAllProjects(session: Session): Promise<boolean> {
  const { readers } = session.cloud;
  const last = readers.allProjects(session);
  if (last && last.ageMs < FRESH_MS) return last.sees;
  const sees = await settled(mayListServers(session, 'all'));
  if (typeof sees === 'boolean') {
    readers.noteAllProjects(session, sees);
    return sees;
  }
  if (last && last.ageMs < STALE_MS) return last.sees;
  throw sees;
}

/** The answer; or the error, where a service is missing from the catalog or does not answer. */
async function settled(answer: Promise<boolean>): Promise<boolean | Error> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof OpenStackError || error instanceof GatewayError) return error;
    throw error;
  }
}
