import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseFileSync } from '@swc/core';
import { checkSync } from 'recheck';

/**
 * Regular expressions meet text of clients and of OpenStack, so each takes linear time: otherwise one request could block
 * the event loop for all. A pattern that is made at run time cannot be checked here; each place is listed with its reason.
 */

const SOURCE = new URL('../../src/', import.meta.url);

/** Files with `new RegExp`, and why its time is bounded. */
const MADE_AT_RUN_TIME: Record<string, string> = {
  'sandbox/manila/list.ts': 'the sandbox matches names as Manila does, with the pattern of the client',
  'sandbox/nova/list.ts': 'the sandbox matches names as Nova does, with the pattern of the client',
  'transport/compute-api/links.ts': 'escaped URLs of the catalog in one alternation, without repetition',
};

interface Node {
  readonly type?: string;
  readonly pattern?: string;
  readonly flags?: string;
  readonly callee?: { readonly value?: string };
}

function* nodesOf(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value) yield value as Node;
  for (const one of Object.values(value)) yield* nodesOf(one);
}

const files = readdirSync(SOURCE, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => {
    const path = new URL(name, SOURCE).pathname;
    return { name, nodes: [...nodesOf(parseFileSync(path, { syntax: 'typescript', target: 'es2024' }))] };
  });

test('every regular expression of the source takes linear time', () => {
  const literals = files.flatMap(({ name, nodes }) =>
    nodes
      .filter(({ type }) => type === 'RegExpLiteral')
      .map(({ pattern = '', flags = '' }) => ({ name, pattern, flags })),
  );
  expect(literals.length).toBeGreaterThan(50);
  const checked = new Map<string, string>();
  const slow = literals.filter(({ pattern, flags }) => {
    const key = `/${pattern}/${flags}`;
    const status = checked.get(key) ?? checkSync(pattern, flags, { timeout: 60_000 }).status;
    checked.set(key, status);
    return status !== 'safe';
  });
  expect(slow).toEqual([]);
}, 300_000);

test('patterns are made at run time in the listed files only', () => {
  const makes = ({ type, callee }: Node) =>
    (type === 'NewExpression' || type === 'CallExpression') && callee?.value === 'RegExp';
  const found = files.filter(({ nodes }) => nodes.some(makes)).map(({ name }) => name);
  expect(found.sort()).toEqual(Object.keys(MADE_AT_RUN_TIME).sort());
});

describe('the check itself', () => {
  test.each([
    ['quadratic from each start', '\\s+$'],
    ['exponential', '^(a+)+$'],
  ])('%s -> found', (_name, pattern) => {
    expect(checkSync(pattern, '').status).toBe('vulnerable');
  });
});
