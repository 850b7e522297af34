import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  parse,
  type Source,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import { applySkipInclude, conditionsOf, innerVariablesOf } from './skip-include.ts';
import { isSupported } from './supported.ts';

/** How many compiled operations are kept, and how many characters of source they may come from. */
const COMPILED = { max: 500, maxSize: 262_144 };
/** How many operations may wait to be compiled; more are asked again when they are used again. */
const MAX_QUEUED = 50;
/** How many variables may decide by @skip and @include: each of their values is compiled by itself. */
const MAX_CONDITIONS = 4;

/** A query, or one event of a subscription, with the variables as the client sent them. */
export type RunCompiled = CompiledQuery['query'];

/** An operation with the variables as coerced: they decide which of its variants is meant. */
export interface PreparedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** An operation for one set of decisions. */
interface Variant extends PreparedOperation {
  state: 'new' | 'used' | 'impossible';
}

interface Plan {
  readonly conditions: readonly string[];
  /** Must be given: graphql-jit takes those that are left out for null. */
  readonly needed: readonly string[];
  readonly variants: Map<string, Variant>;
}

export interface Compiler {
  /** The compiled operation; null while there is none: then graphql-js is to execute it. */
  find(wanted: PreparedOperation): RunCompiled | null;
}

/**
 * Compiles operations with graphql-jit on their second use, one at a time and never inside the request that asks for it.
 * Keeps a bounded number; what cannot be compiled is tried once.
 */
export function createCompiler(schema: GraphQLSchema): Compiler {
  const compiled = new LRUCache<Variant, RunCompiled>(COMPILED);
  const plans = new WeakMap<OperationDefinitionNode, Plan>();
  const waiting = new Set<Variant>();

  function find(wanted: PreparedOperation): RunCompiled | null {
    const variant = variantOf(wanted);
    if (!variant || variant.state === 'impossible') return null;
    const found = compiled.get(variant);
    if (found) return found;
    if (variant.state === 'used') enqueue(variant);
    variant.state = 'used';
    return null;
  }

  function variantOf(wanted: PreparedOperation): Variant | null {
    let plan = plans.get(wanted.operation);
    if (!plan) {
      const { document } = wanted;
      plan = { conditions: conditionsOf(document), needed: innerVariablesOf(document), variants: new Map() };
      plans.set(wanted.operation, plan);
    }
    const { conditions, needed, variants } = plan;
    if (conditions.length > MAX_CONDITIONS || !needed.every((name) => Object.hasOwn(wanted.variables, name)))
      return null;
    const key = conditions.map((name) => (wanted.variables[name] ? '1' : '0')).join('');
    let variant = variants.get(key);
    if (!variant) {
      const values = Object.fromEntries(conditions.map((name) => [name, wanted.variables[name]]));
      variant = { ...wanted, variables: values, state: 'new' };
      variants.set(key, variant);
    }
    return variant;
  }

  function enqueue(variant: Variant): void {
    if (waiting.has(variant) || waiting.size >= MAX_QUEUED) return;
    waiting.add(variant);
    if (waiting.size === 1) setImmediate(compileNext);
  }

  function compileNext(): void {
    for (const variant of waiting) {
      const run = compileOperation(schema, variant);
      if (run) compiled.set(variant, run, { size: variant.document.loc?.source.body.length || 1 });
      else variant.state = 'impossible';
      waiting.delete(variant);
      break;
    }
    if (waiting.size > 0) setImmediate(compileNext);
  }

  return { find };
}

/** An operation of a valid document as a function; null for what graphql-jit cannot take. It writes into the nodes, so it gets its own. */
export function compileOperation(
  schema: GraphQLSchema,
  { document, operation, variables }: PreparedOperation,
): RunCompiled | null {
  const source = document.loc?.source;
  if (!source || !isSupported(schema, document, operation)) return null;
  const made = compileQuery(schema, applySkipInclude(parse(source), variables), operation.name?.value ?? '', {
    disablingCapturingStackErrors: true,
  });
  if (!isCompiledQuery(made)) return null;
  return async (root, context, given) => located(await made.query(root, context, given), source);
}

/** The errors with their place in the document as graphql-js has it: graphql-jit knows line and column only. */
function located(result: ExecutionResult, source: Source): ExecutionResult {
  if (!result.errors) return result;
  const starts = lineStarts(source.body);
  const errors = result.errors.map(({ message, path, originalError, locations, extensions }) => {
    const positions = (locations ?? []).map(({ line, column }) => (starts[line - 1] ?? 0) + column - 1);
    return new GraphQLError(message, {
      source,
      positions,
      path: path ?? null,
      originalError: originalError ?? null,
      extensions,
    });
  });
  return { ...result, errors };
}

/** Where each line of a document begins. GraphQL ends lines with any of three. */
function lineStarts(body: string): number[] {
  return [0, ...Array.from(body.matchAll(/\r\n|[\n\r]/g), (found) => found.index + found[0].length)];
}
