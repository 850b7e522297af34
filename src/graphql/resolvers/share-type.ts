import type { ShareType as ManilaShareType } from '../../openstack/manila/types.ts';
import type { GatewayContext } from '../context.ts';
import type { ShareTypeResolvers } from '../generated.ts';
import { upstreamReaders } from './upstream-value.ts';

const { text, flag, stringMap } = upstreamReaders('manila');

/** The parent of ShareType's resolvers: a type from Manila's list, or what a share says of its type. */
export interface ShareTypeView {
  id: string | null;
  name: string | null;
  /** The type from Manila's list; null when only a share was read. */
  listed: ManilaShareType | null;
}

/** A type from Manila's list. */
export function listedType(type: ManilaShareType): ShareTypeView {
  return { id: type.id, name: text(type, 'name'), listed: type };
}

/** The type of a share, of which Manila sends the id and the name. */
export function typeOfShare(id: string | null, name: string | null): ShareTypeView {
  return { id, name, listed: null };
}

/** ShareType's fields. Those that a share does not have come from Manila's list of types, which hides private types. */
export const ShareType: ShareTypeResolvers = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  description: async (type, _args, context) => text(await listed(type, context), 'description'),
  isDefault: async (type, _args, context) => flag(await listed(type, context), 'is_default'),
  isPublic: async (type, _args, context) => flag(await listed(type, context), 'share_type_access:is_public'),
  needsShareNetwork: (type, _args, context) => isSpec(type, context, 'driver_handles_share_servers'),
  snapshotSupport: (type, _args, context) => isSpec(type, context, 'snapshot_support'),
  createShareFromSnapshotSupport: (type, _args, context) => isSpec(type, context, 'create_share_from_snapshot_support'),
  extraSpecs: async (type, _args, context) => stringMap(await listed(type, context), 'extra_specs'),
};

/**
 * Whether an extra spec is true. Values are strings, as oslo's bool_from_string reads them; a type without the spec does
 * not have the ability.
 */
async function isSpec(type: ShareTypeView, context: GatewayContext, name: string): Promise<boolean | null> {
  const specs = stringMap(await listed(type, context), 'extra_specs');
  return specs && /^(<is> )?(1|t|true|on|y|yes)$/i.test((specs[name] ?? '').trim());
}

async function listed(type: ShareTypeView, { loaders }: GatewayContext): Promise<Partial<ManilaShareType>> {
  return type.listed ?? (await loaders.shareTypes()).find(({ id }) => id === type.id) ?? {};
}
