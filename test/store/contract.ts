import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Attachment, AttachmentEvent } from '../../src/attachments/attachment.ts';
import {
  type AttachmentStore,
  type ListOptions,
  type LogEvent,
  MAX_LEASE_MS,
} from '../../src/attachments/store/contract.ts';
import { PAGE_RECORDS } from '../../src/attachments/store/order.ts';
import { attachmentEvent, attachmentEvents } from '../support/attachment-records.ts';
import { anAttachment, anEvent } from '../support/attachments.ts';
import { until } from '../support/until.ts';

/** How long the event log of a tested store may become. */
export const LOG_LENGTH = 20;
const LONG = 1_200_000;

/** What every store must do, whatever it keeps attachments in: `open` gives an empty one. */
export function testStoreContract(open: () => Promise<AttachmentStore>): void {
  let store: AttachmentStore;
  const project = anAttachment().projectId;

  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  const at = (second: number) => new Date(Date.UTC(2025, 5, 1, 10, 0, second)).toISOString();

  const lease = (ms = LONG) => ({ owner: randomUUID(), ms });

  async function created(given: Partial<Attachment> = {}, dueInMs: number | null = null): Promise<Attachment> {
    const result = await store.create(anAttachment(given), null, null, dueInMs);
    if (result.outcome !== 'created') throw new Error(`expected created, got ${result.outcome}`);
    return result.attachment;
  }

  async function committed(attachment: Attachment, change: Partial<Attachment> = {}): Promise<Attachment> {
    const result = await store.commit({ ...attachment, ...change }, { dueInMs: null });
    if (typeof result === 'string') throw new Error(`expected a commit, got ${result}`);
    return result;
  }

  async function claimed(id: string, ms = LONG) {
    const held = lease(ms);
    const attachment = await store.claim(project, id, held);
    if (typeof attachment === 'string') throw new Error(`expected a claim, got ${attachment}`);
    return { attachment, owner: held.owner };
  }

  /** Everything that a refusal must not change. */
  async function stateOf(attachment: Attachment) {
    return {
      record: await store.get(project, attachment.id),
      page: await store.list(project, { first: 100, after: null }),
      due: await store.due(100),
      events: await store.readEvents(project, '0-0', 100),
    };
  }

  const dueIds = async () => (await store.due(100)).map(({ id }) => id);

  describe('counts', () => {
    test('no record -> zeros', async () => {
      expect(await store.counts()).toEqual({
        byStatus: { attaching: 0, attached: 0, detaching: 0, error_attaching: 0, error_detaching: 0 },
        scheduled: 0,
        unsettledProjects: [],
      });
    });

    test('records of several projects -> their number by status, and those that are scheduled', async () => {
      await created({ status: 'attaching' }, 1000);
      await created({ status: 'error_attaching', projectId: 'another' });
      const detached = await created({ projectId: 'another', status: 'detaching' }, 0);
      await committed(await created({ projectId: 'a third', status: 'attaching' }, 0), { status: 'attached' });
      expect(await store.counts()).toMatchObject({
        byStatus: { attaching: 1, attached: 1, detaching: 1, error_attaching: 1, error_detaching: 0 },
        scheduled: 2,
        unsettledProjects: expect.arrayContaining([project, 'another']),
      });
      await store.remove(detached, {});
      expect((await store.counts()).byStatus.detaching).toBe(0);
    });
  });

  describe('create', () => {
    test('no record -> created with version 1, as given', async () => {
      const given = anAttachment({ mountPoint: '/mnt/a', version: 77 });
      const result = await store.create(given, null, null);
      expect(result).toEqual({ outcome: 'created', attachment: { ...given, version: 1 } });
      expect(await store.get(project, given.id)).toEqual({ ...given, version: 1 });
    });

    test('a record for the pair -> exists, with that record; nothing changes', async () => {
      const first = await created({ mountPoint: '/mnt/a' });
      const before = await stateOf(first);
      const again = { ...first, mountPoint: '/mnt/b', accessLevel: 'ro' as const };
      expect(await store.create(again, anEvent('ATTACH_STARTED', again), lease(), 0)).toEqual({
        outcome: 'exists',
        attachment: first,
      });
      expect(await stateOf(first)).toEqual(before);
    });

    test('the mount point is taken on the server -> says by which attachment; nothing is written', async () => {
      const first = await created({ mountPoint: '/mnt/a' });
      const before = await stateOf(first);
      const second = anAttachment({ serverId: first.serverId, mountPoint: '/mnt/a' });
      expect(await store.create(second, anEvent('ATTACH_STARTED', second), lease(), 0)).toEqual({
        outcome: 'mount_point_taken',
        attachmentId: first.id,
      });
      expect(await stateOf(first)).toEqual(before);
      expect(await store.get(project, second.id)).toBeNull();
    });

    test('the same mount point on another server, or none -> created', async () => {
      const { serverId } = await created({ mountPoint: '/mnt/a' });
      await created({ mountPoint: '/mnt/a' });
      await created({ serverId });
      await created({ serverId });
      expect((await store.list(project, { first: 10, after: null })).totalCount).toBe(4);
    });

    test('the log has an event of it after the cursor -> logged, nothing written; of others, or before the cursor -> created', async () => {
      const given = anAttachment();
      const before = await store.lastCursor(project);
      const event = anEvent('DETACHED', given);
      const passing = await store.create(given, anEvent('ATTACH_STARTED', given), null);
      if (passing.outcome !== 'created') throw new Error(passing.outcome);
      await store.remove(passing.attachment, { event });
      const after = await store.lastCursor(project);
      const other = anAttachment();
      await store.create(other, anEvent('ATTACH_STARTED', other), null);
      const log = await store.readEvents(project, '0-0', 10);

      expect(await store.create(given, anEvent('ATTACHED', given), null, null, before)).toEqual({ outcome: 'logged' });
      expect(await store.get(project, given.id)).toBeNull();
      expect(await store.readEvents(project, '0-0', 10)).toEqual(log);
      expect(await store.create(given, anEvent('ATTACHED', given), null, null, after)).toMatchObject({
        outcome: 'created',
      });
    });

    test('the log has dropped what followed the cursor -> logged', async () => {
      const before = await store.lastCursor(project);
      for (let i = 0; i < LOG_LENGTH; i++) {
        const other = anAttachment();
        await store.create(other, anEvent('ATTACH_STARTED', other), null);
      }
      expect(await store.create(anAttachment(), null, null, null, before)).toEqual({ outcome: 'logged' });
    });

    test('50 at once for one pair -> one is created, 49 see it', async () => {
      const given = anAttachment({ mountPoint: '/mnt/a' });
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, () => store.create(given, anEvent('ATTACH_STARTED', given), lease())),
      );
      expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
      expect(outcomes.filter(({ outcome }) => outcome === 'exists')).toHaveLength(49);
      expect(await store.readEvents(project, '0-0', 100)).toHaveLength(1);
    });

    test('20 at once for one mount point -> one is created', async () => {
      const serverId = randomUUID();
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, () => store.create(anAttachment({ serverId, mountPoint: '/mnt/a' }), null, null)),
      );
      expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
      expect(outcomes.filter(({ outcome }) => outcome === 'mount_point_taken')).toHaveLength(19);
    });

    test('with a lease -> held, and not due before the lease ends', async () => {
      const given = anAttachment();
      await store.create(given, null, lease());
      expect(await store.claim(project, given.id, lease())).toBe('held');
      expect(await dueIds()).toEqual([]);
    });

    test('with a lease that ends -> due, and can be claimed', async () => {
      const given = anAttachment();
      await store.create(given, null, lease(20));
      await until(async () => (await dueIds()).includes(given.id));
      await until(async () => typeof (await store.claim(project, given.id, lease())) === 'object');
    });

    test('due at once -> due; due never -> not', async () => {
      const now = await created({}, 0);
      await created({}, null);
      expect(await store.due(10)).toEqual([{ projectId: project, id: now.id }]);
    });

    /** A store returns a copy or a frozen object. */
    function tryTo(change: () => unknown): void {
      try {
        change();
      } catch (error) {
        expect(error).toMatchObject({ name: 'TypeError' });
      }
    }

    test('the caller changes its record, or the one it got -> the stored one stays', async () => {
      const given = anAttachment();
      const result = await store.create(given, null, null);
      if (result.outcome !== 'created') throw new Error(result.outcome);
      given.targets.push({ accessTo: 'x', ruleId: null, isOwned: true, state: null });
      const { targets = [] } = (await store.get(project, given.id)) ?? {};
      for (const got of [result.attachment.targets, targets]) tryTo(() => got.pop());
      expect((await store.get(project, given.id))?.targets).toHaveLength(1);
    });
  });

  describe('commit', () => {
    test('the expected version -> written, version up by one', async () => {
      const first = await created();
      const result = await store.commit({ ...first, status: 'attached' }, { dueInMs: null });
      expect(result).toEqual({ ...first, status: 'attached', version: 2 });
      expect(await store.get(project, first.id)).toEqual(result);
    });

    test('an older version -> stale; nothing changes', async () => {
      const first = await created();
      const second = await committed(first, { status: 'attached' });
      const before = await stateOf(second);
      expect(await store.commit(first, { dueInMs: 0, event: anEvent('ATTACHED', first) })).toBe('stale');
      expect(await stateOf(second)).toEqual(before);
    });

    test('no record -> gone; nothing is written', async () => {
      const unknown = anAttachment({ version: 1 });
      const before = await stateOf(unknown);
      expect(await store.commit(unknown, { dueInMs: 0, event: anEvent('ATTACHED', unknown) })).toBe('gone');
      expect(await stateOf(unknown)).toEqual(before);
    });

    test('30 at once with one version -> one is written, 29 are stale', async () => {
      const first = await created();
      const results = await Promise.all(
        Array.from({ length: 30 }, (_, attempts) => store.commit({ ...first, attempts }, { dueInMs: null })),
      );
      expect(results.filter((result) => result === 'stale')).toHaveLength(29);
      expect((await store.get(project, first.id))?.version).toBe(2);
    });

    test('another holds the record, the version is right -> stale; nothing changes', async () => {
      const { id } = await created();
      const { attachment } = await claimed(id);
      const before = await stateOf(attachment);
      expect(await store.commit(attachment, { dueInMs: 0 })).toBe('stale');
      expect(await store.commit(attachment, { dueInMs: 0, owner: 'another owner', keepLease: true })).toBe('stale');
      expect(await stateOf(attachment)).toEqual(before);
    });

    test('claimed since -> the version from before the claim is stale', async () => {
      const first = await created();
      const { owner } = await claimed(first.id);
      expect(await store.commit(first, { dueInMs: null, owner })).toBe('stale');
    });

    test('the holder commits -> the lease ends, due as it says', async () => {
      const { id } = await created();
      const { attachment, owner } = await claimed(id);
      await store.commit(attachment, { dueInMs: 0, owner });
      expect(await dueIds()).toEqual([id]);
      expect(await store.claim(project, id, lease())).toMatchObject({ version: 4 });
    });

    test('the holder commits with nothing left to do -> no longer due', async () => {
      const { id } = await created({}, 0);
      const { attachment, owner } = await claimed(id);
      await store.commit(attachment, { dueInMs: null, owner });
      expect(await dueIds()).toEqual([]);
    });

    test('the holder keeps the lease -> still held by it, due when the lease ends', async () => {
      const { id } = await created();
      const { attachment, owner } = await claimed(id, 150);
      const second = await store.commit(attachment, { dueInMs: null, owner, keepLease: true });
      expect(second).toMatchObject({ version: 3 });
      await until(async () => (await dueIds()).includes(id));
      await until(async () => typeof (await store.claim(project, id, lease())) === 'object');
    });

    test('the holder keeps the lease and commits twice -> both are written', async () => {
      const { id } = await created();
      const { attachment, owner } = await claimed(id);
      const second = await store.commit(attachment, { dueInMs: 0, owner, keepLease: true });
      if (typeof second === 'string') throw new Error(second);
      expect(await store.claim(project, id, lease())).toBe('held');
      expect(await store.commit(second, { dueInMs: null, owner })).toMatchObject({ version: 4 });
      expect(await store.claim(project, id, lease())).toMatchObject({ version: 5 });
    });

    test('the lease has ended and there was no claim since -> written', async () => {
      const { id } = await created();
      const { attachment, owner } = await claimed(id, 1);
      await until(async () => (await dueIds()).includes(id));
      expect(await store.commit(attachment, { dueInMs: null, owner })).toMatchObject({ version: 3 });
    });

    test('due later, then sooner -> what the last commit said', async () => {
      const first = await created({}, 0);
      const second = await store.commit(first, { dueInMs: LONG });
      expect(await dueIds()).toEqual([]);
      if (typeof second === 'string') throw new Error(second);
      await store.commit(second, { dueInMs: 0 });
      expect(await dueIds()).toEqual([first.id]);
    });
  });

  describe('remove', () => {
    test('the expected version -> gone from every list, from what is due, its mount point free', async () => {
      const first = await created({ mountPoint: '/mnt/a' }, 0);
      expect(await store.remove(first, {})).toBe('removed');
      expect(await store.get(project, first.id)).toBeNull();
      expect(await store.listForServers(project, [first.serverId])).toEqual([[]]);
      expect(await store.listForShares(project, [first.shareId])).toEqual([[]]);
      expect(await store.list(project, { first: 10, after: null })).toMatchObject({ items: [], totalCount: 0 });
      expect(await dueIds()).toEqual([]);
      await created({ serverId: first.serverId, mountPoint: '/mnt/a' });
    });

    test('an older version, or another holds it -> stale; nothing changes', async () => {
      const first = await created({ mountPoint: '/mnt/a' });
      const { attachment } = await claimed(first.id);
      const before = await stateOf(attachment);
      expect(await store.remove(first, { event: anEvent('DETACHED', first, 'detached') })).toBe('stale');
      expect(await store.remove(attachment, { event: anEvent('DETACHED', first, 'detached') })).toBe('stale');
      expect(await store.remove(attachment, { owner: 'another owner' })).toBe('stale');
      expect(await stateOf(attachment)).toEqual(before);
    });

    test('no record -> gone; no event', async () => {
      const unknown = anAttachment({ version: 1 });
      expect(await store.remove(unknown, { event: anEvent('DETACHED', unknown, 'detached') })).toBe('gone');
      expect(await store.readEvents(project, '0-0', 10)).toEqual([]);
    });

    test('the holder removes -> removed; the pair can be created again from version 1', async () => {
      const { id, serverId, shareId } = await created();
      const { attachment, owner } = await claimed(id);
      expect(await store.remove(attachment, { owner })).toBe('removed');
      expect((await created({ serverId, shareId })).version).toBe(1);
      expect(await store.claim(project, id, lease())).toMatchObject({ version: 2 });
    });

    test('a commit from before the removal and a new creation -> stale', async () => {
      const { id, serverId, shareId } = await created();
      const { attachment, owner } = await claimed(id);
      await store.remove(attachment, { owner });
      await created({ serverId, shareId });
      expect(await store.commit(attachment, { dueInMs: null, owner })).toBe('stale');
    });
  });

  describe('claim and release', () => {
    test('a lease that ends later than a lease can, as after a clock set back -> ended', async () => {
      const attachment = await created();
      const first = await claimed(attachment.id, MAX_LEASE_MS + 60_000);
      const second = await claimed(attachment.id, MAX_LEASE_MS - 60_000);
      expect(second.attachment.version).toBe(first.attachment.version + 1);
      expect(await store.claim(project, attachment.id, lease())).toBe('held');
      // the earlier holder's writes are refused
      expect(await store.commit(first.attachment, { dueInMs: null, owner: first.owner })).toBe('stale');
    });

    test('due later than anything can be -> due', async () => {
      const { id } = await created({}, 2 * MAX_LEASE_MS);
      const other = await created({}, MAX_LEASE_MS - 60_000);
      const due = new Set<string>();
      // A store may look for these in some calls only, and a shard that does not answer in time is read by a later one.
      await until(async () => {
        for (const found of await dueIds()) due.add(found);
        return due.has(id);
      });
      expect(due).not.toContain(other.id);
    });

    test('not held -> the record, its version up by one', async () => {
      const first = await created();
      expect(await store.claim(project, first.id, lease())).toEqual({ ...first, version: 2 });
      expect(await store.get(project, first.id)).toEqual({ ...first, version: 2 });
    });

    test('30 at once -> one holds it', async () => {
      const { id } = await created({}, 0);
      const results = await Promise.all(Array.from({ length: 30 }, () => store.claim(project, id, lease())));
      expect(results.filter((result) => result === 'held')).toHaveLength(29);
      expect((await store.get(project, id))?.version).toBe(2);
    });

    test('held -> held; the version stays', async () => {
      const { id } = await created();
      await claimed(id);
      expect(await store.claim(project, id, lease())).toBe('held');
      expect((await store.get(project, id))?.version).toBe(2);
    });

    test('no record -> gone', async () => {
      expect(await store.claim(project, anAttachment().id, lease())).toBe('gone');
      expect(await dueIds()).toEqual([]);
    });

    test('the holder releases -> free at once, due as it says, version unchanged', async () => {
      const { id } = await created();
      const { owner } = await claimed(id);
      await store.release(project, id, owner, 0);
      expect(await dueIds()).toEqual([id]);
      expect((await store.get(project, id))?.version).toBe(2);
      const next = await claimed(id);
      await store.release(project, id, next.owner, null);
      expect(await dueIds()).toEqual([]);
    });

    test('another owner releases, or an earlier holder -> no effect', async () => {
      const { id } = await created();
      const early = await claimed(id, 1);
      await until(async () => typeof (await store.claim(project, id, lease())) === 'object');
      await store.release(project, id, early.owner, 0);
      await store.release(project, id, '', 0);
      expect(await dueIds()).toEqual([]);
      expect(await store.claim(project, id, lease())).toBe('held');
    });

    test('not held -> release has no effect', async () => {
      const { id } = await created();
      await store.release(project, id, '', 0);
      await store.release(project, id, 'another owner', 0);
      await store.release(project, anAttachment().id, 'another owner', 0);
      expect(await dueIds()).toEqual([]);
    });

    test('a worker lets its lease run out -> the next has it, and the first can no longer write', async () => {
      const { id } = await created();
      const slow = await claimed(id, 5);
      const next = await until(async () => {
        const result = await store.claim(project, id, { owner: 'next', ms: LONG });
        return typeof result === 'object' && result;
      });
      expect(next.version).toBe(slow.attachment.version + 1);
      expect(await store.commit(slow.attachment, { dueInMs: null, owner: slow.owner })).toBe('stale');
      expect(await store.remove(slow.attachment, { owner: slow.owner })).toBe('stale');
      expect(await store.commit(next, { dueInMs: null, owner: 'next' })).toMatchObject({ version: next.version + 1 });
    });
  });

  describe('due', () => {
    test('several are due -> soonest first, at most the limit', async () => {
      const third = await created({}, 0);
      const second = await created({}, -1000);
      const first = await created({}, -2000);
      await created({}, LONG);
      expect(await dueIds()).toEqual([first.id, second.id, third.id]);
      expect((await store.due(2)).map(({ id }) => id)).toEqual([first.id, second.id]);
    });

    test('projects in many shards are due -> all are received, a project with much work does not hide the others', async () => {
      for (let i = 0; i < 30; i++) await created({}, -100_000 + i);
      const others = Array.from({ length: 20 }, (_, i) => `project-${i}`);
      for (const projectId of others) await created({ projectId }, 0);
      const received = new Set<string>();
      while (received.size < 21) {
        const due = await store.due(10);
        expect(due).toHaveLength(10);
        for (const { projectId, id } of due) {
          received.add(projectId);
          const held = lease();
          const attachment = await store.claim(projectId, id, held);
          if (typeof attachment === 'object') await store.commit(attachment, { dueInMs: null, owner: held.owner });
        }
      }
      expect(received).toEqual(new Set([project, ...others]));
    });
  });

  describe('lists', () => {
    test('servers, shares -> one list each, in the order asked, oldest first', async () => {
      const [serverId, otherServer, shareId] = [randomUUID(), randomUUID(), randomUUID()];
      const newer = await created({ serverId, createdAt: at(2) });
      const older = await created({ serverId, shareId, createdAt: at(1) });
      const other = await created({ serverId: otherServer, shareId, createdAt: at(3) });
      const lists = await store.listForServers(project, [otherServer, 'unknown', serverId, otherServer]);
      expect(lists).toEqual([[other], [], [older, newer], [other]]);
      expect(await store.listForShares(project, [shareId, newer.shareId])).toEqual([[older, other], [newer]]);
      expect(await store.listForShares(project, [])).toEqual([]);
    });

    test('another project -> sees none of it', async () => {
      const { id, serverId, shareId } = await created();
      expect(await store.get('other', id)).toBeNull();
      expect(await store.listForServers('other', [serverId])).toEqual([[]]);
      expect(await store.listForShares('other', [shareId])).toEqual([[]]);
      expect(await store.list('other', { first: 10, after: null })).toEqual({
        items: [],
        hasMore: false,
        totalCount: 0,
        cursor: '0-0',
      });
    });

    async function walk(options: Omit<ListOptions, 'after'>) {
      const pages: string[][] = [];
      let after: string | null = null;
      for (;;) {
        const page = await store.list(project, { ...options, after });
        pages.push(page.items.map(({ attachment }) => attachment.id));
        after = page.endPosition ?? page.items.at(-1)?.position ?? null;
        if (!page.hasMore) return pages;
      }
    }

    test('pages -> oldest first, each once, also for equal times; the last says so', async () => {
      const made = [];
      for (const second of [5, 3, 3, 3, 9, 1, 7]) made.push(await created({ createdAt: at(second) }));
      const expected = made
        .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || (a.id < b.id ? -1 : 1))
        .map(({ id }) => id);
      const pages = await walk({ first: 3 });
      expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
      expect(pages.flat()).toEqual(expected);
      expect(await walk({ first: 7 })).toEqual([expected]);
    });

    test('a page -> the total without a filter, none with one; the cursor of the log', async () => {
      const first = anAttachment();
      await store.create(first, anEvent('ATTACH_STARTED', first), null);
      await created();
      const page = await store.list(project, { first: 1, after: null });
      expect(page).toMatchObject({ hasMore: true, totalCount: 2, cursor: await store.lastCursor(project) });
      expect(page.cursor).not.toBe('0-0');
      expect((await store.list(project, { first: 1, after: null, status: ['attaching'] })).totalCount).toBeNull();
    });

    test('filters on server, share, status -> those only, paged alike', async () => {
      const [serverId, shareId] = [randomUUID(), randomUUID()];
      const a = await created({ serverId, createdAt: at(1) });
      const b = await created({ serverId, shareId, createdAt: at(2) });
      const c = await created({ shareId, createdAt: at(3) });
      await created({ createdAt: at(4) });
      await committed(b, { status: 'attached' });
      await committed(c, { status: 'error_attaching' });
      expect(await walk({ first: 1, serverId })).toEqual([[a.id], [b.id]]);
      expect(await walk({ first: 5, shareId })).toEqual([[b.id, c.id]]);
      expect(await walk({ first: 5, serverId, shareId })).toEqual([[b.id]]);
      expect(await walk({ first: 1, status: ['attached', 'error_attaching'] })).toEqual([[b.id], [c.id]]);
      expect(await walk({ first: 5, serverId, status: ['attaching'] })).toEqual([[a.id]]);
      expect(await walk({ first: 5, serverId, shareId, status: ['detaching'] })).toEqual([[]]);
      expect(await walk({ first: 5, status: [] })).toEqual([[]]);
    });

    test('a status that 1,001 older records do not have -> found at once, alone and of a server or share', async () => {
      const [serverId, shareId] = [randomUUID(), randomUUID()];
      await fill(PAGE_RECORDS + 1, (i) => (i % 2 === 0 ? { serverId } : { shareId }));
      await fill(PAGE_RECORDS + 1, () => ({ serverId }));
      const late = await created({ serverId, shareId, createdAt: at(5000) });
      await committed(late, { status: 'attached' });
      const status = ['attached'] as const;
      for (const side of [{}, { serverId }, { shareId }, { serverId, shareId }]) {
        expect(await walk({ first: 10, status, ...side })).toEqual([[late.id]]);
      }
      expect((await walk({ first: 500 })).map((ids) => ids.length)).toEqual([500, 500, 500, 500, 3]);
    });

    test('several statuses -> merged in order, each once; a record that changes its status changes its list', async () => {
      const a = await created({ createdAt: at(1) });
      const b = await committed(await created({ createdAt: at(2) }), { status: 'attached' });
      const c = await created({ createdAt: at(3) });
      const both = ['attached', 'attaching', 'attached'] as const;
      expect(await walk({ first: 2, status: both })).toEqual([[a.id, b.id], [c.id]]);
      await committed(b, { status: 'detaching' });
      expect(await walk({ first: 2, status: both })).toEqual([[a.id, c.id]]);
      expect(await walk({ first: 2, status: ['detaching'] })).toEqual([[b.id]]);
    });
  });

  /** Creates `count` attachments, in batches: a thousand commands at once take a busy machine longer than their timeout. */
  async function fill(count: number, given: (i: number) => Partial<Attachment>): Promise<Attachment[]> {
    const attachments: Attachment[] = [];
    while (attachments.length < count) {
      const indexes = Array.from(
        { length: Math.min(50, count - attachments.length) },
        (_, i) => attachments.length + i,
      );
      attachments.push(...(await Promise.all(indexes.map((i) => created({ createdAt: at(i), ...given(i) })))));
    }
    return attachments;
  }

  describe('long lists', () => {
    test('1,001 attachments of a server, of a share -> all of them, or the oldest', async () => {
      const [serverId, shareId, none] = [randomUUID(), randomUUID(), randomUUID()];
      const ofServer = await fill(PAGE_RECORDS + 1, () => ({ serverId }));
      const ofShare = await fill(PAGE_RECORDS + 1, () => ({ shareId }));
      const ids = (lists: Attachment[][]) => lists.map((list) => list.map(({ id }) => id));
      const [server = [], share = []] = ids([ofServer, ofShare]);
      const other = ofServer[7]?.shareId ?? '';
      expect(ids(await store.listForServers(project, [none, serverId, none, serverId]))).toEqual([
        [],
        server,
        [],
        server,
      ]);
      expect(ids(await store.listForShares(project, [other, shareId, none]))).toEqual([[server[7]], share, []]);
      for (const first of [1, PAGE_RECORDS - 1, PAGE_RECORDS, PAGE_RECORDS + 1, PAGE_RECORDS + 2]) {
        expect(ids(await store.listForShares(project, [shareId, other, shareId], first))).toEqual([
          share.slice(0, first),
          [server[7]],
          share.slice(0, first),
        ]);
      }
    });
  });

  describe('listForTargets', () => {
    const shareId = randomUUID();
    const target = (accessTo: string, given: Partial<Attachment['targets'][number]> = {}) => ({
      ...{ accessTo, ruleId: null, isOwned: true, state: null },
      ...given,
    });
    const holding = (accessTo: string, given: Partial<Attachment> = {}) =>
      created({ shareId, targets: [target(accessTo)], ...given });
    const ask = (accessTo: string) => ({ shareId, accessType: 'ip' as const, accessTo });
    const idsFor = async (accessTo: string, first = 10) =>
      (await store.listForTargets(project, [ask(accessTo)], first))[0]?.map(({ id }) => id);

    test('the last two of 1,001 attachments of a share have one target -> both', async () => {
      await fill(PAGE_RECORDS - 1, (i) => ({ shareId, targets: [target(`10.1.${i >> 8}.${i & 255}`)] }));
      const [a, b] = [
        await holding('10.0.0.9', { createdAt: at(5000) }),
        await holding('10.0.0.9', { createdAt: at(5001) }),
      ];
      expect(await idsFor('10.0.0.9')).toEqual([a.id, b.id]);
      expect(await store.remove(a, {})).toBe('removed');
      expect(await idsFor('10.0.0.9')).toEqual([b.id]);
    });

    test('1,001 attachments have the target, the youngest holds it alone -> it comes first', async () => {
      const others = await fill(PAGE_RECORDS, () => ({ shareId, status: 'detaching', targets: [target('10.0.0.9')] }));
      const holder = await holding('10.0.0.9', { createdAt: at(5000) });
      expect(await idsFor('10.0.0.9', 2)).toEqual([holder.id, others[0]?.id]);
    });

    test('several targets -> a list each, in the order asked; another share, type or project -> not there', async () => {
      const a = await created({ shareId, targets: [target('10.0.0.1'), target('10.0.0.2')] });
      await created({ targets: [target('10.0.0.1')] });
      await created({ shareId, accessType: 'user', targets: [target('10.0.0.1')] });
      const lists = await store.listForTargets(project, [ask('10.0.0.2'), ask('10.0.0.3'), ask('10.0.0.1')], 5);
      expect(lists).toEqual([[a], [], [a]]);
      expect(await store.listForTargets('other', [ask('10.0.0.1')], 5)).toEqual([[]]);
      expect(await store.listForTargets(project, [], 5)).toEqual([]);
    });

    test('another spelling of the address -> the same target', async () => {
      const a = await holding('2001:db8::1');
      expect(await idsFor('2001:0db8:0:0::1/128')).toEqual([a.id]);
    });

    test('detaching, or giving the target up -> after those that hold it; taking it up again -> before', async () => {
      const a = await holding('10.0.0.1', { createdAt: at(1) });
      const b = await holding('10.0.0.1', { createdAt: at(2) });
      const leaving = await committed(a, { status: 'detaching' });
      expect(await idsFor('10.0.0.1')).toEqual([b.id, a.id]);
      const back = await committed(leaving, { status: 'attaching' });
      expect(await idsFor('10.0.0.1')).toEqual([a.id, b.id]);
      const moved = await committed(back, {
        targets: [target('10.0.0.1', { change: 'removing' }), target('10.0.0.2')],
      });
      expect(await idsFor('10.0.0.1')).toEqual([b.id, a.id]);
      expect(await idsFor('10.0.0.2')).toEqual([a.id]);
      await committed(moved, { targets: [target('10.0.0.2')] });
      expect(await idsFor('10.0.0.1')).toEqual([b.id]);
    });

    test('a refused commit -> the lists stay', async () => {
      const a = await holding('10.0.0.1');
      expect(await store.commit({ ...a, version: 7, targets: [target('10.0.0.2')] }, { dueInMs: null })).toBe('stale');
      expect([await idsFor('10.0.0.1'), await idsFor('10.0.0.2')]).toEqual([[a.id], []]);
    });
  });

  test('the store id -> the same each time, another one in another store', async () => {
    const id = await store.storeId();
    expect(await store.storeId()).toBe(id);
    const another = await open();
    expect(await another.storeId()).not.toBe(id);
    await another.close();
  });

  describe('locks and the known marker', () => {
    test('a free target -> locked; again by its owner -> yes; by another -> no', async () => {
      expect(await store.lockTarget(project, 'share 10.0.0.7', 'a', LONG)).toBe(true);
      expect(await store.lockTarget(project, 'share 10.0.0.7', 'a', LONG)).toBe(true);
      expect(await store.lockTarget(project, 'share 10.0.0.7', 'b', LONG)).toBe(false);
      expect(await store.lockTarget(project, 'share 10.0.0.8', 'b', LONG)).toBe(true);
      expect(await store.lockTarget('other', 'share 10.0.0.7', 'b', LONG)).toBe(true);
    });

    test('its owner unlocks -> free; another unlocks -> still locked', async () => {
      await store.lockTarget(project, 't', 'a', LONG);
      await store.unlockTarget(project, 't', 'b');
      expect(await store.lockTarget(project, 't', 'b', LONG)).toBe(false);
      await store.unlockTarget(project, 't', 'a');
      await store.unlockTarget(project, 't', 'a');
      expect(await store.lockTarget(project, 't', 'b', LONG)).toBe(true);
    });

    test('not unlocked -> free when it expires', async () => {
      await store.lockTarget(project, 't', 'a', 10);
      await until(() => store.lockTarget(project, 't', 'b', LONG));
      expect(await store.lockTarget(project, 't', 'a', LONG)).toBe(false);
    });

    test('a project -> unknown until it is marked, the others still', async () => {
      expect(await store.isRecovered(project)).toBe(false);
      await store.markRecovered(project);
      expect(await store.isRecovered(project)).toBe(true);
      expect(await store.isRecovered('other')).toBe(false);
    });

    test('a ping -> answered', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });

  test('mappings of deleted servers -> oldest first, each once with its last time, until it is forgotten', async () => {
    const mapping = (serverId: string, at: number) => ({ projectId: project, serverId, shareId: 'a-share', at });
    for (const [server, at] of [
      ['one', 2000],
      ['two', 1000],
      ['three', 3000],
      ['one', 4000],
    ] as const) {
      await store.noteDeletedMapping(mapping(server, at));
    }
    expect(await store.deletedMappings()).toEqual([mapping('two', 1000), mapping('three', 3000), mapping('one', 4000)]);
    await store.forgetDeletedMapping(mapping('three', 0));
    expect(await store.deletedMappings()).toEqual([mapping('two', 1000), mapping('one', 4000)]);
  });

  describe('the log', () => {
    async function appended(count: number, projectId = project): Promise<Attachment> {
      let { attachment } = (await store.create(anAttachment({ projectId }), null, null)) as { attachment: Attachment };
      for (let i = 0; i < count; i++) attachment = await appendedTo(attachment);
      return attachment;
    }

    async function appendedTo(attachment: Attachment): Promise<Attachment> {
      const result = await store.commit(attachment, { dueInMs: null, event: anEvent('ATTACHED', attachment) });
      if (typeof result === 'string') throw new Error(result);
      return result;
    }

    async function read(after: string, limit = 100): Promise<AttachmentEvent[]> {
      const events = await store.readEvents(project, after, limit);
      if (events === 'expired') throw new Error('expired');
      return attachmentEvents(events);
    }

    test('create, commit, remove with events -> all in the log, in order, as the changes left the record', async () => {
      const given = anAttachment();
      const held = lease();
      await store.create(given, anEvent('ATTACH_STARTED', given), held);
      const one = { ...given, version: 1, status: 'detaching' as const };
      await store.commit(one, { dueInMs: null, owner: held.owner, event: anEvent('DETACH_STARTED', one) });
      const two = { ...one, version: 2 };
      await store.remove(two, { event: anEvent('DETACHED', two, 'detached') });
      const events = await read('0-0');
      expect(events.map(({ type }) => type)).toEqual(['ATTACH_STARTED', 'DETACH_STARTED', 'DETACHED']);
      expect(events.map(({ attachment }) => attachment.version)).toEqual([1, 2, 3]);
      expect(events.at(-1)).toEqual({
        ...anEvent('DETACHED', { ...two, version: 3 }, 'detached'),
        cursor: await store.lastCursor(project),
      });
    });

    test('commits without an event -> none', async () => {
      await committed(await created());
      expect(await store.lastCursor(project)).toBe('0-0');
      expect(await read('0-0')).toEqual([]);
    });

    test('read after each cursor -> exactly what follows it; with a limit, the oldest of it', async () => {
      await appended(6);
      const all = await read('0-0');
      expect(all).toHaveLength(6);
      for (const [i, { cursor }] of all.entries()) expect(await read(cursor)).toEqual(all.slice(i + 1));
      expect(await read(all[1]?.cursor ?? '', 2)).toEqual(all.slice(2, 4));
    });

    test('the log dropped entries -> the start and the dropped ones are expired, the oldest kept one is good', async () => {
      await appended(1);
      const [dropped] = await read('0-0');
      const attachment = await appended(LOG_LENGTH - 1);
      expect(await read('0-0')).toHaveLength(LOG_LENGTH);
      const [, oldest] = await read('0-0');
      await appendedTo(attachment);
      expect(await store.readEvents(project, '0-0', 5)).toBe('expired');
      expect(await store.readEvents(project, dropped?.cursor ?? '', 5)).toBe('expired');
      expect(await read(oldest?.cursor ?? '')).toHaveLength(LOG_LENGTH - 1);
    });

    test.each(['1-0', '99999999999999999-0', 'x', '', '1', '-', '+', '0-0 ', '18446744073709551616-0', '$'])(
      'a cursor that the log never had: %j -> expired',
      async (cursor) => {
        await appended(2);
        expect(await store.readEvents(project, cursor, 5)).toBe('expired');
        expect(await store.readEvents('empty', cursor, 5)).toBe('expired');
      },
    );

    test('a cursor of another project -> expired', async () => {
      await appended(1, 'other');
      expect(await store.readEvents(project, await store.lastCursor('other'), 5)).toBe('expired');
    });

    function recorder() {
      const events: AttachmentEvent[] = [];
      const lost: Error[] = [];
      return {
        events,
        lost,
        onEvent: (event: LogEvent) => void events.push(attachmentEvent(event)),
        onExpired: (error: Error) => void lost.push(error),
      };
    }

    test('subscribe -> only later events, in order, each once', async () => {
      const attachment = await appended(3);
      const { events, lost, onEvent, onExpired } = recorder();
      const unsubscribe = await store.subscribe(project, onEvent, onExpired);
      const before = await store.lastCursor(project);
      let last = attachment;
      for (let i = 0; i < 5; i++) last = await appendedTo(last);
      await until(() => events.length >= 5);
      expect(events).toEqual(await read(before));
      expect(lost).toEqual([]);
      await unsubscribe();
    });

    test('unsubscribe -> no more events; the others receive theirs; repeating it is harmless', async () => {
      const [left, stays] = [recorder(), recorder()];
      const unsubscribeLeft = await store.subscribe(project, left.onEvent, left.onExpired);
      const unsubscribeStays = await store.subscribe(project, stays.onEvent, stays.onExpired);
      let attachment = await appended(1);
      await until(() => left.events.length === 1 && stays.events.length === 1);
      await unsubscribeLeft();
      await unsubscribeLeft();
      attachment = await appendedTo(attachment);
      await until(() => stays.events.length === 2);
      await unsubscribeStays();
      expect(left.events).toHaveLength(1);
    });

    test('events of another project -> not received', async () => {
      const { events, onEvent, onExpired } = recorder();
      const unsubscribe = await store.subscribe(project, onEvent, onExpired);
      await appended(2, 'other');
      await appended(1);
      await until(() => events.length > 0);
      expect(events.map(({ attachment }) => attachment.projectId)).toEqual([project]);
      await unsubscribe();
    });

    test('subscribers come and go while many append -> each receives a part of the log without gap or repetition', async () => {
      const long = recorder();
      const unsubscribeLong = await store.subscribe(project, long.onEvent, long.onExpired);
      const attachments = await Promise.all(Array.from({ length: 8 }, () => created()));
      const writers = attachments.map(async (first) => {
        let attachment = first;
        for (let i = 0; i < 25; i++) attachment = await appendedTo(attachment);
      });
      const others = Array.from({ length: 12 }, async () => {
        const other = recorder();
        const unsubscribe = await store.subscribe(project, other.onEvent, other.onExpired);
        await until(() => other.events.length >= 8 || long.events.length >= 200);
        await unsubscribe();
        return other;
      });
      await Promise.all(writers);
      const received = await Promise.all(others);
      await until(() => long.events.length >= 200);
      const cursors = long.events.map(({ cursor }) => cursor);
      expect(new Set(cursors).size).toBe(200);
      const end = await store.lastCursor(project);
      expect(cursors.at(-1)).toBe(end);
      for (const { events, lost } of received) {
        expect(lost).toEqual([]);
        const part = events.map(({ cursor }) => cursor);
        const from = cursors.indexOf(part[0] ?? '');
        expect(part).toEqual(part.length ? cursors.slice(from, from + part.length) : []);
      }
      await unsubscribeLong();
    });

    test('a listener throws -> it is removed with its error, the others continue', async () => {
      const [bad, good] = [recorder(), recorder()];
      await store.subscribe(
        project,
        () => {
          throw new Error('a bug');
        },
        bad.onExpired,
      );
      const unsubscribe = await store.subscribe(project, good.onEvent, good.onExpired);
      await appended(2);
      await until(() => good.events.length === 2);
      expect(bad.lost.map(({ message }) => message)).toEqual(['a bug']);
      await unsubscribe();
    });
  });
}
