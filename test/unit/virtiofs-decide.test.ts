import { describe, expect, test } from '@jest/globals';
import type { Attachment } from '../../src/attachments/attachment.ts';
import {
  decideVirtiofs,
  MAX_DELETES,
  MAX_POSTS,
  type ObservedMapping,
  type VirtiofsAction,
  type VirtiofsObservation,
} from '../../src/attachments/virtiofs/decide.ts';
import { record } from '../support/attachment-records.ts';

const CALLER = { mayChange: true, isInMutation: false };
const MUTATION = { mayChange: true, isInMutation: true };
const NO_TOKEN = { mayChange: false, isInMutation: false };
const POSTED_AT = '2026-11-25T10:00:00.000Z';

interface Case {
  situation: string;
  is?: Partial<Attachment>;
  postedAt?: string | null;
  /** A DELETE without an answer. */
  deletedAt?: string | null;
  shows?: Partial<VirtiofsObservation>;
  rights?: typeof CALLER;
  isOverdue?: boolean;
  isPostSettled?: boolean;
  isDeleteSettled?: boolean;
  decides: Partial<VirtiofsAction>;
}

const mapping = (status: string): ObservedMapping => ({ status, tag: 'data' });

const STOPPED: VirtiofsObservation = {
  server: 'present',
  vmState: 'stopped',
  taskState: null,
  share: 'present',
  mapping: 'none',
  isRuleLeaving: false,
  action: null,
};

const failed = (status: 'error_attaching' | 'error_detaching', code: string): Partial<VirtiofsAction> => ({
  do: 'transition',
  status,
  event: status === 'error_attaching' ? 'ATTACH_FAILED' : 'DETACH_FAILED',
  fault: expect.objectContaining({ code }) as never,
});
const attached: Partial<VirtiofsAction> = { do: 'transition', status: 'attached', event: 'ATTACHED' };

function table(name: string, status: Attachment['status'], cases: Case[]): void {
  describe(name, () => {
    test.each(cases)(
      '$situation',
      ({ is, postedAt = null, deletedAt = null, shows, rights = CALLER, decides, ...times }) => {
        const virtiofs = { tag: 'data', status: null, postedAt, deletedAt, openstackRequestId: null, observedAt: null };
        const given = record({ via: 'virtiofs', virtiofs, targets: [], status, ...is });
        const { isOverdue = false, isPostSettled = postedAt === null, isDeleteSettled = deletedAt === null } = times;
        const observed = { ...STOPPED, ...shows };
        expect(decideVirtiofs(given, observed, rights, { isOverdue, isPostSettled, isDeleteSettled })).toMatchObject(
          decides,
        );
      },
    );
  });
}

