import type { BrowserContext, Page } from 'playwright-core';
import { startChromium } from './chromium.ts';

/** A browser with one page, and what that page must never do. */
export interface OpenPage {
  readonly page: Page;
  readonly browser: BrowserContext;
  /** Requests to another host, violations of the policy, and errors and warnings that the page logged. */
  readonly violations: string[];
}

/** Opens a URL in a new browser with an empty profile. */
export async function openPage(address: string): Promise<OpenPage> {
  const browser = await startChromium();
  browser.setDefaultTimeout(20_000);
  const page = await browser.newPage();
  const violations: string[] = [];
  const { host } = new URL(address);
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.host !== host) violations.push(`requested ${request.url()}`);
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== host) violations.push(`opened ${socket.url()}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') violations.push(message.text());
  });
  page.on('pageerror', (error) => violations.push(error.message));
  await page.goto(address);
  return { page, browser, violations };
}
