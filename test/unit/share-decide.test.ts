import { describe, expect, test } from '@jest/globals';
import {
  decideShare,
  MAX_ATTEMPTS,
  type ObservedShare,
  type ShareObservation,
} from '../../src/attachments/shares/decide.ts';
import type { ShareOperation } from '../../src/attachments/shares/operation.ts';

const RESEND_AFTER_MS = 30_000;
const NOW = Date.UTC(2026, 10, 25, 12);
const at = (ms: number) => new Date(NOW + ms).toISOString();
const MINE = { maySend: true, now: NOW, resendAfterMs: RESEND_AFTER_MS };
const OBSERVER = { maySend: false, now: NOW, resendAfterMs: RESEND_AFTER_MS };
const EXPIRED = { maySend: false, now: NOW + 3_600_001, resendAfterMs: RESEND_AFTER_MS };

const operation = (change: Partial<ShareOperation>): ShareOperation => ({
  ...{ id: 'operation-1', projectId: 'p', type: 'create', shareId: null, isAccepted: false },
  ...{ sentAt: null, attempts: 0, failures: 0, fault: null, requestId: 'req-1', userId: 'u', version: 1 },
  ...{ tokenExpiresAt: at(3_600_000), createdAt: at(0), updatedAt: at(0) },
  ...change,
});
const creation = (change: Partial<ShareOperation> = {}) =>
  operation({ create: { size: 1, share_proto: 'NFS' }, ...change });
const resize = (change: Partial<ShareOperation> = {}) =>
  operation({ type: 'resize', shareId: 's', resize: { from: 1, to: 3 }, ...change });
const deletion = (change: Partial<ShareOperation> = {}, started: string[] = []) => {
  const wish = { detach: true, unmountGraceSeconds: 0, shareGroupId: null, started };
  return operation({ type: 'delete', shareId: 's', deletion: wish, ...change });
};
const share = (status: string, size = 1): ObservedShare => ({ id: 's', status, size });
const seen = (one: ObservedShare | null, attachments: ShareObservation['attachments'] = []): ShareObservation => ({
  share: one,
  attachments,
});
const attachment = (status: 'attached' | 'detaching' | 'error_detaching', id = 'a') => ({ id, status, fault: null });
const failure = (code: string) => ({ do: 'fail', failure: { code } });

describe('a creation', () => {
  test.each([
    ['nothing is made and the token is here', creation(), seen(null), MINE, { do: 'send' }],
    ['it is made', creation({ attempts: 1, sentAt: at(-1) }), seen(share('creating')), OBSERVER, { do: 'accept' }],
    ['it may still be made', creation({ attempts: 1, sentAt: at(-1000) }), seen(null), MINE, { do: 'wait' }],
    [
      'it was not made for long',
      creation({ attempts: 1, sentAt: at(-RESEND_AFTER_MS) }),
      seen(null),
      MINE,
      { do: 'send' },
    ],
    ['Manila said that it failed', creation({ attempts: 1 }), seen(null), MINE, { do: 'send' }],
    ['it failed too often', creation({ attempts: MAX_ATTEMPTS }), seen(null), MINE, failure('UPSTREAM_FAILING')],
    ['the token is elsewhere', creation(), seen(null), OBSERVER, { do: 'wait' }],
    ['the token has expired', creation(), seen(null), EXPIRED, failure('TOKEN_EXPIRED')],
    ['it is accepted and creating', creation({ isAccepted: true }), seen(share('creating')), OBSERVER, { do: 'wait' }],
    ['it is available', creation({ isAccepted: true }), seen(share('available')), OBSERVER, { do: 'succeed' }],
    ['it is in error', creation({ isAccepted: true }), seen(share('error')), MINE, failure('SHARE_ERROR')],
    ['it is gone', creation({ isAccepted: true }), seen(null), MINE, failure('SHARE_DELETED')],
  ])('%s', (_what, one, observed, rights, action) => {
    expect(decideShare(one, observed, rights)).toMatchObject(action);
  });
});

describe('a resize', () => {
  test.each([
    ['it is not sent', resize(), seen(share('available')), MINE, { do: 'send' }],
    ['it is sent and shows', resize({ attempts: 1 }), seen(share('extending')), OBSERVER, { do: 'accept' }],
    ['it is sent and done', resize({ attempts: 1 }), seen(share('available', 3)), OBSERVER, { do: 'accept' }],
    ['it is sent and does not show', resize({ attempts: 1 }), seen(share('available')), MINE, { do: 'send' }],
    ['someone else extends it', resize(), seen(share('extending')), MINE, { do: 'send' }],
    ['it is accepted', resize({ isAccepted: true }), seen(share('shrinking')), OBSERVER, { do: 'wait' }],
    ['it is done', resize({ isAccepted: true }), seen(share('available', 3)), OBSERVER, { do: 'succeed' }],
    ['it is refused', resize({ isAccepted: true }), seen(share('available')), MINE, failure('SHARE_ERROR')],
    ['it failed', resize({ isAccepted: true }), seen(share('extending_error')), MINE, failure('SHARE_ERROR')],
    ['the share is gone', resize(), seen(null), MINE, failure('SHARE_DELETED')],
  ])('%s', (_what, one, observed, rights, action) => {
    expect(decideShare(one, observed, rights)).toMatchObject(action);
  });
});

describe('a deletion', () => {
  const available = share('available');
  test.each([
    ['it is attached', deletion(), seen(available, [attachment('attached')]), MINE, { do: 'detach', ids: ['a'] }],
    ['it is being detached', deletion(), seen(available, [attachment('detaching')]), MINE, { do: 'wait' }],
    [
      'one is left to detach',
      deletion(),
      seen(available, [attachment('detaching'), attachment('attached', 'b')]),
      MINE,
      { do: 'detach', ids: ['b'] },
    ],
    [
      'a detach of this operation failed',
      deletion({}, ['a']),
      seen(available, [attachment('error_detaching')]),
      MINE,
      failure('DETACH_FAILED'),
    ],
    [
      'an earlier detach failed',
      deletion(),
      seen(available, [attachment('error_detaching')]),
      MINE,
      { do: 'detach', ids: ['a'] },
    ],
    ['it is detached', deletion(), seen(available), MINE, { do: 'send' }],
    ['it is detached, the token is elsewhere', deletion(), seen(available), OBSERVER, { do: 'wait' }],
    ['it is detached, the token has expired', deletion(), seen(available), EXPIRED, failure('TOKEN_EXPIRED')],
    [
      'it is attached, the token has expired',
      deletion(),
      seen(available, [attachment('attached')]),
      EXPIRED,
      failure('TOKEN_EXPIRED'),
    ],
    ['Manila deletes it', deletion({ attempts: 1 }), seen(share('deleting')), OBSERVER, { do: 'accept' }],
    ['it is accepted', deletion({ isAccepted: true }), seen(share('deleting')), OBSERVER, { do: 'wait' }],
    ['it is gone', deletion({ isAccepted: true }), seen(null), OBSERVER, { do: 'succeed' }],
    ['it failed', deletion({ isAccepted: true }), seen(share('error_deleting')), MINE, failure('SHARE_ERROR')],
  ])('%s', (_what, one, observed, rights, action) => {
    expect(decideShare(one, observed, rights)).toMatchObject(action);
  });
});
