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

/** Maximum number of compiled operations that are cached, and of characters of source in all of them. */
const COMPILED = { max: 500, maxSize: 262_144 };
/** Maximum number of operations that wait to be compiled; any further one is queued at its next use. */
const MAX_QUEUED = 50;
/** Maximum number of variables in @skip and @include: each combination of their values is compiled separately. */
const MAX_CONDITIONS = 4;

/** Executes a query, or one event of a subscription, with the variables as the client sent them. */
export type RunCompiled = CompiledQuery['query'];

/** An operation with its coerced variables, which select its variant. */
export interface PreparedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** An operation for one combination of values in @skip and @include. */
interface Variant extends PreparedOperation {
  state: 'new' | 'used' | 'impossible';
}

interface Plan {
  readonly conditions: readonly string[];
  /** Variables that must be present: graphql-jit takes an absent one for null. */
  readonly required: readonly string[];
  readonly variants: Map<string, Variant>;
}

export interface Compiler {
  /** Returns the compiled operation; null when there is none yet, so that graphql-js executes it. */
  find(prepared: PreparedOperation): RunCompiled | null;
}

/**
 * Compiles operations with graphql-jit on their second use, one per tick of the event loop and after the request that
 * queued it. Caches a bounded number of them; an operation that graphql-jit cannot compile is tried once.
 */
export function createCompiler(schema: GraphQLSchema): Compiler {
  const compiled = new LRUCache<Variant, RunCompiled>(COMPILED);
  const plans = new WeakMap<OperationDefinitionNode, Plan>();
  const waiting = new Set<Variant>();

  function find(prepared: PreparedOperation): RunCompiled | null {
    const variant = variantOf(prepared);
    if (!variant || variant.state === 'impossible') return null;
    const cached = compiled.get(variant);
    if (cached) return cached;
    if (variant.state === 'used') enqueue(variant);
    variant.state = 'used';
    return null;
  }

  function variantOf(prepared: PreparedOperation): Variant | null {
    let plan = plans.get(prepared.operation);
    if (!plan) {
      const { document } = prepared;
      plan = { conditions: conditionsOf(document), required: innerVariablesOf(document), variants: new Map() };
      plans.set(prepared.operation, plan);
    }
    const { conditions, required, variants } = plan;
    if (conditions.length > MAX_CONDITIONS || !required.every((name) => Object.hasOwn(prepared.variables, name)))
      return null;
    const key = conditions.map((name) => (prepared.variables[name] ? '1' : '0')).join('');
    let variant = variants.get(key);
    if (!variant) {
      const values = Object.fromEntries(conditions.map((name) => [name, prepared.variables[name]]));
      variant = { ...prepared, variables: values, state: 'new' };
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

/** Compiles an operation of a valid document; null when graphql-jit cannot. It changes nodes, so it parses its own. */
export function compileOperation(
  schema: GraphQLSchema,
  { document, operation, variables }: PreparedOperation,
): RunCompiled | null {
  const source = document.loc?.source;
  if (!source || !isSupported(schema, document, operation)) return null;
  const compiled = compileQuery(schema, applySkipInclude(parse(source), variables), operation.name?.value ?? '', {
    disablingCapturingStackErrors: true,
  });
  if (!isCompiledQuery(compiled)) return null;
  return async (root, context, variableValues) =>
    withPositions(await compiled.query(root, context, variableValues), source);
}

/** Adds source and positions to errors, as graphql-js does: graphql-jit gives line and column only. */
function withPositions(result: ExecutionResult, source: Source): ExecutionResult {
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

/** The offset of each line. GraphQL has three line terminators. */
function lineStarts(body: string): number[] {
  return [0, ...Array.from(body.matchAll(/\r\n|[\n\r]/g), (found) => found.index + found[0].length)];
}
