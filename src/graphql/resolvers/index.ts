import type { Resolvers } from '../generated.ts';
import { Mutation, ShareAttachment, ShareAttachmentEvent, Subscription } from './attachment.ts';
import { Query } from './query.ts';
import { DateTime, StringMap } from './scalars.ts';
import { Server, ServerFault, ServerFlavor } from './server.ts';
import { AccessRule, ExportLocation, Share } from './share.ts';
import { Viewer } from './viewer.ts';

/** Types that our own code makes in the very shape of the schema: graphql's default resolver reads them. */
type SchemaShaped =
  | `${'Attach' | 'Detach'}SharePayload`
  | `${'Server' | 'Share' | 'ShareAttachment'}${'Connection' | 'Edge'}`
  | 'AttachmentFault'
  | 'PageInfo'
  | 'Project'
  | 'ServerAddress'
  | 'ShareType'
  | 'User';

/** Every other type of the schema, each with every field: the compiler asks for what is missing. */
export const resolvers: Omit<Resolvers, SchemaShaped> = {
  Query,
  Mutation,
  Subscription,
  Viewer,
  Server,
  ServerFlavor,
  ServerFault,
  Share,
  AccessRule,
  ExportLocation,
  ShareAttachment,
  ShareAttachmentEvent,
  DateTime,
  StringMap,
};
