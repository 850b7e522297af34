import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { GENERATED_PARTS, generatedPage } from '../../scripts/generated-docs.ts';
import { SETTINGS } from '../../src/config.ts';

/** All pages but the changelog, which also names what is gone. */
const PAGES = [...readdirSync('.'), ...['bench', 'docs', 'examples'].flatMap(pagesIn)].filter(
  (name) => name.endsWith('.md') && name !== 'CHANGELOG.md',
);

function pagesIn(directory: string): string[] {
  return readdirSync(directory).map((name) => join(directory, name));
}

test.each([...new Set(GENERATED_PARTS.map((part) => part.file))])(
  '%s: the generated parts are current (npm run docs)',
  (file) => {
    expect(readFileSync(file, 'utf8')).toBe(generatedPage(file));
  },
);

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  test('every path in the repository that it names exists', () => {
    const named = text.matchAll(/`((?:src|test|schema|scripts|bench|examples|web|docs|deploy)\/[\w./-]+)`/g);
    expect([...named].map(([, path = '']) => path).filter((path) => !existsSync(path))).toEqual([]);
  });

  test('every link to a file or a heading leads somewhere', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(page, link))).toEqual([]);
  });
});

test('docs/security.md names every setting that is a limit', () => {
  const limits = Object.keys(SETTINGS).filter((name) =>
    /MAX|TIMEOUT|CONNECTIONS|LENGTH|SECONDS|DEADLINE|LEASE/.test(name),
  );
  const text = readFileSync('docs/security.md', 'utf8');
  expect(limits.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path ? join(dirname(page), path) : page;
  return existsSync(target) && (heading === undefined || headingsOf(target).includes(heading));
}

/** The anchors of a page, as code forges make them from its headings. */
function headingsOf(file: string): string[] {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