table('attaching', 'attaching', [
  { situation: 'nothing mapped, nothing posted, server stopped and idle -> post', decides: { do: 'post' } },
  {
    situation: 'the same, a masked rule is leaving -> wait: Nova would fail the attach',
    shows: { isRuleLeaving: true },
    decides: { do: 'wait' },
  },
  {
    situation: 'a masked rule is leaving past the deadline -> error',
    shows: { isRuleLeaving: true },
    isOverdue: true,
    decides: failed('error_attaching', 'DEADLINE_EXCEEDED'),
  },
  ...['active', 'error', 'building', null].map((vmState) => ({
    situation: `inside the mutation, vm_state ${vmState} -> rejected`,
    shows: { vmState },
    rights: MUTATION,
    decides: { do: 'reject' as const },
  })),
  {
    situation:
      'inside the mutation, stopped but powering-on -> rejected: Nova would accept it and the server end in ERROR',
    shows: { taskState: 'powering-on' },
    rights: MUTATION,
    decides: { do: 'reject' },
  },
  {
    situation: 'later, the server was started meanwhile -> error',
    shows: { vmState: 'active' },
    decides: failed('error_attaching', 'SERVER_NOT_STOPPED'),
  },
  {
    situation: 'nothing posted, no token of the caller -> error',
    rights: NO_TOKEN,
    decides: failed('error_attaching', 'MAPPING_MISSING'),
  },
  {
    situation: 'a POST without an answer may still land -> wait, with and without a token',
    postedAt: POSTED_AT,
    decides: { do: 'wait' },
  },
  {
    situation: 'a POST without an answer can no longer land -> post again',
    postedAt: POSTED_AT,
    isPostSettled: true,
    decides: { do: 'post' },
  },
  {
    situation: 'a POST that did not land, and no token -> error',
    postedAt: POSTED_AT,
    isPostSettled: true,
    rights: NO_TOKEN,
    decides: failed('error_attaching', 'MAPPING_MISSING'),
  },
  {
    situation: 'nothing mapped, a DELETE without an answer may still land -> wait: it would take the new mapping away',
    deletedAt: POSTED_AT,
    decides: { do: 'wait' },
  },
  {
    situation: 'mapping inactive, a DELETE without an answer may still land -> wait',
    deletedAt: POSTED_AT,
    shows: { mapping: mapping('inactive') },
    decides: { do: 'wait' },
  },
  {
    situation: 'mapping inactive, that DELETE can no longer land -> attached',
    deletedAt: POSTED_AT,
    isDeleteSettled: true,
    shows: { mapping: mapping('inactive') },
    decides: attached,
  },
  { situation: 'mapping attaching -> wait', shows: { mapping: mapping('attaching') }, decides: { do: 'wait' } },
  {
    situation: 'mapping attaching past the deadline -> error',
    shows: { mapping: mapping('attaching') },
    isOverdue: true,
    decides: failed('error_attaching', 'DEADLINE_EXCEEDED'),
  },
  { situation: 'mapping inactive -> attached', shows: { mapping: mapping('inactive') }, decides: attached },
  { situation: 'mapping active -> attached', shows: { mapping: mapping('active') }, decides: attached },
  {
    situation: 'mapping in error, tries left, stopped -> delete, to post again',
    shows: { mapping: mapping('error') },
    decides: { do: 'delete' },
  },
  {
    situation: 'mapping in error, no tries left -> error with Nova’s words',
    is: { attempts: MAX_POSTS },
    shows: { mapping: mapping('error'), action: { result: 'error', details: 'Share access rule timed out' } },
    decides: {
      do: 'transition',
      fault: { code: 'NOVA_ERROR', message: expect.stringContaining('timed out') as never },
    },
  },
  {
    situation: 'mapping in error, no token -> error',
    shows: { mapping: mapping('error') },
    rights: NO_TOKEN,
    decides: failed('error_attaching', 'NOVA_ERROR'),
  },
  {
    situation: 'mapping in error, the server runs -> error',
    shows: { mapping: mapping('error'), vmState: 'active' },
    decides: failed('error_attaching', 'NOVA_ERROR'),
  },
  {
    situation: 'the share is deleted, nothing mapped -> removed',
    shows: { share: 'gone' },
    decides: { do: 'remove', reason: 'SHARE_DELETED' },
  },
  {
    situation: 'the server is deleted -> removed',
    shows: { server: 'gone' },
    decides: { do: 'remove', reason: 'SERVER_DELETED' },
  },
]);

table('attached', 'attached', [
  ...['inactive', 'active'].map((status) => ({
    situation: `mapping ${status} -> idle`,
    shows: { mapping: mapping(status) },
    decides: { do: 'idle' as const },
  })),
  {
    situation: 'mapping in error -> error, and how to mend it',
    shows: { mapping: mapping('error') },
    decides: {
      do: 'transition',
      status: 'error_attaching',
      fault: { code: 'NOVA_ERROR', message: expect.stringContaining('rebootServer(isHard: true)') as never },
    },
  },
  { situation: 'no mapping -> removed: detached in Nova', decides: { do: 'remove', reason: 'DETACHED_IN_NOVA' } },
  {
    situation: 'the share is deleted while mapped -> error: the server will not start',
    shows: { mapping: mapping('inactive'), share: 'gone' },
    decides: failed('error_attaching', 'SHARE_DELETED'),
  },
  { situation: 'not visible -> idle, never gone', shows: { mapping: 'not_visible' }, decides: { do: 'idle' } },
]);

table('error_attaching', 'error_attaching', [
  { situation: 'mapping inactive by now -> attached', shows: { mapping: mapping('inactive') }, decides: attached },
  { situation: 'mapping in error -> idle', shows: { mapping: mapping('error') }, decides: { do: 'idle' } },
  { situation: 'no mapping -> idle: only the user may ask again', decides: { do: 'idle' } },
  {
    situation: 'the share is deleted while mapped -> stays',
    shows: { mapping: mapping('inactive'), share: 'gone' },
    decides: { do: 'idle' },
  },
]);

