import type { Resolvers } from '../generated.ts';
import { AccessRule } from './access-rule.ts';
import { AttachmentOutcome, BulkMutation } from './bulk.ts';
import { ExportLocation } from './export-location.ts';
import { Mutation } from './mutation.ts';
import { Node } from './node.ts';
import { Query } from './query.ts';
import { DateTime, StringMap } from './scalars.ts';
import { Server, ServerFault, ServerFlavor } from './server.ts';
import { ServerAction } from './server-action.ts';
import { Share } from './share.ts';
import {
  AttachmentFault,
  AttachShareOption,
  ShareAttachment,
  ShareAttachmentEvent,
  VirtiofsAttachment,
} from './share-attachment.ts';
import {
  CreateSharePayload,
  DeleteSharePayload,
  ResizeSharePayload,
  ShareEvent,
  ShareFault,
  ShareOperation,
} from './share-operations.ts';
import { AvailabilityZones, Limits, ShareMessage, ShareNetwork, ShareNetworkSubnet } from './share-options.ts';
import { ShareType } from './share-type.ts';
import { ShareSnapshot } from './snapshot.ts';
import { Subscription } from './subscription.ts';
import { Viewer } from './viewer.ts';

/** Types whose parents have the shape of the schema: graphql's default resolver reads them. */
type SchemaShaped =
  | `${'Attach' | 'Detach'}Share${'' | 's'}Payload`
  | `${'Attach' | 'Detach'}Share${'' | 's'}Payload`
  | `${'Server' | 'ServerAction' | 'Share' | 'ShareAttachment' | 'ShareAttachmentHistory' | 'ShareSnapshot'}${'Connection' | 'Edge'}`
  | 'AttachProblem'
  | 'OutcomeError'
  | 'PageInfo'
  | 'Project'
  | 'ServerActionPayload'
  | 'ServerAddress'
  | 'AvailabilityZone'
  | 'UpdateSharePayload'
  | 'UpdateShareAttachmentPayload'
  | `${'Create' | 'Delete'}SnapshotPayload`
  | 'Limit'
  | 'ServerLimits'
  | 'ShareLimits'
  | 'User';

/** Every other type of the schema with every field; a missing one is a compile error. */
export const resolvers: Omit<Resolvers, SchemaShaped> = {
  Query,
  Node,
  Mutation: { ...Mutation, ...BulkMutation },
  Subscription,
  Viewer,
  Server,
  ServerFlavor,
  ServerFault,
  ServerAction,
  Share,
  AccessRule,
  ExportLocation,
  ShareType,
  ShareNetwork,
  ShareNetworkSubnet,
  ShareMessage,
  ShareSnapshot,
  ShareOperation,
  ShareFault,
  ShareEvent,
  CreateSharePayload,
  ResizeSharePayload,
  DeleteSharePayload,
  AvailabilityZones,
  Limits,
  ShareAttachment,
  ShareAttachmentEvent,
  AttachmentFault,
  AttachmentOutcome,
  AttachShareOption,
  VirtiofsAttachment,
  DateTime,
  StringMap,
};
