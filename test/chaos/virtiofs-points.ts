import {
  ATTACHED,
  after,
  before,
  type CrashPoint,
  DETACHED,
  FAILED,
  NOTHING,
  type Outcome,
  UNCHANGED,
  write,
} from './points.ts';

const ABANDONED: Outcome = { status: 'attached', events: 'DETACH_STARTED DETACH_FAILED' };

const post = (nth: number) => ({ call: 'POST shares', nth }) as const;
const remove = (nth: number) => ({ call: 'DELETE shares', nth }) as const;
const INTENT_TO_POST = { script: 'commit', says: /"postedAt":"/ };
const INTENT_TO_DELETE = { script: 'commit', says: /"deletedAt":"/ };
const RESPONSE = { script: 'commit', says: /"openstackRequestId":"req-/ };

/**
 * The points of attachments by virtiofs, in the order of a run. Only a user's token asks Nova to attach or detach: what was
 * not asked before the crash is done where the user reads. Where only the service account is there it fails, or is forgotten
 * if it has no event yet.
 */
export const VIRTIOFS_POINTS: readonly CrashPoint[] = [
  before('virtiofsAttach', 'the intent is recorded', { script: 'create' }, NOTHING),
  after('virtiofsAttach', 'the intent is recorded', { script: 'create' }, NOTHING, ATTACHED),
  after('virtiofsAttach', 'the server is locked', { script: 'lock', says: /server:/ }, NOTHING, ATTACHED),
  after('virtiofsAttach', 'the commit that a POST is sent', INTENT_TO_POST, FAILED, ATTACHED),
  before('virtiofsAttach', 'POST', post(1), FAILED, ATTACHED),
  after('virtiofsAttach', 'POST, its response lost', post(1), ATTACHED),
  after('virtiofsAttach', "the commit of Nova's response", RESPONSE, ATTACHED),
  before('virtiofsAttach', 'the commit of ATTACHED', write('commit', 'ATTACHED'), ATTACHED),
  after('virtiofsAttach', 'the commit of ATTACHED', write('commit', 'ATTACHED'), ATTACHED),

  after('virtiofsDetach', 'the claim', { script: 'claim' }, UNCHANGED),
  after('virtiofsDetach', 'the commit that a DELETE is sent', INTENT_TO_DELETE, ABANDONED, DETACHED),
  before('virtiofsDetach', 'DELETE', remove(1), ABANDONED, DETACHED),
  after('virtiofsDetach', 'DELETE, its response lost', remove(1), DETACHED),
  after('virtiofsDetach', 'the commit of DETACH_STARTED', write('commit', 'DETACH_STARTED'), DETACHED),
  after('virtiofsDetach', 'the commit that it was accepted', { script: 'commit', says: /"isAccepted":true/ }, DETACHED),
  before('virtiofsDetach', 'the record is removed', { script: 'remove' }, DETACHED),
  after('virtiofsDetach', 'the record is removed', { script: 'remove' }, DETACHED),

  before('virtiofsRetry', 'DELETE of the failed one', remove(1), FAILED, ATTACHED),
  after('virtiofsRetry', 'DELETE of the failed one, its response lost', remove(1), FAILED, ATTACHED),
  before('virtiofsRetry', 'the second POST', post(2), FAILED, ATTACHED),
  after('virtiofsRetry', 'the second POST, its response lost', post(2), ATTACHED),
];