table('detaching', 'detaching', [
  { situation: 'no mapping -> removed', decides: { do: 'remove' } },
  {
    situation: 'no mapping, a POST without an answer may still land -> wait',
    postedAt: POSTED_AT,
    decides: { do: 'wait' },
  },
  {
    situation: 'no mapping, that POST can no longer land -> removed',
    postedAt: POSTED_AT,
    isPostSettled: true,
    decides: { do: 'remove' },
  },
  ...['attaching', 'inactive', 'error'].map((status) => ({
    situation: `mapping ${status}, server stopped -> delete`,
    shows: { mapping: mapping(status) },
    decides: { do: 'delete' as const },
  })),
  {
    situation: 'mapping inactive, server in error -> delete: Nova takes it',
    shows: { mapping: mapping('inactive'), vmState: 'error' },
    decides: { do: 'delete' },
  },
  {
    situation: 'inside the mutation, the server runs -> rejected',
    shows: { mapping: mapping('active'), vmState: 'active' },
    rights: MUTATION,
    decides: { do: 'reject' },
  },
  {
    situation: 'inside the mutation, powering-on -> rejected: the guest would run with a device without access',
    shows: { mapping: mapping('inactive'), taskState: 'powering-on' },
    rights: MUTATION,
    decides: { do: 'reject' },
  },
  {
    situation: 'later, the server runs -> error',
    shows: { mapping: mapping('active'), vmState: 'active' },
    decides: failed('error_detaching', 'SERVER_NOT_STOPPED'),
  },
  {
    situation: 'never accepted, no token -> back to what it was',
    is: { previousStatus: 'attached' },
    shows: { mapping: mapping('inactive') },
    rights: NO_TOKEN,
    decides: { do: 'transition', status: 'attached', event: 'DETACH_FAILED' },
  },
  {
    situation: 'a DELETE without an answer may still land, no token -> wait: no start before it can no longer land',
    is: { previousStatus: 'attached' },
    deletedAt: POSTED_AT,
    shows: { mapping: mapping('inactive') },
    rights: NO_TOKEN,
    decides: { do: 'wait' },
  },
  {
    situation: 'a DELETE without an answer, with a token -> delete again',
    deletedAt: POSTED_AT,
    shows: { mapping: mapping('inactive') },
    decides: { do: 'delete' },
  },
  { situation: 'mapping detaching -> wait', shows: { mapping: mapping('detaching') }, decides: { do: 'wait' } },
  {
    situation: 'mapping detaching past the deadline -> error',
    shows: { mapping: mapping('detaching') },
    isOverdue: true,
    decides: failed('error_detaching', 'DEADLINE_EXCEEDED'),
  },
  {
    situation: 'accepted, mapping not yet detaching -> wait',
    is: { isAccepted: true },
    shows: { mapping: mapping('inactive') },
    decides: { do: 'wait' },
  },
  {
    situation: 'accepted, mapping in error -> delete again',
    is: { isAccepted: true },
    shows: { mapping: mapping('error') },
    decides: { do: 'delete' },
  },
  {
    situation: 'accepted, in error after the last try -> error with Nova’s words',
    is: { isAccepted: true, attempts: MAX_DELETES },
    shows: { mapping: mapping('error'), action: { result: 'error', details: 'Host is down' } },
    decides: {
      do: 'transition',
      status: 'error_detaching',
      fault: { code: 'NOVA_ERROR', message: expect.stringContaining('Host is down') as never },
    },
  },
]);

table('error_detaching', 'error_detaching', [
  { situation: 'mapping still there -> idle', shows: { mapping: mapping('inactive') }, decides: { do: 'idle' } },
  { situation: 'no mapping by now -> removed', decides: { do: 'remove' } },
]);

describe('not visible (403)', () => {
  table('while attaching', 'attaching', [
    { situation: 'no action known -> wait', shows: { mapping: 'not_visible' }, decides: { do: 'wait' } },
    {
      situation: 'the action succeeded -> attached',
      shows: { mapping: 'not_visible', action: { result: 'success', details: null } },
      decides: attached,
    },
    {
      situation: 'the action failed -> error with its details',
      shows: { mapping: 'not_visible', action: { result: 'error', details: 'mount failed' } },
      decides: failed('error_attaching', 'NOVA_ERROR'),
    },
    {
      situation: 'past the deadline -> error',
      shows: { mapping: 'not_visible' },
      isOverdue: true,
      decides: failed('error_attaching', 'DEADLINE_EXCEEDED'),
    },
  ]);
  table('while detaching', 'detaching', [
    {
      situation: 'the action succeeded -> removed',
      is: { isAccepted: true },
      shows: { mapping: 'not_visible', action: { result: 'success', details: null } },
      decides: { do: 'remove' },
    },
    {
      situation: 'no action known -> wait',
      is: { isAccepted: true },
      shows: { mapping: 'not_visible' },
      decides: { do: 'wait' },
    },
    {
      situation: 'no DELETE was accepted, and the caller is gone -> as it was',
      is: { isAccepted: false, previousStatus: 'attached' },
      shows: { mapping: 'not_visible', action: { result: 'success', details: null } },
      rights: { mayChange: false, isInMutation: false },
      decides: { do: 'transition', status: 'attached', event: 'DETACH_FAILED' },
    },
  ]);
  table('while attached', 'attached', [
    {
      situation: 'the share is deleted -> error_attaching',
      shows: { mapping: 'not_visible', share: 'gone' },
      decides: failed('error_attaching', 'SHARE_DELETED'),
    },
  ]);
});
