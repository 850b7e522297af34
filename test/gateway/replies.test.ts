import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { DEMO, type Fault } from '../../src/sandbox/index.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/gateway.ts';
import { type HeardEvent, type Listener, listen } from '../support/listener.ts';
import { until } from '../support/until.ts';

/** OpenStack responses that are lost, late, temporarily rejected, or never arrive: each attachment completes, and nothing is done twice. */

const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
const ATTACH =
  'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status fault { code } } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }';
const SEE =
  'query ($serverId: ID!, $shareId: ID!) { shareAttachment(serverId: $serverId, shareId: $shareId) { status fault { code message } } }';

/** The timeout of an OpenStack call, in ms. */
const TIMEOUT_MS = 1000;
const ENV = { UPSTREAM_TIMEOUT_MS: String(TIMEOUT_MS), LEASE_MS: '2000' };
const ACTION = { service: 'manila', method: 'POST', path: /action$/ } as const;

let gateway: TestGateway;
let listener: Listener;
/** Rules made, and rules that a client began to deny, since the gateway started. */
let made: string[];
let denied: string[];

async function start(options: GatewayOptions = {}): Promise<void> {
  gateway = await startGateway({ env: ENV, ...options });
  listener = listen(gateway, { after: '0-0' });
  [made, denied] = [[], []];
  gateway.sandbox.onRuleChange(({ rule, state }) => {
    if (state === 'queued_to_apply') made.push(rule.id);
    if (state === 'queued_to_deny') denied.push(rule.id);
  });
}

afterEach(async () => {
  await listener.close();
  await gateway.close();
});

const attach = (token = gateway.token) => gateway.query(ATTACH, { input: PAIR }, token);
const detach = (token = gateway.token) => gateway.query(DETACH, { input: PAIR }, token);
const see = async (token = gateway.token) => (await gateway.query(SEE, PAIR, token)).data.shareAttachment;
const logEnd = async () =>
  (await gateway.query('{ shareAttachments { eventCursor } }')).data.shareAttachments.eventCursor;
const types = (events: HeardEvent[]) => events.map((event) => event.type);
const rulesOfOurs = () => gateway.sandbox.rulesOf(PAIR.shareId).filter((rule) => rule.metadata.managed_by);
const break_ = (fault: Partial<Fault> & Pick<Fault, 'kind'>) =>
  gateway.sandbox.faults.add({ ...ACTION, times: 1, ...fault });

