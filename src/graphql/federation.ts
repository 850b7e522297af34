/** The gateway as a subgraph of Apollo Federation 2: other subgraphs refer to its nodes by id. Loaded with FEDERATION=true only. */
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  parse,
  print,
  type ScalarTypeDefinitionNode,
} from 'graphql';
import { GatewayError } from '../errors.ts';
import { nodeId, uuid } from './arguments.ts';
import { asError } from './by-id.ts';
import type { GatewayContext } from './context.ts';
import { resolvers } from './resolvers/index.ts';
import { readTypeDefs } from './schema.ts';

const LINK = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@inaccessible"])`;
/**
 * Value types that other subgraphs define too, with the fields that all of them have. A further field could not be read
 * from an object of another subgraph: it is not part of the supergraph.
 */
const SHAREABLE: Readonly<Record<string, readonly string[]>> = {
  PageInfo: ['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'],
};
/** Root fields that every subgraph would have: in a supergraph they have one owner, which is not the gateway. */
const OWN_ROOT_FIELDS = ['node', 'nodes'];
/** Maximum number of representations in one `_entities`. */
const MAX_REPRESENTATIONS = 1000;

type Entity = { readonly __typename: string };

/** How an entity is found by its id; null where the caller's project has none. */
const ENTITIES: Readonly<Record<string, (id: string, context: GatewayContext) => Promise<object | null>>> = {
  Server: (id, { loaders }) => loaders.server.load(uuid('id', id)),
  Share: (id, { loaders }) => loaders.share.load(uuid('id', id)),
  ShareAttachment: (id, { loaders }) => loaders.node.load(nodeId('id', id)),
  ShareSnapshot: (id, { loaders }) => loaders.node.load(nodeId('id', id)),
};

/**
 * Creates the schema with `_service` and `_entities`. Every type that implements `Node` is an entity with the key `id`.
 * Without `showsSdl` `_service.sdl` is FORBIDDEN. Throws when the schema is not a valid subgraph.
 */
export function createSubgraphSchema({ showsSdl }: { showsSdl: boolean }): GraphQLSchema {
  const sdl = subgraphSdl();
  return buildSubgraphSchema({
    typeDefs: withDirectives(parse(readTypeDefs().join('\n'))),
    resolvers: {
      ...resolvers,
      Query: {
        ...resolvers.Query,
        _entities: findEntities,
        _service: () => ({ sdl: () => sdlOrError(sdl, showsSdl) }),
      },
      _Entity: { __resolveType: ({ __typename }: Entity) => __typename },
    } as never,
  });
}

/** The document that a router composes: the schema with its keys, without the root fields of the gateway's own. */
export function subgraphSdl(): string {
  const document = withDirectives(parse(readTypeDefs().join('\n')));
  return print({ ...document, definitions: document.definitions.flatMap(withoutOwnFields) });
}

/** Adds the directives to the definitions themselves: `@shareable` on an extension would be about its own fields only. */
function withDirectives(document: DocumentNode): DocumentNode {
  const definitions = document.definitions.map((one) =>
    one.kind === Kind.OBJECT_TYPE_DEFINITION ? withDirectivesOf(one) : one,
  );
  return { ...document, definitions: [...definitions, ...parse(LINK).definitions] };
}

function withDirectivesOf(type: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode {
  const common = SHAREABLE[type.name.value];
  if (common) {
    const fields = type.fields?.map((field) =>
      common.includes(field.name.value) ? field : { ...field, directives: parseDirective('@inaccessible') },
    );
    return { ...type, directives: parseDirective('@shareable'), ...(fields && { fields }) };
  }
  const isNode = type.interfaces?.some(({ name }) => name.value === 'Node');
  return isNode ? { ...type, directives: parseDirective('@key(fields: "id")') } : type;
}

function parseDirective(text: string): readonly ConstDirectiveNode[] {
  const [definition] = parse(`scalar Any ${text}`).definitions as [ScalarTypeDefinitionNode];
  return definition.directives ?? [];
}

function withoutOwnFields(definition: DefinitionNode): DefinitionNode[] {
  if (!isQuery(definition)) return [definition];
  const fields = definition.fields?.filter(({ name }) => !OWN_ROOT_FIELDS.includes(name.value)) ?? [];
  return fields.length === 0 ? [] : [{ ...definition, fields }];
}

function isQuery(definition: DefinitionNode): definition is ObjectTypeDefinitionNode | ObjectTypeExtensionNode {
  const { kind } = definition;
  const isObject = kind === Kind.OBJECT_TYPE_DEFINITION || kind === Kind.OBJECT_TYPE_EXTENSION;
  return isObject && definition.name.value === 'Query';
}

function sdlOrError(sdl: string, showsSdl: boolean): string {
  if (showsSdl) return sdl;
  throw new GatewayError('FORBIDDEN', '_service.sdl is not served with INTROSPECTION=false');
}

/** The entities in the order of their references; an Error among them is the error of that item. */
async function findEntities(
  _root: unknown,
  { representations }: { representations: readonly unknown[] },
  context: GatewayContext,
): Promise<(Entity | Error | null)[]> {
  const { length } = representations;
  if (length > MAX_REPRESENTATIONS) {
    const expected = `representations: expected at most ${MAX_REPRESENTATIONS}, got ${length}`;
    throw new GatewayError('BAD_USER_INPUT', expected);
  }
  return await Promise.all(representations.map((one) => findEntity(one, context).catch(asError)));
}

async function findEntity(representation: unknown, context: GatewayContext): Promise<Entity | null> {
  const { __typename, id } = (representation ?? {}) as Record<string, unknown>;
  const find = typeof __typename === 'string' && Object.hasOwn(ENTITIES, __typename) ? ENTITIES[__typename] : undefined;
  if (!find || typeof id !== 'string') {
    const names = Object.keys(ENTITIES).join(', ');
    throw new GatewayError('BAD_USER_INPUT', `representations: expected a __typename of ${names} and an id`);
  }
  const found = (await find(id, context)) as Partial<Entity> | null;
  if (!found || (found.__typename !== undefined && found.__typename !== __typename)) return null;
  return { ...found, __typename: String(__typename) };
}
