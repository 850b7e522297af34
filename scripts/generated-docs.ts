import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { readConfig, SETTINGS } from '../src/config.ts';
import { ERROR_CODES, FAULT_CODES } from '../src/errors.ts';
import { type LabelValues, SERIES, type Series } from '../src/metrics/series.ts';

/** A part of a page in docs/ that is made from the code. It stands between `<!-- name -->` and `<!-- /name -->`. */
export interface GeneratedPart {
  readonly file: string;
  readonly name: string;
  make(): string;
}

export const GENERATED_PARTS: readonly GeneratedPart[] = [
  { file: 'docs/configuration.md', name: 'settings', make: settingsTable },
  { file: 'docs/errors.md', name: 'codes', make: codesTable },
  { file: 'docs/errors.md', name: 'faults', make: faultsTable },
  { file: 'docs/operations.md', name: 'metrics', make: metricsTable },
];

function settingsTable(): string {
  const defaults = readConfig({}) as unknown as Record<string, unknown>;
  const rows = Object.entries(SETTINGS).map(([name, setting]) => {
    const shown = 'shown' in setting && setting.shown ? setting.shown : `\`${String(defaults[name])}\``;
    return [`\`${name}\``, shown, setting.description];
  });
  return table(['Setting', 'Default', 'Description'], rows);
}

function codesTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { status, when, then }]) => [
    `\`${code}\``,
    String(status),
    when,
    then,
  ]);
  return table(['Code', 'HTTP status', 'When', 'What to do'], rows);
}

function faultsTable(): string {
  const rows = Object.entries(FAULT_CODES).map(([code, { when, then }]) => [`\`${code}\``, when, then]);
  return table(['Code', 'When', 'What to do'], rows);
}

function metricsTable(): string {
  const rows = Object.entries<Series>(SERIES).map(([name, { type, help, labels }]) => [
    `\`${name}\``,
    type,
    Object.entries(labels).map(describeLabel).join(', ') || '–',
    help,
  ]);
  return table(['Metric', 'Type', 'Labels (number of values)', 'What'], rows);
}

/** A label with the number of values that it may have, `other` not counted. */
function describeLabel([label, values]: [string, LabelValues]): string {
  return `\`${label}\` (${typeof values === 'number' ? values : values.length})`;
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The text of the page as it should be: every part of it made anew. Throws when a page lacks the markers of a part. */
export function generatedPage(file: string): string {
  const parts = GENERATED_PARTS.filter((part) => part.file === file);
  return parts.reduce(
    (text, { name, make }) => {
      const [before, rest] = text.split(`<!-- ${name} -->\n`);
      const after = rest?.split(`<!-- /${name} -->`)[1];
      if (before === undefined || after === undefined) throw new Error(`${file} has no part <!-- ${name} -->`);
      return `${before}<!-- ${name} -->\n${make()}\n<!-- /${name} -->${after}`;
    },
    readFileSync(file, 'utf8'),
  );
}

/** Writes the generated parts of all pages. */
export function writeGeneratedDocs(): void {
  for (const file of new Set(GENERATED_PARTS.map((part) => part.file))) writeFileSync(file, generatedPage(file));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeGeneratedDocs();
