import type { DocumentNode } from 'graphql';
import type { Acquired } from './quota.ts';

/** Heap per character of a document's source: measured 57 bytes for the parsed and compiled document of a subscription. */
const DOCUMENT_FACTOR = 64;
/** Heap per character of JSON: `[]` becomes 16 bytes, and a subscription has the variables as sent and as coerced. */
const VARIABLES_FACTOR = 16;
/** Heap of a subscription beside its document and variables. */
const SUBSCRIPTION_BYTES = 4096;

/** Where the memory of subscriptions is counted. */
export type MemoryScope = 'socket' | 'token' | 'total';

interface Use {
  bytes: number;
  /** How many subscriptions have each document. Executor.parseAndValidate returns one document for equal sources. */
  readonly documents: Map<DocumentNode, number>;
}

/**
 * Limits the memory, estimated in bytes, that subscriptions hold in each scope. A document counts once per scope, however
 * many subscriptions have it.
 */
export function createMemoryQuota(limits: Readonly<Record<MemoryScope, number>>) {
  const scopes = Object.keys(limits) as MemoryScope[];
  const uses = new Map(scopes.map((scope) => [scope, new Map<string, Use>()]));

  function entryOf(scope: MemoryScope, key: string): Use {
    const inScope = uses.get(scope) as Map<string, Use>;
    const found = inScope.get(key) ?? { bytes: 0, documents: new Map() };
    inScope.set(key, found);
    return found;
  }

  function release(scope: MemoryScope, key: string, document: DocumentNode, bytes: number): void {
    const use = entryOf(scope, key);
    const left = (use.documents.get(document) ?? 1) - 1;
    use.bytes -= bytes;
    if (left > 0) {
      use.documents.set(document, left);
    } else {
      use.documents.delete(document);
      use.bytes -= bytesOf(document);
    }
    if (use.documents.size === 0) uses.get(scope)?.delete(key);
  }

  /** Counts a subscription in each scope under its key, or nothing if one scope has no room. */
  return function acquire(
    keys: Readonly<Record<MemoryScope, string>>,
    document: DocumentNode,
    variables: unknown,
  ): Acquired<MemoryScope> {
    const bytes = SUBSCRIPTION_BYTES + VARIABLES_FACTOR * JSON.stringify(variables ?? {}).length;
    const added = (use: Use) => bytes + (use.documents.has(document) ? 0 : bytesOf(document));
    const exceeded = scopes.find((scope) => {
      const use = uses.get(scope)?.get(keys[scope]) ?? { bytes: 0, documents: new Map() };
      return use.bytes + added(use) > limits[scope];
    });
    if (exceeded !== undefined) return { exceeded };
    for (const scope of scopes) {
      const use = entryOf(scope, keys[scope]);
      use.bytes += added(use);
      use.documents.set(document, (use.documents.get(document) ?? 0) + 1);
    }
    return {
      release: () => {
        for (const scope of scopes) release(scope, keys[scope], document, bytes);
      },
    };
  };
}

function bytesOf(document: DocumentNode): number {
  return DOCUMENT_FACTOR * (document.loc?.source.body.length ?? 1);
}
