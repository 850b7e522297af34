/** Trusted documents: operations that the operator has released, by their ids (GraphQL over HTTP, "Persisted Operations"). */
import { hash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parse } from 'graphql';
import { z } from 'zod';

/** Maximum number of documents, and of bytes in one file. */
const MAX_DOCUMENTS = 10_000;
const MAX_FILE_BYTES = 16_777_216;

/** A manifest of Apollo's tools, or `{"<id>": "<document>"}`. */
const MANIFEST = z.union([
  z.object({
    format: z.literal('apollo-persisted-query-manifest'),
    operations: z.array(z.object({ id: z.string().min(1).max(256), body: z.string() })),
  }),
  z.record(z.string().min(1).max(256), z.string()),
]);

export interface TrustedDocuments {
  /** The document of an id: `sha256:<hex>` of its text, or the id that its file gives it. */
  find(id: string): string | undefined;
  /** Whether the text is that of a trusted document. */
  has(source: string): boolean;
  /** Reads the files again. Throws an Error that names the file that is wrong; then the documents stay as they were. */
  reload(): void;
}

/**
 * Reads trusted documents from a file or from all `.json` and `.graphql` files of a folder. Throws an Error that names the
 * file that is wrong.
 */
export function loadTrustedDocuments(path: string): TrustedDocuments {
  let byId = readAll(path);
  let sources = new Set(byId.values());
  return {
    find: (id) => byId.get(id),
    has: (source) => sources.has(source),
    reload() {
      byId = readAll(path);
      sources = new Set(byId.values());
    },
  };
}

function readAll(path: string): Map<string, string> {
  const documents = new Map<string, string>();
  for (const file of filesOf(path)) {
    for (const [id, source] of readDocuments(file)) {
      assertParses(file, id, source);
      const earlier = documents.get(id);
      if (earlier !== undefined && earlier !== source)
        throw new Error(`${file}: ${id} is in another file, with another text`);
      documents.set(id, source);
      documents.set(`sha256:${hash('sha256', source, 'hex')}`, source);
    }
  }
  if (documents.size > 2 * MAX_DOCUMENTS) throw new Error(`${path}: expected at most ${MAX_DOCUMENTS} documents`);
  return documents;
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => ['.json', '.graphql'].includes(extname(name)));
  return names.toSorted().map((name) => join(path, name));
}

function readDocuments(file: string): [id: string, source: string][] {
  const { size } = statSync(file);
  if (size > MAX_FILE_BYTES) throw new Error(`${file}: expected at most ${MAX_FILE_BYTES} bytes, got ${size}`);
  const text = readFileSync(file, 'utf8');
  if (extname(file) === '.graphql') return [[`sha256:${hash('sha256', text, 'hex')}`, text]];
  const manifest = MANIFEST.safeParse(jsonOf(file, text));
  if (!manifest.success) {
    throw new Error(`${file}: expected a manifest of Apollo's tools, or an object of documents by their ids`);
  }
  const { data } = manifest;
  return isApolloManifest(data) ? data.operations.map(({ id, body }) => [id, body]) : Object.entries(data);
}

function isApolloManifest(
  manifest: z.output<typeof MANIFEST>,
): manifest is Extract<z.output<typeof MANIFEST>, { operations: unknown[] }> {
  return Array.isArray(manifest.operations);
}

function jsonOf(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${file}: expected JSON`);
  }
}

function assertParses(file: string, id: string, source: string): void {
  try {
    parse(source);
  } catch (error) {
    throw new Error(`${file}: ${id} is not a GraphQL document: ${(error as Error).message}`);
  }
}
