import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { openPage } from '../support/browser-page.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';

let gateway: GatewayProcess;
let browser: BrowserContext;
let page: Page;
let violations: string[];

beforeAll(async () => {
  gateway = await startGatewayProcess();
}, 120_000);

beforeEach(async () => {
  ({ browser, page, violations } = await openPage(gateway.graphiql));
  // GraphiQL ignores input before its editors have loaded
  await page.locator('.graphiql-query-editor .monaco-editor').waitFor();
  await page.locator('.result-window .monaco-editor').waitFor();
}, 300_000);

afterEach(() => browser.close());

afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
});

const run = () => page.getByRole('button', { name: 'Execute query' }).click();
const openTab = (name: string) => page.getByRole('tab', { name }).click();
const inResult = (text: string | RegExp) => page.locator('.result-window').getByText(text).first().waitFor();
const tokenStatus = (text: string | RegExp) => page.locator('header output').getByText(text).waitFor();
const typeToken = async (token: string) => {
  await page.getByLabel('Token (X-Auth-Token)').fill(token);
  await page.keyboard.press('Enter');
};

test('the page is opened and the first tab run -> the dashboard, and no request to another host', async () => {
  await page.getByText('Sandbox cloud: nothing here is real').waitFor();
  await tokenStatus('demo in project demo');
  await run();
  await inResult('web-01');
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByText('A GraphQL schema provides a root type').waitFor();
  const tabs = await page.getByRole('tab').allInnerTexts();
  const names = tabs.map((text) => text.split(/\W/)[0]);
  expect(names).toEqual([
    'Dashboard',
    'Listen',
    'Attach',
    'Detach',
    'Check',
    'Virtiofs',
    'Start',
    'Shares',
    'Many',
    'History',
    'Find',
    'Quota',
    'ShareEvents',
    'CreateShare',
    'ResizeShare',
    'Snapshot',
    'DeleteShare',
  ]);
  expect(violations).toEqual([]);
});

test('typing in the editor -> the schema completes the word', async () => {
  await tokenStatus('demo in project demo');
  await page.getByRole('button', { name: 'New tab' }).click();
  await page.locator('.graphiql-query-editor .monaco-editor').click();
  await page.keyboard.type('{ shareAtt');
  await page.locator('.suggest-widget').getByText('shareAttachments').first().waitFor();
  expect(violations).toEqual([]);
});

test('subscribe in one tab, attach and detach in others -> all events are shown on return, and more arrive', async () => {
  await tokenStatus('demo in project demo');
  await openTab('Listen');
  await run();
  await inResult('received');
  await openTab('Attach');
  await run();
  await inResult('ATTACHING');
  await openTab('Listen');
  await inResult(/^"ATTACHED"$/);
  await openTab('Detach');
  await run();
  await inResult('DETACHING');
  await openTab('Listen');
  await inResult(/^"DETACHED"$/);
  await page.getByRole('button', { name: 'Stop query' }).click();
  await page.getByRole('button', { name: 'Execute query' }).waitFor();
  expect(violations).toEqual([]);
});

test('attach by virtiofs, then start the server -> ATTACHED and ACTIVE, each operation of a tab by its name', async () => {
  await tokenStatus('demo in project demo');
  await openTab('Listen');
  await run();
  await inResult('received');
  await openTab('Virtiofs');
  await run();
  await inResult('mkdir -p /mnt/data && mount -t virtiofs data /mnt/data');
  await openTab('Listen');
  await inResult(/^"ATTACHED"$/);
  await openTab('Start');
  // the button has a menu once the editor has found the tab's operations
  await page.locator('.graphiql-execute-button[aria-haspopup="menu"]').waitFor();
  await run();
  await page.getByRole('menuitem', { name: 'Start' }).click();
  await inResult(/^"powering-on"$/);
  expect(violations).toEqual([]);
});

test('an invalid token -> reported at the token box, in the result and by the socket; a valid one again -> works', async () => {
  const good = await page.getByLabel('Token (X-Auth-Token)').inputValue();
  await tokenStatus('demo in project demo');
  await typeToken('no-such-token');
  await tokenStatus('Keystone does not know the token');
  await run();
  await inResult('UNAUTHENTICATED');
  await openTab('Listen');
  await run();
  await inResult('The socket was closed');
  await typeToken('');
  await tokenStatus('No token');
  await openTab('Shares');
  await run();
  await inResult('No token');
  await typeToken(good);
  await tokenStatus('demo in project demo');
  await run();
  await inResult('exportLocations');
});

test('a token in the headers editor -> used, and no token is ever kept by the browser', async () => {
  const token = await page.getByLabel('Token (X-Auth-Token)').inputValue();
  await tokenStatus('demo in project demo');
  await typeToken('');
  await tokenStatus('No token');
  await page.getByRole('button', { name: 'Headers' }).click();
  await page.locator('[aria-label="Headers"] .monaco-editor:visible').click();
  await page.keyboard.insertText(JSON.stringify({ 'x-auth-token': token }));
  await run();
  await inResult('web-01');
  // GraphiQL stores its history at once and its tabs half a second later
  await page.waitForFunction("localStorage['graphiql:tabState'] && localStorage['graphiql:queries']");
  const kept = await page.evaluate<string>('JSON.stringify({ ...localStorage, ...sessionStorage })');
  expect(kept).toContain('Dashboard');
  expect(kept).not.toContain(token);
});

test('the gateway is away -> the header says so, and at 420 px nothing is wider than the page', async () => {
  await tokenStatus('demo in project demo');
  await page.setViewportSize({ width: 420, height: 800 });
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(420);
  await page.getByRole('link', { name: 'Console' }).waitFor();
  await page.route('**/graphql', (route) => route.abort());
  await run();
  await page.locator('header').getByText('The gateway did not respond').waitFor();
  await page.unroute('**/graphql');
  await run();
  await page.locator('header [role=alert]').waitFor({ state: 'detached' });
});
