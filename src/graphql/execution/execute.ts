import { hash } from 'node:crypto';
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute as executeGraphQL,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import { type ErrorContext, formatError, withCode } from '../errors.ts';
import { createCostCheck } from '../limits/check-cost.ts';
import { type LimitedExecution, startExecution, withResultLimits } from '../limits/result-limits.ts';
import { limitRules, parseOptions, trustedRule } from '../limits/rules.ts';
import type { TrustedDocuments } from '../trusted-documents.ts';
import { createEventSharing } from './event-sharing.ts';
import { createCompiler, type PreparedOperation } from './jit/compile.ts';
import { type SharedExecution, shareExecution } from './shared-execution.ts';

/** Maximum number of validated documents that are cached, and of characters of source in all of them. */
const DOCUMENTS = { max: 1000, maxSize: 1_048_576 };

/** Maximum number of levels of objects and lists in variables; the schema's own inputs have 3. */
const MAX_VARIABLES_DEPTH = 32;

/** One operation from a transport: a document that `parseAndValidate` returned, and the client's other parameters. */
export interface Operation {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly requestId: string;
  readonly log: Logger;
}

/** Validated documents by the SHA-256 of their source in hex; bounded in number and in size. */
export interface Documents {
  get(sha256: string): DocumentNode | undefined;
  set(sha256: string, document: DocumentNode): void;
  /** The document of this source. */
  find(source: string): DocumentNode | undefined;
}

export type Parsed = { readonly document: DocumentNode } | { readonly errors: readonly GraphQLError[] };

/** A started subscription: its source stream, and the operation to execute for each event. */
export interface OpenSubscription {
  readonly source: AsyncIterator<unknown>;
  readonly prepared: PreparedOperation;
}

/** The execution that all transports call. Every error in every result has been formatted by `formatError`. */
export type Executor = ReturnType<typeof createExecutor>;

export interface ExecutorOptions {
  schema: GraphQLSchema;
  config: Config;
  /** The documents that are accepted with TRUSTED_ONLY. */
  trusted?: TrustedDocuments | null;
}

/**
 * Creates the execution of one schema: parse, validate with limits, coerce variables, check the cost, execute, format
 * errors. `parseOptions`, `rules` and `documents` are for Apollo Server, which parses and validates by itself.
 */
export function createExecutor({ schema, config, trusted }: ExecutorOptions) {
  const isAllowed = config.TRUSTED_ONLY ? (source = '') => trusted?.has(source) ?? false : () => true;
  const rules = config.TRUSTED_ONLY ? [...limitRules(config), trustedRule(isAllowed)] : limitRules(config);
  const options = parseOptions(config);
  const hideSuggestions = !config.INTROSPECTION;
  const documents = createDocuments(isAllowed);
  const limitedSchema = withResultLimits(schema);
  const compiler = createCompiler(limitedSchema);
  const checkCost = createCostCheck(schema, config.MAX_COST);

  /** Returns a document that can be executed, or the formatted errors. Never throws. */
  function parseAndValidate(source: string, errorContext: ErrorContext): Parsed {
    const cached = documents.find(source);
    if (cached) return { document: cached };
    const parsed = read(source);
    if ('errors' in parsed) return { errors: parsed.errors.map((error) => format(error, errorContext)) };
    documents.set(sha256Of(source), parsed.document);
    return parsed;
  }

  function read(source: string): Parsed {
    try {
      const document = parse(source, options);
      const errors = validate(schema, document, [...specifiedRules, ...rules], { hideSuggestions });
      return errors.length === 0 ? { document } : { errors: errors.map(withValidationCode) };
    } catch (error) {
      const isSyntaxError = error instanceof GraphQLError;
      return { errors: [isSyntaxError ? withCode(error, 'GRAPHQL_PARSE_FAILED') : asGraphQLError(error)] };
    }
  }

  /** Executes a query or a mutation. Never rejects; a result without `data` was rejected before execution. */
  async function execute(operation: Operation & { context: unknown }): Promise<ExecutionResult> {
    const prepared = prepare(operation);
    if ('errors' in prepared) return prepared;
    const { context, variables } = operation;
    const sharedExecution = (context as { sharedExecution?: SharedExecution } | null)?.sharedExecution;
    const request = { operation: prepared.operation, variables };
    return shareExecution(sharedExecution, request, () => run(operation, prepared, context));
  }

  /**
   * Starts a subscription: returns its source stream, or a result with `errors` when it cannot start. `context` is the
   * source's. Errors that the source throws are the caller's to format, with `formatError`.
   */
  async function subscribe(operation: Operation & { context: unknown }): Promise<OpenSubscription | ExecutionResult> {
    const prepared = prepare(operation);
    if ('errors' in prepared) return prepared;
    const stream = await openSource(operation);
    if (!(Symbol.asyncIterator in stream)) return withFormattedErrors(stream, operation);
    return { source: stream[Symbol.asyncIterator](), prepared };
  }

  /**
   * Executes one event once for all subscribers with the same operation. Returns null when the result has errors: those
   * carry a request id, so each subscriber gets its own from `executeSubscriptionEvent`, with a context of its own.
   */
  async function executeShared(
    operation: Operation,
    prepared: PreparedOperation,
    context: unknown,
    event: unknown,
  ): Promise<ExecutionResult | null> {
    try {
      const result = await executeFields(operation, prepared, context, event);
      return result.errors ? null : result;
    } catch {
      return null;
    }
  }

  async function openSource(operation: Operation & { context: unknown }) {
    try {
      return await createSourceEventStream({ ...argsOf(operation), contextValue: operation.context });
    } catch (error) {
      return { errors: [asGraphQLError(error)] };
    }
  }

  /** Chooses the operation, coerces its variables and checks its cost: everything before the first resolver runs. */
  function prepare({
    document,
    operationName,
    variables,
    ...errorContext
  }: Operation): { errors: readonly GraphQLError[] } | PreparedOperation {
    const operation = getOperationAST(document, operationName);
    if (!operation) return { errors: [format(unknownOperation(operationName), errorContext)] };
    if (isDeeperThan(MAX_VARIABLES_DEPTH, variables)) return { errors: [format(tooDeepVariables(), errorContext)] };
    const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {}, { maxErrors: 20 });
    if (coerced.errors) {
      return { errors: coerced.errors.map((error) => format(withCode(error, 'BAD_USER_INPUT'), errorContext)) };
    }
    const costError = checkCost(document, operation, coerced.coerced);
    return costError
      ? { errors: [format(costError, errorContext)] }
      : { document, operation, variables: coerced.coerced };
  }

  /** Executes a prepared operation and formats its errors. Never rejects. */
  async function run(
    operation: Operation,
    prepared: PreparedOperation,
    context: unknown,
    rootValue?: unknown,
  ): Promise<ExecutionResult> {
    try {
      return withFormattedErrors(await executeFields(operation, prepared, context, rootValue), operation);
    } catch (error) {
      // The execution began: it has no result, but a mutation may have had its effect.
      return { data: null, errors: [format(error, operation)] };
    }
  }

  /** Resolves the fields of an operation within the limits on its result; rejects when it exceeds one. */
  async function executeFields(
    operation: Operation,
    prepared: PreparedOperation,
    context: unknown,
    rootValue: unknown,
  ): Promise<ExecutionResult> {
    const execution = startExecution(config, context);
    return await Promise.race([executeLimited(operation, prepared, execution, rootValue), execution.stopped]);
  }

  /** Compiled from the second use of an operation on where that is possible, else by graphql-js. */
  async function executeLimited(
    operation: Operation,
    prepared: PreparedOperation,
    execution: LimitedExecution,
    rootValue: unknown,
  ): Promise<ExecutionResult> {
    const result = await compiler.find(prepared)?.(rootValue, execution, operation.variables);
    // Without data nothing was executed: graphql-jit rejects some variables that graphql-js accepts.
    if (result && 'data' in result) return result;
    return await executeGraphQL({ ...argsOf(operation), schema: limitedSchema, contextValue: execution, rootValue });
  }

  const argsOf = ({ document, operationName, variables }: Operation) => ({
    schema,
    document,
    operationName: operationName ?? null,
    variableValues: variables ?? null,
  });

  const format = (error: unknown, { requestId, log }: ErrorContext) =>
    formatError(error, { requestId, log, hideSuggestions });

  function withFormattedErrors(result: ExecutionResult, errorContext: ErrorContext): ExecutionResult {
    return result.errors ? { ...result, errors: result.errors.map((error) => format(error, errorContext)) } : result;
  }

  return {
    schema,
    rules,
    parseOptions: options,
    documents,
    hideSuggestions,
    parseAndValidate,
    execute,
    subscribe,
    executeSubscriptionEvent: run,
    executeShared,
    formatError: format,
    eventSharing: createEventSharing(schema),
  };
}

