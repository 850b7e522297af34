import { readdirSync, statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { DEMO } from '../../src/sandbox/index.ts';
import { type OpenPage, openPage } from '../support/browser-page.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
let open: OpenPage;
let page: Page;

beforeAll(async () => {
  gateway = await startGateway();
}, 120_000);

beforeEach(async () => {
  open = await openPage(new URL('/', gateway.url).href);
  page = open.page;
}, 120_000);

afterEach(() => open.browser.close());

afterAll(() => gateway.close());

const signIn = async (token = gateway.token) => {
  await page.getByLabel('Token (X-Auth-Token)').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
};
const connection = (text: string | RegExp) => page.locator('.connection').getByText(text).waitFor();
const inList = (list: string, text: string | RegExp) =>
  page.getByRole('list', { name: list }).getByText(text).first().waitFor();
const select = async (list: 'servers' | 'shares', name: string) => {
  await page.getByLabel(`Filter ${list} by name`).fill(name);
  await page.getByRole('checkbox', { name }).check();
};

test('attach a share to two servers, see it arrive on both sides, detach -> each change without a reload', async () => {
  await signIn();
  await connection('Live');
  await select('servers', 'web-01');
  await select('servers', 'web-02');
  await select('shares', 'home-dirs');
  await page.getByRole('button', { name: 'Attach…' }).click();
  await page.getByRole('button', { name: 'Attach 2 of 2' }).click();
  const dialog = page.getByRole('dialog', { name: 'Attach 2 pairs' });
  await dialog.getByText('mkdir -p /mnt/home-dirs && mount -t nfs').nth(2).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await inList('Servers', 'home-dirs');
  await inList('Shares', 'web-01');
  await inList('Shares', 'web-02');
  await page.getByRole('button', { name: /home-dirs.*on.*web-01/ }).click();
  const details = page.getByRole('complementary', { name: 'Details of the attachment' });
  await details.getByText('Mount it in the guest').waitFor();
  await details.getByRole('button', { name: 'Detach…' }).click();
  await page.getByRole('dialog', { name: 'Detach a share' }).getByText('umount /mnt/home-dirs').waitFor();
  await page.getByRole('button', { name: 'Detach', exact: true }).click();
  await page.getByRole('button', { name: 'Timeline' }).click();
  await inList('Timeline', 'Detached');
  await page.getByRole('list', { name: 'Shares' }).getByText('web-01').waitFor({ state: 'detached' });
  await inList('Shares', 'web-02');
  expect(open.violations).toEqual([]);
});

test('another client attaches -> the page shows it, and keeps no token', async () => {
  await signIn();
  await connection('Live');
  await page.getByLabel('Filter shares by name').fill('datasets');
  const input = { serverId: DEMO.twoNetworkServerId, shareId: await shareId('datasets') };
  const document = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }';
  await gateway.query(document, { input });
  await inList('Shares', /^db-01$/);
  await inList('Attachments', 'datasets');
  expect(await page.evaluate<string>('JSON.stringify({ ...localStorage, ...sessionStorage })')).not.toContain(
    gateway.token,
  );
});

test('the built page -> under 300 KB compressed, scripts and styles together', () => {
  const files = readdirSync('dist/console').filter((name) => name.endsWith('.gz'));
  const bytes = files.map((name) => statSync(`dist/console/${name}`).size).reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(300_000);
});

async function shareId(name: string): Promise<string> {
  const { data } = await gateway.query('query ($filter: ShareFilter) { shares(filter: $filter) { nodes { id } } }', {
    filter: { name },
  });
  return data.shares.nodes[0].id;
}
