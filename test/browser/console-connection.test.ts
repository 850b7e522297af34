import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { DEMO, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { openPage } from '../support/browser-page.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { freePort } from '../support/redis.ts';
import { until } from '../support/until.ts';

let sandbox: Sandbox;
let gateway: TestGateway;
let page: Page;
let close: () => Promise<void>;
let env: Record<string, string>;

beforeAll(async () => {
  sandbox = await startSandbox({ accessDelayMs: 20 });
  env = { PORT: String(await freePort()), REDIS_PREFIX: `test-${randomUUID()}:`, CONSOLE_LOGIN: 'true' };
  gateway = await startGateway({ sandbox, env });
}, 120_000);

beforeEach(async () => {
  const open = await openPage(new URL('/', gateway.url).href);
  page = open.page;
  close = () => open.browser.close();
}, 120_000);

afterEach(() => close());

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

const signIn = async (token: string) => {
  await page.getByRole('button', { name: 'With a token' }).click();
  await page.getByLabel('Token (X-Auth-Token)').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await connection('Live');
};
const connection = (text: string | RegExp) => page.locator('.connection').getByText(text).waitFor();
const inList = (list: string, text: string | RegExp) =>
  page.getByRole('list', { name: list }).getByText(text).first().waitFor();

async function attach(serverId: string, shareId: string) {
  const document = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }';
  const { errors } = await gateway.query(document, { input: { serverId, shareId } });
  expect(errors).toBeUndefined();
}

/** What axe-core finds wrong, one line each. */
async function axeViolations(): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate<string[]>(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`);
}

test('the gateway restarts, and a share is attached meanwhile -> lost, then resumed with what happened', async () => {
  await signIn(gateway.token);
  await gateway.app.close();
  await connection('Connection lost');
  const other = await startGateway({ sandbox, env: { ...env, PORT: '0' } });
  gateway = { ...gateway, query: other.query };
  await attach(DEMO.serverId, DEMO.nfsShareId);
  await sandbox.waitForRules(DEMO.nfsShareId, (rules) => rules.some(({ state }) => state === 'active'));
  await other.app.close();
  gateway = await startGateway({ sandbox, env });
  await connection(/Connection resumed, \d+ events? caught up/);
  await inList('Attachments', 'home-dirs');
  await inList('Attachments', 'Attached');
});

test('the token is revoked -> asked for again, and what was selected and shown stays', async () => {
  const token = sandbox.issueToken('demo');
  await signIn(token);
  await page.getByLabel('Filter servers by name').fill('web-0');
  await page.getByRole('checkbox', { name: 'web-01' }).check();
  sandbox.revokeToken(token);
  // the gateway caches the validation of a token, not beyond a restart
  await gateway.app.close();
  gateway = await startGateway({ sandbox, env });
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.getByLabel('Password').fill('secret');
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await connection('Live').catch(() => connection('Connection resumed'));
  expect(await page.getByRole('checkbox', { name: 'web-01' }).isChecked()).toBe(true);
  expect(await page.getByLabel('Filter servers by name').inputValue()).toBe('web-0');
});

test('name and password, two projects -> one is chosen, and changed to the other', async () => {
  await page.getByLabel('User name').fill('maria');
  await page.getByLabel('Password').fill('secret');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'other' }).click();
  await page.getByText('maria in project other').waitFor();
  await inList('Servers', 'other-db-01');
  await page.getByRole('button', { name: 'Change' }).click();
  await page.getByRole('dialog', { name: 'Change the project' }).getByRole('button', { name: 'demo' }).click();
  await page.getByText('maria in project demo').waitFor();
});

test('a wrong password -> said, with the request id to copy', async () => {
  await page.getByLabel('User name').fill('demo');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Keystone does not accept the user name').waitFor();
  await page.getByRole('button', { name: 'Copy the request id' }).waitFor();
});

test('Manila is away -> said once beside the shares, servers are shown, and reading again helps', async () => {
  sandbox.down('manila');
  await signIn(gateway.token);
  await inList('Servers', 'test-01');
  const shares = page.getByRole('region', { name: 'Shares' });
  await shares.getByRole('alert').waitFor();
  sandbox.up('manila');
  // the gateway leaves a service that was away alone for a while
  const retry = shares.getByRole('button', { name: 'Try again' });
  const rows = page.getByRole('list', { name: 'Shares' }).getByRole('listitem');
  await until(async () => {
    if (await retry.isVisible()) await retry.click();
    return (await rows.count()) > 0;
  });
});

test.each([
  [1400, 900, 'light'],
  [360, 740, 'dark'],
  [3840, 2160, 'dark'],
] as const)(
  '%d x %d, %s -> axe-core finds nothing, and nothing is wider than the page',
  async (width, height, scheme) => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    expect(await axeViolations()).toEqual([]);
    await signIn(gateway.token);
    const views = width < 1100 ? ['Servers', 'Shares', 'Timeline', 'Attachments'] : ['Timeline', 'Attachments'];
    for (const view of views) {
      await page.getByRole('button', { name: view, exact: true }).click();
      expect(await axeViolations()).toEqual([]);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
  },
);