/** The operation that a request selects; null when the document has none of that name, or several and no name is given. */
export function operationOf(document: DocumentNode, operationName?: string | null): OperationDefinitionNode | null {
  return getOperationAST(document, operationName) ?? null;
}

function createDocuments(isAllowed: (source?: string) => boolean): Documents {
  const documents = new LRUCache<string, DocumentNode>({
    ...DOCUMENTS,
    sizeCalculation: (document) => document.loc?.source.body.length || 1,
  });
  // A subscription holds its document for longer than the cache does: one source never has a second document meanwhile.
  const held = new Map<string, WeakRef<DocumentNode>>();
  const collected = new FinalizationRegistry<string>((sha256) => {
    if (!held.get(sha256)?.deref()) held.delete(sha256);
  });
  function get(sha256: string): DocumentNode | undefined {
    const document = documents.get(sha256) ?? held.get(sha256)?.deref();
    // a document that is no longer trusted is validated again, and rejected
    return document && isAllowed(document.loc?.source.body) ? document : undefined;
  }
  return {
    get,
    set(sha256, document) {
      documents.set(sha256, document);
      held.set(sha256, new WeakRef(document));
      collected.register(document, sha256);
    },
    find: (source) => get(sha256Of(source)),
  };
}

const sha256Of = (source: string) => hash('sha256', source, 'hex');

/** Adds GRAPHQL_VALIDATION_FAILED to an error without a code; the limits' errors have one. */
function withValidationCode(error: GraphQLError): GraphQLError {
  return error.extensions.code ? error : withCode(error, 'GRAPHQL_VALIDATION_FAILED');
}

function unknownOperation(operationName: string | null | undefined): GraphQLError {
  const message = operationName
    ? `The document has no operation named ${JSON.stringify(operationName.slice(0, 100))}`
    : 'The document has several operations, or none: choose one with `operationName`';
  return new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } });
}

function tooDeepVariables(): GraphQLError {
  const message = `variables: expected at most ${MAX_VARIABLES_DEPTH} levels of objects and lists`;
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}

/** Whether JSON has more levels than `depth`. Without recursion: client JSON can be deeper than the call stack. */
function isDeeperThan(depth: number, json: unknown): boolean {
  let level: unknown[] = [json];
  for (let at = 0; at <= depth; at++) {
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
    if (level.length === 0) return false;
  }
  return true;
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(`thrown: ${typeof error}`);
  return new GraphQLError(originalError.message, { originalError });
}