const UNCERTAIN: [string, Partial<Fault> & Pick<Fault, 'kind'>][] = [
  ['does the work and loses the answer', { kind: 'lose_reply' }],
  ['answers after our deadline', { kind: 'delay', delayMs: 3 * TIMEOUT_MS }],
  ['never answers, and never does the work', { kind: 'hang' }],
  ['says 429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
  ['says 503 with Retry-After, twice', { kind: 'status', status: 503, headers: { 'retry-after': '1' }, times: 2 }],
  ['says 500', { kind: 'status', status: 500 }],
  ['is behind a proxy that says 502 in HTML', { kind: 'html' }],
  ['breaks the connection, three times', { kind: 'reset', times: 3 }],
];

describe('attach, Manila', () => {
  test.each(UNCERTAIN)('%s -> ATTACHING without an error, then ATTACHED, one rule', async (_, fault) => {
    await start();
    const met = break_(fault);
    const result = await attach();
    expect(result.errors).toBeUndefined();
    expect(result.data.attachShare.attachment).toEqual({ status: 'ATTACHING', fault: null });
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(met.hits).toBe(fault.times ?? 1);
    expect(rulesOfOurs()).toHaveLength(1);
    expect(made).toHaveLength(1);
  });

  test('loses the response, and cannot be read for a while -> ATTACHED, one rule', async () => {
    await start();
    break_({ kind: 'lose_reply' });
    const stop = gateway.sandbox.onRuleChange(() => {
      stop();
      gateway.sandbox.faults.add({
        service: 'manila',
        method: 'GET',
        path: /share-access-rules$/,
        kind: 'reset',
        times: 6,
      });
    });
    expect((await attach()).errors).toBeUndefined();
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(made).toHaveLength(1);
  });

  test('is down until after the response -> ATTACHING meanwhile, ATTACHED when it is back', async () => {
    await start();
    const stop = gateway.sandbox.onRuleChange(() => {
      stop();
      gateway.sandbox.down('manila');
    });
    expect((await attach()).data.attachShare.attachment.status).toBe('ATTACHING');
    const before = gateway.sandbox.requests.length;
    await gateway.sandbox.waitForRequest(
      (request) => request.service === 'manila' && gateway.sandbox.requests.indexOf(request) > before,
    );
    expect((await see()).status).toBe('ATTACHING');
    gateway.sandbox.up('manila');
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
  });

  test.each([
    [400, 'BAD_USER_INPUT'],
    [403, 'FORBIDDEN'],
    [401, 'UNAUTHENTICATED'],
    [413, 'QUOTA_EXCEEDED'],
  ])('says %i -> %s, nothing is left, and no event', async (status, code) => {
    await start();
    const before = await logEnd();
    break_({ kind: 'status', status, body: { badRequest: { code: status, message: 'Not today.' } } });
    const result = await attach();
    expect(result.errors?.[0]?.extensions).toMatchObject({ code, service: 'manila', status });
    expect(result.errors?.[0]?.message).toContain('Not today.');
    expect(await logEnd()).toBe(before);
    expect(await see()).toBeNull();
    expect(made).toEqual([]);
  });

  test('leaves the rule applying for longer than the deadline -> ERROR_ATTACHING with the reason', async () => {
    await start({ env: { ...ENV, ATTACH_DEADLINE_MS: '1000' } });
    gateway.sandbox.setAccessDelay(60_000);
    await attach();
    const failed = (await listener.until('ATTACH_FAILED')).at(-1);
    expect(failed?.attachment).toMatchObject({ status: 'ERROR_ATTACHING', fault: { code: 'DEADLINE_EXCEEDED' } });
  });
});

describe('detach, Manila', () => {
  test.each(UNCERTAIN)('%s -> DETACHING without an error, then DETACHED, the rule denied once', async (_, fault) => {
    await start();
    await attach();
    await listener.until('ATTACHED');
    const met = break_(fault);
    const result = await detach();
    expect(result.errors).toBeUndefined();
    expect(result.data.detachShare.attachment.status).toBe('DETACHING');
    expect(types(await listener.until('DETACHED'))).toEqual(['DETACH_STARTED', 'DETACHED']);
    expect(met.hits).toBe(fault.times ?? 1);
    expect(rulesOfOurs()).toEqual([]);
    expect(denied).toEqual(made);
  });

  test.each([
    [403, 'FORBIDDEN'],
    [401, 'UNAUTHENTICATED'],
  ])('says %i -> %s, and the attachment is what it was, without an event', async (status, code) => {
    await start();
    await attach();
    await listener.until('ATTACHED');
    const before = await logEnd();
    break_({ kind: 'status', status, body: { forbidden: { code: status, message: 'Not today.' } } });
    expect((await detach()).errors?.[0]?.extensions).toMatchObject({ code, service: 'manila', status });
    expect(await logEnd()).toBe(before);
    expect(await see()).toMatchObject({ status: 'ATTACHED', fault: null });
    expect(rulesOfOurs().map((rule) => rule.state)).toEqual(['active']);
  });
});

describe('Keystone', () => {
  test('goes down while the rule applies -> ATTACHED all the same; requests fail meanwhile, and succeed when it is back', async () => {
    await start();
    gateway.sandbox.setAccessDelay(300);
    await attach();
    gateway.sandbox.down('keystone');
    const late = gateway.sandbox.issueToken('demo');
    const refused = await gateway.query(SEE, PAIR, late);
    expect(refused.errors?.[0]?.extensions.code).toBe('UPSTREAM_UNAVAILABLE');
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    gateway.sandbox.up('keystone');
    expect((await see(late)).status).toBe('ATTACHED');
  });

  test("is down when the caller's token is revoked -> nothing is observed; ATTACHED by the gateway when it is back", async () => {
    await start();
    gateway.sandbox.setAccessDelay(300);
    await attach();
    gateway.sandbox.down('keystone');
    gateway.sandbox.revokeToken(gateway.token);
    await gateway.sandbox.waitForRequest((request) => request.service === 'keystone' && request.method === 'POST');
    gateway.sandbox.up('keystone');
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(made).toHaveLength(1);
  });
});

/** How a token ends while Manila works. */
const ENDS: [string, (begun: TestGateway, lifetimeMs: number) => { token: string; end(): Promise<void> }][] = [
  [
    'expires',
    ({ sandbox }, expiresInMs) => {
      const token = sandbox.issueToken('demo', { expiresInMs });
      const expired = wait(expiresInMs);
      return { token, end: () => expired };
    },
  ],
  [
    'is revoked',
    ({ sandbox }) => {
      const token = sandbox.issueToken('demo');
      return { token, end: async () => sandbox.revokeToken(token) };
    },
  ],
];

describe.each(ENDS)("the caller's token %s while", (_, tokenThatEnds) => {
  /** Manila accepts requests from now on, and works on them after `resumeManila`. The token lasts for one request. */
  async function pauseManila() {
    gateway.sandbox.setAccessDelay(600_000);
    // on a busy machine the request must arrive before the token expires
    const begun = performance.now();
    await see(gateway.sandbox.issueToken('demo'));
    return tokenThatEnds(gateway, Math.max(900, Math.ceil(10 * (performance.now() - begun))));
  }

  function resumeManila(): void {
    gateway.sandbox.setAccessDelay(20);
    gateway.sandbox.step();
  }

  test('the rule applies, the gateway has credentials -> ATTACHED', async () => {
    await start();
    const { token, end } = await pauseManila();
    await attach(token);
    await end();
    resumeManila();
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(made).toHaveLength(1);
  });

  test('the rule fails, the gateway has credentials -> ERROR_ATTACHING with the reason, never granted again', async () => {
    await start();
    const { token, end } = await pauseManila();
    await gateway.query(ATTACH, { input: { ...PAIR, accessTo: ['203.0.113.66'] } }, token);
    await end();
    resumeManila();
    const failed = (await listener.until('ATTACH_FAILED')).at(-1);
    expect(failed?.attachment).toMatchObject({
      status: 'ERROR_ATTACHING',
      fault: { code: 'RULE_ERROR', message: expect.stringContaining('203.0.113.66') },
    });
    expect(made).toHaveLength(1);
  });

  test('the rule is being denied, the gateway has credentials -> DETACHED', async () => {
    await start();
    await attach();
    await listener.until('ATTACHED');
    const { token, end } = await pauseManila();
    await detach(token);
    await end();
    resumeManila();
    expect(types(await listener.until('DETACHED'))).toEqual(['DETACH_STARTED', 'DETACHED']);
    expect(rulesOfOurs()).toEqual([]);
  });

  test("the rule applies, the gateway has no credentials -> waits for the user's next read, then ATTACHED", async () => {
    await start({ hasAccount: false });
    const { token, end } = await pauseManila();
    await attach(token);
    await end();
    resumeManila();
    await gateway.sandbox.waitForRules(PAIR.shareId, (rules) =>
      rules.some((rule) => rule.metadata.managed_by && rule.state === 'active'),
    );
    // a read of the same user with a new token
    expect((await see()).status).toBe('ATTACHING');
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(made).toHaveLength(1);
  });

  test('the user reads before the gateway, which has no credentials, noticed -> continues with the new token', async () => {
    await start({ hasAccount: false });
    const { token, end } = await pauseManila();
    await attach(token);
    const ended = end();
    expect((await see()).status).toBe('ATTACHING');
    await ended;
    resumeManila();
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(made).toHaveLength(1);
  });

  test("the rule is being denied, the gateway has no credentials -> DETACHED after the user's next read", async () => {
    await start({ hasAccount: false });
    await attach();
    await listener.until('ATTACHED');
    const { token, end } = await pauseManila();
    await detach(token);
    await end();
    resumeManila();
    await until(() => rulesOfOurs().length === 0);
    expect((await see()).status).toBe('DETACHING');
    expect(types(await listener.until('DETACHED'))).toEqual(['DETACH_STARTED', 'DETACHED']);
  });
});
