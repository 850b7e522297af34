/**
 * Limits on what an execution produces, checked while it runs: the cost of a document is an estimate, because the length
 * of most lists is only known when they have been read.
 */
import { MapperKind, mapSchema } from '@graphql-tools/utils';
import {
  defaultFieldResolver,
  type GraphQLFieldConfig,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isNonNullType,
} from 'graphql';
import type { Config } from '../../config.ts';
import { GatewayError } from '../../errors.ts';

/** Number of objects that an execution may complete per tick of the event loop, after which other work runs. */
const OBJECTS_PER_TICK = 500;

export type ResultLimits = Pick<Config, 'MAX_RESULT_OBJECTS' | 'MAX_RESULT_BYTES' | 'REQUEST_TIMEOUT_MS'>;

/** One execution of an operation: what its resolvers receive as context from a limited schema. */
export interface LimitedExecution {
  /** The context of the resolvers. */
  readonly context: unknown;
  /** Rejects with a GatewayError when the execution exceeds a limit or its deadline. */
  readonly stopped: Promise<never>;
  /** After it is stopped every field of the execution waits for this promise, which never settles. */
  readonly never: Promise<never> | null;
  countLeaf(name: string, value: unknown): void;
  countObjects(count: number): void;
  /** Null when a field may complete its objects in this tick of the event loop, else a promise to wait for. */
  waitForTick(objects: number): Promise<void> | null;
}

/** Starts the counters and the deadline of one execution. */
export function startExecution(limits: ResultLimits, context: unknown): LimitedExecution {
  const { MAX_RESULT_OBJECTS, MAX_RESULT_BYTES, REQUEST_TIMEOUT_MS } = limits;
  const endsAt = performance.now() + REQUEST_TIMEOUT_MS;
  let reject: (error: GatewayError) => void = () => {};
  const stopped = new Promise<never>((_resolve, rejectStopped) => {
    reject = rejectStopped;
  });
  // The caller races it with the execution, which may end first.
  stopped.catch(() => {});
  let never: Promise<never> | null = null;
  let objects = 0;
  let bytes = 0;
  let objectsInTick = 0;
  const queue = createTickQueue(() => {
    objectsInTick = 0;
    if (performance.now() > endsAt) stop(deadlineError(REQUEST_TIMEOUT_MS));
  });

  function stop(error: GatewayError): void {
    never ??= new Promise<never>(() => {});
    reject(error);
  }

  return {
    context,
    stopped,
    get never() {
      return never;
    },
    countLeaf(name, value) {
      bytes += name.length + 4 + sizeOf(value);
      if (bytes > MAX_RESULT_BYTES) stop(resultLimitError(MAX_RESULT_BYTES, 'bytes'));
    },
    countObjects(count) {
      objects += count;
      if (objects > MAX_RESULT_OBJECTS) stop(resultLimitError(MAX_RESULT_OBJECTS, 'objects'));
    },
    waitForTick(count) {
      const admit = () => {
        if (objectsInTick >= OBJECTS_PER_TICK) return false;
        objectsInTick += count;
        return true;
      };
      return queue.isEmpty() && admit() ? null : queue.wait(admit);
    },
  };
}

/**
 * Copies a schema so that its resolvers count what they return, for execution with a LimitedExecution as context. The
 * original resolvers receive the execution's context. Fields of nullable objects also wait for their tick: a promise in the
 * place of a non-null object could reject unobserved, since graphql-js does not wait for the siblings of a failed list
 * item.
 */
export function withResultLimits(schema: GraphQLSchema): GraphQLSchema {
  return mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (field, name) => ({ ...field, resolve: countingResolver(field, name) }),
  });
}

/** Fields that wait for their tick, in order. `onTick` is called at the start of each tick while any field waits. */
function createTickQueue(onTick: () => void) {
  let waiting: { admit: () => boolean; resolve: () => void }[] = [];
  let head = 0;

  function tick(): void {
    onTick();
    while (waiting[head]?.admit()) waiting[head++]?.resolve();
    if (head < waiting.length) {
      setImmediate(tick);
      return;
    }
    waiting = [];
    head = 0;
  }

  return {
    isEmpty: () => waiting.length === 0,
    wait: (admit: () => boolean) =>
      new Promise<void>((resolve) => {
        if (waiting.length === 0) setImmediate(tick);
        waiting.push({ admit, resolve });
      }),
  };
}

type Resolver = GraphQLFieldResolver<unknown, LimitedExecution>;

function countingResolver(field: GraphQLFieldConfig<unknown, unknown>, name: string): Resolver {
  const resolve = field.resolve ?? defaultFieldResolver;
  if (isLeafType(getNamedType(field.type))) return countingLeaf(resolve, name);
  return countingObjects(resolve, !isNonNullType(field.type));
}

function countingLeaf(resolve: GraphQLFieldResolver<unknown, unknown>, name: string): Resolver {
  return (parent, args, execution, info) => {
    if (execution.never) return execution.never;
    const value = resolve(parent, args, execution.context, info);
    if (isPromise(value)) {
      return value.then((settled) => {
        execution.countLeaf(name, settled);
        return execution.never ?? settled;
      });
    }
    execution.countLeaf(name, value);
    return value;
  };
}

function countingObjects(resolve: GraphQLFieldResolver<unknown, unknown>, isNullable: boolean): Resolver {
  const counted = (execution: LimitedExecution, value: unknown) => {
    const objects = Array.isArray(value) ? value.length : Number(value !== null && value !== undefined);
    execution.countObjects(objects);
    if (execution.never) return execution.never;
    const tick = isNullable ? execution.waitForTick(objects) : null;
    return tick ? tick.then(() => execution.never ?? value) : value;
  };
  return (parent, args, execution, info) => {
    if (execution.never) return execution.never;
    const value = resolve(parent, args, execution.context, info);
    return isPromise(value) ? value.then((settled) => counted(execution, settled)) : counted(execution, value);
  };
}

/** The approximate size of a leaf's JSON in bytes. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || value instanceof Date) return 8;
  let size = 2;
  for (const [key, one] of Object.entries(value)) size += key.length + sizeOf(one);
  return size;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function resultLimitError(limit: number, unit: string): GatewayError {
  const message = `Result limit of ${limit} ${unit} exceeded: ask for fewer fields, or a smaller \`first\``;
  return new GatewayError('LIMIT_EXCEEDED', message);
}

function deadlineError(ms: number): GatewayError {
  return new GatewayError('UPSTREAM_TIMEOUT', `The operation took longer than ${ms} ms`);
}
