import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { readConfig, SETTINGS } from '../../src/config.ts';
import { ERROR_CODES } from '../../src/errors.ts';

/** README's tables are made from the code. `UPDATE_README=1 npm test -- test/unit/readme` writes them anew. */

const FILE = new URL('../../README.md', import.meta.url);

function settingsTable(): string {
  const defaults = readConfig({}) as unknown as Record<string, unknown>;
  const rows = Object.entries(SETTINGS).map(([name, setting]) => {
    const shown = 'shown' in setting && setting.shown ? setting.shown : `\`${String(defaults[name])}\``;
    return `| \`${name}\` | ${shown} | ${setting.about} |`;
  });
  return ['| Setting | Default | What it is |', '|---|---|---|', ...rows].join('\n');
}

function codesTable(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { status, when, then }]) => `| \`${code}\` | ${status} | ${when} | ${then} |`,
  );
  return ['| Code | HTTP status | When | What to do |', '|---|---|---|---|', ...rows].join('\n');
}

/** The program that the tests cut off a hundred times. */
function listenerProgram(): string {
  const source = readFileSync(new URL('../chaos/listener-program.mjs', import.meta.url), 'utf8');
  return `\`\`\`js\n${source}\`\`\``;
}

test.each([
  ['settings', settingsTable],
  ['codes', codesTable],
  ['listener', listenerProgram],
])("README's %s are the code's", (name, made) => {
  if (process.env.UPDATE_README) rewrite(name, made());
  expect(written(name)).toBe(`${made()}\n`);
});

function parts(name: string): [before: string, written: string, after: string] {
  const [before = '', rest = ''] = readFileSync(FILE, 'utf8').split(`<!-- ${name} -->\n`);
  const [table = '', after = ''] = rest.split(`<!-- /${name} -->`);
  return [before, table, after];
}

function written(name: string): string {
  return parts(name)[1];
}

function rewrite(name: string, table: string): void {
  const [before, , after] = parts(name);
  writeFileSync(FILE, `${before}<!-- ${name} -->\n${table}\n<!-- /${name} -->${after}`);
}
