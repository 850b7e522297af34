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
import { limitRules, parseOptions } from '../limits/rules.ts';
import { createEventSharing } from './event-sharing.ts';
import { createCompiler, type PreparedOperation } from './jit/compile.ts';
import { type SharedExecution, shareExecution } from './shared-execution.ts';

/** How many validated documents are kept, and how many characters of source they may come from. */
const DOCUMENTS = { max: 1000, maxSize: 1_048_576 };

/** One operation as a door hands it in: a document that parseAndValidate gave, and what the client sent beside it. */
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

/** A subscription that has begun. */
export interface OpenSubscription {
  readonly source: AsyncIterator<unknown>;
  readonly prepared: PreparedOperation;
}

/** The one execution that both doors call. Every error in every result has been through formatError. */
export type Executor = ReturnType<typeof createExecutor>;

/**
 * Makes the execution for one schema: parse, limits, validate, coerce, cost, run, format. `parseOptions` and `rules` are
 * for Apollo Server, which parses and validates itself: with the same limits, into the same `documents`.
 */
export function createExecutor({ schema, config }: { schema: GraphQLSchema; config: Config }) {
  const rules = limitRules(config);
  const options = parseOptions(config);
  const hideSuggestions = !config.INTROSPECTION;
  const documents = createDocuments();
  const compiler = createCompiler(schema);
  const refuseDear = createCostCheck(schema, config.MAX_COST);

  /** A document that may be executed, or why not. Never throws. */
  function parseAndValidate(source: string, told: ErrorContext): Parsed {
    const known = documents.find(source);
    if (known) return { document: known };
    const parsed = read(source);
    if ('errors' in parsed) return { errors: parsed.errors.map((error) => format(error, told)) };
    documents.set(sha256Of(source), parsed.document);
    return parsed;
  }

  function read(source: string): Parsed {
    try {
      const document = parse(source, options);
      const errors = validate(schema, document, [...specifiedRules, ...rules], { hideSuggestions });
      return errors.length === 0 ? { document } : { errors: errors.map(codeOfValidation) };
    } catch (error) {
      return {
        errors: [error instanceof GraphQLError ? withCode(error, 'GRAPHQL_PARSE_FAILED') : asGraphQLError(error)],
      };
    }
  }

  /** Runs a query or a mutation. Never rejects: what failed is in `errors`; without `data` nothing was executed. */
  async function execute(operation: Operation & { context: unknown }): Promise<ExecutionResult> {
    const checked = check(operation);
    if ('errors' in checked) return checked;
    const { context, variables } = operation;
    const company = (context as { sharedExecution?: SharedExecution } | null)?.sharedExecution;
    const asked = { operation: checked.operation, variables };
    return shareExecution(company, asked, () => run(operation, checked, context));
  }

  /**
   * Starts a subscription: its events, to be answered one by one, or an answer with `errors` when it cannot start.
   * `context` is the source's; what the source throws is to be told as `explain` makes it.
   */
  async function subscribe(operation: Operation & { context: unknown }): Promise<OpenSubscription | ExecutionResult> {
    const prepared = check(operation);
    if ('errors' in prepared) return prepared;
    const stream = await openSource(operation);
    if (!(Symbol.asyncIterator in stream)) return formatted(stream, operation);
    return { source: stream[Symbol.asyncIterator](), prepared };
  }

  /**
   * The result for one event as all are told it who asked the same. Null when it has errors: each is told of them with its
   * own request id, by `answer`, which takes the event in a context of its own (loaders remember for one event only).
   */
  async function answerAll(
    operation: Operation,
    prepared: PreparedOperation,
    context: unknown,
    event: unknown,
  ): Promise<ExecutionResult | null> {
    try {
      const result = await resolve(operation, prepared, context, event);
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

  /** Everything that is decided before the first resolver runs. */
  function check({
    document,
    operationName,
    variables,
    ...told
  }: Operation): { errors: readonly GraphQLError[] } | PreparedOperation {
    const operation = getOperationAST(document, operationName);
    if (!operation) return { errors: [format(noOperation(operationName), told)] };
    const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {}, { maxErrors: 20 });
    if (coerced.errors)
      return { errors: coerced.errors.map((error) => format(withCode(error, 'BAD_USER_INPUT'), told)) };
    const tooDear = refuseDear(document, operation, coerced.coerced);
    return tooDear ? { errors: [format(tooDear, told)] } : { document, operation, variables: coerced.coerced };
  }

  /** A result, with its errors as the operation's client is told them. Never rejects. */
  async function run(
    operation: Operation,
    prepared: PreparedOperation,
    context: unknown,
    rootValue?: unknown,
  ): Promise<ExecutionResult> {
    try {
      return formatted(await resolve(operation, prepared, context, rootValue), operation);
    } catch (error) {
      return { errors: [format(error, operation)] };
    }
  }

  /** The only place where fields are resolved: compiled where that is possible and worth it, else by graphql-js. */
  async function resolve(operation: Operation, prepared: PreparedOperation, context: unknown, rootValue: unknown) {
    const result = await compiler.find(prepared)?.(rootValue, context, operation.variables);
    // Without data nothing was executed: graphql-jit refuses variables that graphql-js took.
    if (result && 'data' in result) return result;
    return await executeGraphQL({ ...argsOf(operation), contextValue: context, rootValue });
  }

  const argsOf = ({ document, operationName, variables }: Operation) => ({
    schema,
    document,
    operationName: operationName ?? null,
    variableValues: variables ?? null,
  });

  const format = (error: unknown, { requestId, log }: ErrorContext) =>
    formatError(error, { requestId, log, hideSuggestions });

  function formatted(result: ExecutionResult, told: ErrorContext): ExecutionResult {
    return result.errors ? { ...result, errors: result.errors.map((error) => format(error, told)) } : result;
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
    answer: run,
    answerAll,
    explain: format,
    scopeOf: createEventSharing(schema),
  };
}

/** The operation of a document that a client means; null when it has none of that name, or several and no name was given. */
export function operationOf(document: DocumentNode, operationName?: string | null): OperationDefinitionNode | null {
  return getOperationAST(document, operationName) ?? null;
}

function createDocuments(): Documents {
  const documents = new LRUCache<string, DocumentNode>({
    ...DOCUMENTS,
    sizeCalculation: (document) => document.loc?.source.body.length || 1,
  });
  return {
    get: (sha256) => documents.get(sha256),
    set: (sha256, document) => void documents.set(sha256, document),
    find: (source) => documents.get(sha256Of(source)),
  };
}

const sha256Of = (source: string) => hash('sha256', source, 'hex');

/** A limit keeps its own code; everything else that validation finds is GRAPHQL_VALIDATION_FAILED. */
function codeOfValidation(error: GraphQLError): GraphQLError {
  return error.extensions.code ? error : withCode(error, 'GRAPHQL_VALIDATION_FAILED');
}

function noOperation(operationName: string | null | undefined): GraphQLError {
  const message = operationName
    ? `The document has no operation named ${JSON.stringify(operationName.slice(0, 100))}`
    : 'The document has several operations, or none: say which by `operationName`';
  return new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } });
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(`thrown: ${typeof error}`);
  return new GraphQLError(originalError.message, { originalError });
}
